using System.Net;
using System.Net.Http.Headers;

namespace Winnow.Client;

/// <summary>A backup on its way to the server, which counts what has gone.</summary>
internal sealed class BackupContent : HttpContent
{
    private readonly Stream _backup;
    private readonly IProgress<long>? _progress;

    public BackupContent(Stream backup, IProgress<long>? progress)
    {
        (_backup, _progress) = (backup, progress);
        Headers.ContentType = new MediaTypeHeaderValue("application/x-tar");
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        BackupFile.CopyAsync(_backup, stream, _progress, cancellationToken);

    protected override bool TryComputeLength(out long length)
    {
        length = _backup.CanSeek ? _backup.Length - _backup.Position : 0;
        return _backup.CanSeek;
    }
}
