namespace Winnow.Inference.Images;

/// <summary>A Huffman table of a JPEG file (ITU-T T.81, annex C).</summary>
internal sealed class JpegHuffman
{
    private const int Longest = 16;

    private readonly int[] _last = new int[Longest + 1];
    private readonly int[] _offset = new int[Longest + 1];
    private readonly byte[] _symbols;

    private JpegHuffman(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> symbols)
    {
        _symbols = symbols.ToArray();
        for (int length = 1, code = 0, index = 0; length <= Longest; length++, code <<= 1)
        {
            // A code of this length is its first one plus its place among them.
            _offset[length] = index - code;
            code += counts[length - 1];
            index += counts[length - 1];
            _last[length] = counts[length - 1] == 0 ? -1 : code - 1;
        }
    }

    /// <summary>
    /// Reads the tables of one segment into their places: four of each class, those of alternating coefficients behind the others. False
    /// where it is not sound.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> content, JpegHuffman?[] tables)
    {
        while (content.Length > Longest)
        {
            var counts = content.Slice(1, Longest);
            var symbols = 0;
            foreach (var count in counts)
                symbols += count;
            if (content[0] >> 4 > 1 || (content[0] & 15) > 3 || symbols > 256 || content.Length < 1 + Longest + symbols)
                return false;
            tables[((content[0] >> 4) * 4) + (content[0] & 15)] = new JpegHuffman(counts, content.Slice(1 + Longest, symbols));
            content = content[(1 + Longest + symbols)..];
        }
        return true;
    }

    /// <summary>The next symbol; -1 where the bits are no code, or have ended.</summary>
    public int Decode(ref JpegBits bits)
    {
        var code = 0;
        for (var length = 1; length <= Longest && !bits.Ended; length++)
        {
            code = (code << 1) | bits.Read(1);
            if (code <= _last[length])
                return _offset[length] + code is >= 0 and var at && at < _symbols.Length ? _symbols[at] : -1;
        }
        return -1;
    }
}
