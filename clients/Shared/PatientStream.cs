namespace Winnow.Http;

/// <summary>
/// A body on its way, in or out. One that stands still for longer than somebody is patient ends with an error, however far it had come: a
/// limit for the whole would end large ones that are well, and the least rate of a web server is a mean over all that went before.
/// </summary>
/// <param name="inner">The body.</param>
/// <param name="patience">How long one read or write may take.</param>
/// <param name="time">The clock.</param>
/// <param name="problem">The error to end with, given the bytes that went before; the cause is null where nothing came or went.</param>
internal sealed class PatientStream(Stream inner, TimeSpan patience, TimeProvider time, Func<long, Exception?, Exception> problem) : Stream
{
    private Limit? _limit;
    private long _bytes;

    public override bool CanRead => inner.CanRead;
    public override bool CanWrite => inner.CanWrite;
    public override bool CanSeek => false;
    public override long Length => inner.Length;
    public override long Position { get => inner.Position; set => throw new NotSupportedException(); }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        InTimeAsync((inner, buffer), static (call, token) => call.inner.ReadAsync(call.buffer, token), static read => read,
            cancellationToken);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        await InTimeAsync((inner, buffer), static async (call, token) =>
        {
            await call.inner.WriteAsync(call.buffer, token).ConfigureAwait(false);
            return call.buffer.Length;
        }, static written => written, cancellationToken).ConfigureAwait(false);

    public override async Task FlushAsync(CancellationToken cancellationToken) =>
        await InTimeAsync(inner, static async (stream, token) =>
        {
            await stream.FlushAsync(token).ConfigureAwait(false);
            return 0;
        }, static _ => 0, cancellationToken).ConfigureAwait(false);

    private async ValueTask<T> InTimeAsync<TCall, T>(
        TCall call, Func<TCall, CancellationToken, ValueTask<T>> run, Func<T, int> count, CancellationToken cancellationToken)
    {
        var limit = _limit ??= new Limit(time);
        limit.CancelAfter(patience);
        try
        {
            T result;
            await using (cancellationToken.UnsafeRegister(static l => ((Limit)l!).GiveUp(), limit).ConfigureAwait(false))
                result = await run(call, limit.Token).ConfigureAwait(false);
            _bytes += count(result);
            if (!limit.TryReset()) _limit = null;
            return result;
        }
        catch (OperationCanceledException) when (limit.GivenUp)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw problem(_bytes, null);
        }
        catch (IOException e) when (e is not FileNotFoundException)
        {
            throw problem(_bytes, e);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Write(byte[] buffer, int offset, int count) =>
        WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>
    /// Knows whether it was the caller who gave up: what is given up for standing still may well cancel the caller's token in turn.
    /// </summary>
    private sealed class Limit(TimeProvider time) : CancellationTokenSource(Timeout.InfiniteTimeSpan, time)
    {
        public bool GivenUp { get; private set; }

        public void GiveUp()
        {
            if (IsCancellationRequested) return;
            GivenUp = true;
            Cancel();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _limit?.Dispose();
            inner.Dispose();
        }
        base.Dispose(disposing);
    }
}
