namespace Winnow.Adapters.Objects.S3;

/// <summary>A body as it comes: a server that falls silent ends the reading with a reason instead of for ever.</summary>
internal sealed class StallGuard(Stream body, HttpResponseMessage response, string what, TimeSpan patience, TimeProvider time) : Stream
{
    private long _read;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => response.Content.Headers.ContentLength ?? throw new NotSupportedException();
    public override long Position { get => _read; set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var limit = new CancellationTokenSource(patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            var count = await body.ReadAsync(buffer, both.Token).ConfigureAwait(false);
            _read += count;
            if (count == 0 && buffer.Length > 0 && response.Content.Headers.ContentLength is { } length && _read < length)
                throw new IOException($"{what} broke off after {_read} of {length} bytes. Read it again.");
            return count;
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new S3Exception($"{what}: nothing came for {patience.TotalSeconds:0.#} s, after {_read} bytes. Read it again.", e);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            body.Dispose();
            response.Dispose();
        }
        base.Dispose(disposing);
    }
}
