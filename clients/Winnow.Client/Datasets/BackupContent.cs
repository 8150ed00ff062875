using System.Net;
using System.Net.Http.Headers;

namespace Winnow.Client;

/// <summary>A backup on its way to the server, which counts what has gone.</summary>
internal sealed class BackupContent : HttpContent
{
    private readonly Stream _backup;
    private readonly IProgress<long>? _progress;
    private readonly Action<bool> _waiting;

    /// <param name="backup">The backup.</param>
    /// <param name="progress">Told of the bytes sent.</param>
    /// <param name="waiting">Told when a write begins to wait for the server, and when it no longer does.</param>
    public BackupContent(Stream backup, IProgress<long>? progress, Action<bool> waiting)
    {
        (_backup, _progress, _waiting) = (backup, progress, waiting);
        Headers.ContentType = new MediaTypeHeaderValue("application/x-tar");
    }

    /// <summary>Bytes that the server has taken.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether the server has all of it.</summary>
    public bool Sent { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _waiting(false);
        await BackupFile.PiecesAsync(_backup, async piece =>
        {
            // The connection's stream disregards tokens; what stands still is ended by that of the request.
            _waiting(true);
            await stream.WriteAsync(piece, cancellationToken);
            _waiting(false);
            Bytes += piece.Length;
            _progress?.Report(Bytes);
        }, cancellationToken);
        Sent = true;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _backup.CanSeek ? _backup.Length - _backup.Position : 0;
        return _backup.CanSeek;
    }
}
