namespace Winnow.Inference.Images;

/// <summary>What an image file may cost. Every limit is checked against the header before anything of the declared size is allocated.</summary>
public sealed record ImageLimits
{
    /// <summary>Size of the encoded file in bytes. Default 64 MiB; 1 to <see cref="int.MaxValue"/>.</summary>
    public long MaxBytes { get; init; } = 64L << 20;

    /// <summary>Width × height of the canvas. Default 100 million; 1 to 1,000 million. A decode that cannot be done row by row holds up to 4 bytes per pixel.</summary>
    public long MaxPixels { get; init; } = 100_000_000;

    /// <summary>Frames of an animation (only the first is read). Default 1,000; 1 to 1,000,000.</summary>
    public int MaxFrames { get; init; } = 1_000;

    /// <summary>Scans of a progressive JPEG: each scan is one more pass over all pixels, and encoders write about ten. Default 100; 1 to 10,000.</summary>
    public int MaxScans { get; init; } = 100;

    /// <summary>Time for one decode. Default 10 s; more than zero, at most 1 hour. Checked between blocks of rows and of file bytes.</summary>
    public TimeSpan MaxDecodeTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Width or height in pixels. Default 30,000; 1 to 65,535.</summary>
    public int MaxSide { get; init; } = 30_000;

    /// <exception cref="ArgumentOutOfRangeException">A limit lies outside its documented range; the message names it.</exception>
    public void Validate()
    {
        Check(MaxBytes is >= 1 and <= int.MaxValue, nameof(MaxBytes), MaxBytes);
        Check(MaxPixels is >= 1 and <= 1_000_000_000, nameof(MaxPixels), MaxPixels);
        Check(MaxFrames is >= 1 and <= 1_000_000, nameof(MaxFrames), MaxFrames);
        Check(MaxScans is >= 1 and <= 10_000, nameof(MaxScans), MaxScans);
        Check(MaxDecodeTime > TimeSpan.Zero && MaxDecodeTime <= TimeSpan.FromHours(1), nameof(MaxDecodeTime), MaxDecodeTime);
        Check(MaxSide is >= 1 and <= 65_535, nameof(MaxSide), MaxSide);
    }

    private static void Check(bool holds, string name, object value)
    {
        if (!holds)
            throw new ArgumentOutOfRangeException(name, value, $"ImageLimits.{name} is out of its documented range.");
    }
}
