namespace Winnow.Inference.Images;

/// <summary>The bits of coded JPEG data (ITU-T T.81, F.2.2.5), up to the next marker.</summary>
internal ref struct JpegBits(ReadOnlySpan<byte> bytes, int position)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at = position;
    private uint _held;
    private int _count;

    /// <summary>Whether more bits were asked for than there are.</summary>
    public bool Ended { get; private set; }

    /// <summary>Where the search for the next marker goes on.</summary>
    public readonly int Position => _at;

    /// <summary>The next bits, at most 16; 0 once the data have ended.</summary>
    public int Read(int count)
    {
        while (_count < count)
        {
            if (!TryNext(out var next))
            {
                Ended = true;
                return 0;
            }
            (_held, _count) = ((_held << 8) | next, _count + 8);
        }
        _count -= count;
        return (int)((_held >> _count) & ((1u << count) - 1));
    }

    /// <summary>Passes over the rest of a byte and a restart marker; false where none stands there.</summary>
    public bool Restart()
    {
        _count = 0;
        var at = _at;
        while (at + 1 < _bytes.Length && _bytes[at] == 0xff && _bytes[at + 1] == 0xff)
            at++;
        if (at + 1 >= _bytes.Length || _bytes[at] != 0xff || _bytes[at + 1] is < 0xd0 or > 0xd7)
            return false;
        _at = at + 2;
        return true;
    }

    private bool TryNext(out byte next)
    {
        next = 0;
        if (_at >= _bytes.Length)
            return false;
        next = _bytes[_at];
        if (next != 0xff)
        {
            _at++;
            return true;
        }
        var code = _at + 1;
        while (code < _bytes.Length && _bytes[code] == 0xff)
            code++;
        // Only a zero behind it makes it data.
        if (code >= _bytes.Length || _bytes[code] != 0)
            return false;
        _at = code + 1;
        return true;
    }
}
