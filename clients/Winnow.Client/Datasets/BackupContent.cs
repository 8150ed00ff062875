using System.Net;
using System.Net.Http.Headers;

namespace Winnow.Client;

/// <summary>A backup on its way to the server, which counts what has gone.</summary>
internal sealed class BackupContent : HttpContent
{
    private readonly Stream _backup;
    private readonly IProgress<long>? _progress;
    private readonly Func<Stream, Stream> _patient;
    private readonly Action _sent;

    /// <param name="backup">The backup.</param>
    /// <param name="progress">Told of the bytes sent.</param>
    /// <param name="patient">Makes writing end that stands still.</param>
    /// <param name="sent">Called when the server has all of it.</param>
    public BackupContent(Stream backup, IProgress<long>? progress, Func<Stream, Stream> patient, Action sent)
    {
        (_backup, _progress, _patient, _sent) = (backup, progress, patient, sent);
        Headers.ContentType = new MediaTypeHeaderValue("application/x-tar");
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // Not disposed: that would close the connection under the request.
        await BackupFile.CopyAsync(_backup, _patient(stream), _progress, cancellationToken);
        _sent();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _backup.CanSeek ? _backup.Length - _backup.Position : 0;
        return _backup.CanSeek;
    }
}
