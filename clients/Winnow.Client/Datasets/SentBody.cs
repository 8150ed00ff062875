namespace Winnow.Client;

/// <summary>
/// A body on its way in that knows how it ended. What is cut off between two files of an archive looks to its reader like its end.
/// </summary>
internal sealed class SentBody(Stream inner) : Stream
{
    private const int Block = 512;

    /// <summary>Empty blocks that end an archive.</summary>
    private const int EndBlocks = 2;

    private long _zeros;

    /// <summary>Bytes that have come.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether all that was sent has come.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>The last byte that came.</summary>
    public byte Last { get; private set; }

    /// <summary>Whether it ends as archives do.</summary>
    public bool EndsAsArchive => HasEnded && Bytes % Block == 0 && _zeros >= EndBlocks * Block;

    public override bool CanRead => true;
    public override bool CanWrite => false;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => Bytes; set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        if (buffer.Length > 0) Note(buffer.Span[..read]);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = inner.Read(buffer, offset, count);
        if (count > 0) Note(buffer.AsSpan(offset, read));
        return read;
    }

    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }

    private void Note(ReadOnlySpan<byte> came)
    {
        HasEnded = came.IsEmpty;
        if (HasEnded) return;
        Bytes += came.Length;
        Last = came[^1];
        var other = came.LastIndexOfAnyExcept((byte)0);
        _zeros = other < 0 ? _zeros + came.Length : came.Length - 1 - other;
    }
}
