namespace Winnow.Inference.Images;

/// <summary>Which coefficients of which components the scans of a JPEG file bring in all, by their headers alone.</summary>
internal sealed class JpegScript(JpegFrame frame)
{
    private const int Coefficients = 64;
    private const byte Missing = byte.MaxValue;

    /// <summary>The lowest bit that has come of each coefficient.</summary>
    private readonly byte[] _low = [.. Enumerable.Repeat(Missing, frame.Components.Length * Coefficients)];

    /// <summary>Whether every coefficient has come to its last bit.</summary>
    public bool Whole => Array.TrueForAll(_low, l => l == 0);

    public void Add(JpegScanHeader scan)
    {
        foreach (var (component, _, _) in scan.Components)
            _low.AsSpan((component * Coefficients) + scan.First, scan.Last - scan.First + 1).Fill((byte)scan.Low);
    }

    /// <summary>Whether the headers of all scans are there; how much of the last one is, they do not tell.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> bytes)
    {
        JpegFrame? frame = null;
        JpegScript? script = null;
        var segments = new JpegSegments(bytes);
        while (segments.Next() && segments.Marker != JpegSegments.EndOfImage)
        {
            if (frame is null && (frame = JpegFrame.Read(segments.Marker, segments.Content)) is not null)
                script = new JpegScript(frame);
            if (segments.Marker != JpegSegments.StartOfScan || script is null)
                continue;
            if (JpegScanHeader.Read(segments.Content, frame!) is { } scan)
                script.Add(scan);
        }
        return script is { Whole: true };
    }
}
