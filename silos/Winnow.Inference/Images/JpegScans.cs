using System.Numerics;

namespace Winnow.Inference.Images;

/// <summary>
/// Whether the coded data of a JPEG file reach to its last pixel. Needed where the end marker is missing alone: decoders fill what is not
/// there with grey, or leave it blurred, and call it decoded. Codes are read and their values dropped, so it costs less than a decode.
/// </summary>
internal sealed class JpegScans
{
    /// <summary>From so many zeros at its end on, a file was laid out before it was fetched, and they are what did not come.</summary>
    private const int LaidOut = 16;

    private readonly JpegHuffman?[] _tables = new JpegHuffman?[8];
    private readonly JpegFrame _frame;
    private readonly JpegScript _script;

    /// <summary>Which coefficients of each block are not zero; kept of progressive files alone, where later scans depend on it.</summary>
    private readonly ulong[]?[] _nonZero;
    private int _interval;
    private int _endOfBlocks;

    private JpegScans(JpegFrame frame) =>
        (_frame, _script, _nonZero) = (frame, new JpegScript(frame), new ulong[frame.Components.Length][]);

    /// <summary>Whether all pixels are there.</summary>
    public static bool AreWhole(ReadOnlySpan<byte> bytes, in DecodeDeadline deadline)
    {
        bytes = Fetched(bytes);
        JpegScans? scans = null;
        var interval = 0;
        var tables = new JpegHuffman?[8];
        var segments = new JpegSegments(bytes);
        while (segments.Next())
        {
            var marker = segments.Marker;
            var content = segments.Content;
            if (scans is null && JpegFrame.Read(marker, content) is { } frame)
                scans = new JpegScans(frame);
            else if (marker == 0xc4 && !JpegHuffman.TryRead(content, tables))
                return false;
            else if (marker == 0xdd && content.Length >= 2)
                interval = (content[0] << 8) | content[1];
            else if (marker == JpegSegments.StartOfScan)
            {
                if (scans is null || JpegScanHeader.Read(content, scans._frame) is not { } header)
                    return false;
                tables.CopyTo(scans._tables, 0);
                scans._interval = interval;
                var bits = new JpegBits(bytes, segments.Position);
                if (!scans.Walk(ref bits, header, deadline))
                    return false;
                segments.Position = bits.Position;
                if (scans._script.Whole)
                    return true;
            }
        }
        return false;
    }

    private static ReadOnlySpan<byte> Fetched(ReadOnlySpan<byte> bytes)
    {
        var data = bytes.TrimEnd((byte)0);
        if (bytes.Length - data.Length < LaidOut)
            return bytes;
        // A zero behind 0xff belongs to it.
        return data[^1] == 0xff ? bytes[..(data.Length + 1)] : data;
    }

    private bool Walk(ref JpegBits bits, JpegScanHeader scan, in DecodeDeadline deadline)
    {
        _endOfBlocks = 0;
        var alone = scan.Components.Length == 1;
        var (across, down) = alone ? _frame.Alone(_frame.Components[scan.Components[0].Component]) : (_frame.UnitsAcross, _frame.UnitsDown);
        var unit = 0;
        for (var y = 0; y < down; y++)
        {
            if (deadline.Passed)
                return false;
            for (var x = 0; x < across; x++, unit++)
            {
                if (_interval > 0 && unit > 0 && unit % _interval == 0)
                {
                    if (!bits.Restart())
                        return false;
                    _endOfBlocks = 0;
                }
                if (!Unit(ref bits, scan, x, y, alone))
                    return false;
            }
        }
        _script.Add(scan);
        return true;
    }

    private bool Unit(ref JpegBits bits, JpegScanHeader scan, int x, int y, bool alone)
    {
        foreach (var (index, dc, ac) in scan.Components)
        {
            var component = _frame.Components[index];
            var (across, down) = alone ? (1, 1) : (component.Horizontal, component.Vertical);
            for (var block = 0; block < across * down; block++)
            {
                var (column, row) = ((x * across) + (block % across), (y * down) + (block / across));
                if (!Block(ref bits, scan, _tables[dc], _tables[4 + ac], index, column, row))
                    return false;
            }
        }
        return true;
    }

    private bool Block(ref JpegBits bits, JpegScanHeader scan, JpegHuffman? dc, JpegHuffman? ac, int component, int column, int row)
    {
        if (!_frame.Progressive)
            return dc is not null && ac is not null && Difference(ref bits, dc) && Sequential(ref bits, ac);
        if (scan.First == 0)
        {
            if (scan.High == 0)
                return dc is not null && Difference(ref bits, dc);
            bits.Read(1);
            return !bits.Ended;
        }
        if (ac is null)
            return false;
        var across = _frame.UnitsAcross * _frame.Components[component].Horizontal;
        var down = _frame.UnitsDown * _frame.Components[component].Vertical;
        var masks = _nonZero[component] ??= new ulong[across * down];
        ref var mask = ref masks[(row * across) + column];
        return scan.High == 0 ? First(ref bits, ac, scan, ref mask) : Refine(ref bits, ac, scan, ref mask);
    }

    private static bool Difference(ref JpegBits bits, JpegHuffman table)
    {
        var size = table.Decode(ref bits);
        if (size is < 0 or > 16)
            return false;
        bits.Read(size);
        return !bits.Ended;
    }

    private static bool Sequential(ref JpegBits bits, JpegHuffman table)
    {
        for (var at = 1; at < 64; at++)
        {
            var symbol = table.Decode(ref bits);
            if (symbol < 0)
                return false;
            var (run, size) = (symbol >> 4, symbol & 15);
            if (size == 0 && run < 15)
                break;
            at += run;
            bits.Read(size);
        }
        return !bits.Ended;
    }

    /// <summary>The first bits of a band of coefficients (ITU-T T.81, G.1.2.2).</summary>
    private bool First(ref JpegBits bits, JpegHuffman table, JpegScanHeader scan, ref ulong mask)
    {
        if (_endOfBlocks > 0)
        {
            _endOfBlocks--;
            return true;
        }
        for (var at = scan.First; at <= scan.Last; at++)
        {
            var symbol = table.Decode(ref bits);
            if (symbol < 0)
                return false;
            var (run, size) = (symbol >> 4, symbol & 15);
            if (size == 0 && run < 15)
            {
                _endOfBlocks = (1 << run) + bits.Read(run) - 1;
                break;
            }
            at += run;
            bits.Read(size);
            if (size > 0 && at <= scan.Last)
                mask |= 1UL << at;
        }
        return !bits.Ended;
    }

    /// <summary>One more bit of a band (ITU-T T.81, G.1.2.3): each coefficient that is not zero already has a bit of its own.</summary>
    private bool Refine(ref JpegBits bits, JpegHuffman table, JpegScanHeader scan, ref ulong mask)
    {
        var at = scan.First;
        if (_endOfBlocks == 0)
        {
            for (; at <= scan.Last; at++)
            {
                var symbol = table.Decode(ref bits);
                if (symbol < 0)
                    return false;
                var (run, size) = (symbol >> 4, symbol & 15);
                if (size == 0 && run < 15)
                {
                    _endOfBlocks = (1 << run) + bits.Read(run);
                    break;
                }
                bits.Read(size == 0 ? 0 : 1);
                for (; at <= scan.Last; at++)
                {
                    if ((mask & (1UL << at)) != 0)
                        bits.Read(1);
                    else if (--run < 0)
                        break;
                }
                if (size > 0 && at <= scan.Last)
                    mask |= 1UL << at;
            }
        }
        if (_endOfBlocks > 0)
        {
            var band = (ulong.MaxValue << at) & (ulong.MaxValue >> (63 - scan.Last));
            for (var left = at <= scan.Last ? BitOperations.PopCount(mask & band) : 0; left > 0; left -= 16)
                bits.Read(Math.Min(left, 16));
            _endOfBlocks--;
        }
        return !bits.Ended;
    }
}
