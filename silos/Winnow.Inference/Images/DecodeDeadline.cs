namespace Winnow.Inference.Images;

/// <summary>
/// When a decode has to end. A native decoder cannot be interrupted, so the deadline is looked at wherever control comes back: between
/// rows, and when more file bytes are asked for.
/// </summary>
internal readonly struct DecodeDeadline(TimeProvider time, TimeSpan limit)
{
    private readonly long _started = time.GetTimestamp();

    public TimeSpan Limit => limit;

    public TimeSpan Left => limit - time.GetElapsedTime(_started);

    public bool Passed => Left <= TimeSpan.Zero;
}

/// <summary>
/// Hands a file to the decoder in the small pieces it asks for, and nothing more once the deadline has passed: the decoder then sees the
/// end of the file and returns by itself. This bounds formats that are decoded in one native call.
/// </summary>
internal sealed class DeadlineStream(ReadOnlyMemory<byte> bytes, DecodeDeadline deadline) : Stream
{
    private int _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => bytes.Length;

    public override long Position
    {
        get => _position;
        set => _position = (int)Math.Clamp(value, 0, bytes.Length);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (deadline.Passed)
            return 0;
        var count = Math.Min(buffer.Length, bytes.Length - _position);
        bytes.Span.Slice(_position, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => bytes.Length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException("The stream is read-only.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("The stream is read-only.");
}
