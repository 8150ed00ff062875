using System.Buffers.Binary;

namespace Winnow.Inference.Images;

/// <summary>One colour component of a JPEG frame: every h · v blocks of it belong to one unit of an interleaved scan.</summary>
internal readonly record struct JpegComponent(byte Id, int Horizontal, int Vertical);

/// <summary>
/// The frame header (ITU-T T.81, B.2.2) of a file that is coded by blocks: sizes are above zero, and there are one to four components of 1
/// to 4 by 1 to 4.
/// </summary>
internal sealed record JpegFrame(bool Progressive, int Width, int Height, JpegComponent[] Components)
{
    public int MaxHorizontal { get; } = Components.Max(c => c.Horizontal);

    public int MaxVertical { get; } = Components.Max(c => c.Vertical);

    /// <summary>Units of interleaved scans in a row.</summary>
    public int UnitsAcross => Blocks(Width, MaxHorizontal);

    /// <summary>Rows of units of interleaved scans.</summary>
    public int UnitsDown => Blocks(Height, MaxVertical);

    /// <summary>Blocks of a component in a row, and rows, of a scan that holds it alone.</summary>
    public (int Across, int Down) Alone(JpegComponent component) =>
        (Blocks(Width * component.Horizontal, MaxHorizontal), Blocks(Height * component.Vertical, MaxVertical));

    /// <summary>Reads the segment; null where it is not sound.</summary>
    public static JpegFrame? Read(byte marker, ReadOnlySpan<byte> content)
    {
        if (marker is < 0xc0 or > 0xc2 || content.Length < 6 || content[5] is < 1 or > 4 || content.Length < 6 + (3 * content[5]))
            return null;
        var components = new JpegComponent[content[5]];
        for (var i = 0; i < components.Length; i++)
        {
            var given = content[(6 + (3 * i))..];
            components[i] = new JpegComponent(given[0], given[1] >> 4, given[1] & 15);
        }
        var (height, width) = (BinaryPrimitives.ReadUInt16BigEndian(content[1..]), BinaryPrimitives.ReadUInt16BigEndian(content[3..]));
        return width > 0 && height > 0 && components.All(c => c.Horizontal is >= 1 and <= 4 && c.Vertical is >= 1 and <= 4)
            ? new JpegFrame(marker == 0xc2, width, height, components)
            : null;
    }

    private static int Blocks(int pixels, int factor) => (pixels + (8 * factor) - 1) / (8 * factor);
}

/// <summary>The header of a scan (ITU-T T.81, B.2.3): which components and coefficients it brings, and to which bit.</summary>
internal readonly record struct JpegScanHeader((int Component, int Dc, int Ac)[] Components, int First, int Last, int High, int Low)
{
    /// <summary>Reads the segment; null where it is not sound for the frame.</summary>
    public static JpegScanHeader? Read(ReadOnlySpan<byte> content, JpegFrame frame)
    {
        if (content.IsEmpty || content[0] is < 1 or > 4 || content.Length < 4 + (2 * content[0]))
            return null;
        var components = new (int Component, int Dc, int Ac)[content[0]];
        for (var i = 0; i < components.Length; i++)
        {
            var (id, tables) = (content[1 + (2 * i)], content[2 + (2 * i)]);
            components[i] = (Array.FindIndex(frame.Components, c => c.Id == id), (tables >> 4) & 3, tables & 3);
        }
        var tail = content[(1 + (2 * components.Length))..];
        var header = frame.Progressive
            ? new JpegScanHeader(components, tail[0], tail[1], tail[2] >> 4, tail[2] & 15)
            : new JpegScanHeader(components, 0, 63, 0, 0);
        var sound = components.All(c => c.Component >= 0) && header.First <= header.Last && header.Last <= 63
            && (!frame.Progressive || (header.First == 0 ? header.Last == 0 : components.Length == 1));
        return sound ? header : null;
    }
}
