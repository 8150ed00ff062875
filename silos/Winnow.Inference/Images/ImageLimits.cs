namespace Winnow.Inference.Images;

/// <summary>
/// What an image file may cost. Every limit is checked against the header before anything of the declared size is allocated.
/// </summary>
public sealed record ImageLimits
{
    /// <summary>Size of the encoded file in bytes. Default 64 MiB; 1 to <see cref="int.MaxValue"/>.</summary>
    public long MaxBytes { get; init; } = 64L << 20;

    /// <summary>
    /// Width × height of the canvas. Default 100 million; 1 to 1,000 million. A decode that cannot be done row by row holds up to 4 bytes
    /// per pixel.
    /// </summary>
    public long MaxPixels { get; init; } = 100_000_000;

    /// <summary>Frames of an animation (only the first is read). Default 1,000; 1 to 1,000,000.</summary>
    public int MaxFrames { get; init; } = 1_000;

    /// <summary>
    /// Scans of a progressive JPEG: each scan is one more pass over all pixels, and encoders write about ten. Default 100; 1 to 10,000.
    /// </summary>
    public int MaxScans { get; init; } = 100;

    /// <summary>
    /// Time for one decode. Default 10 s; more than zero, at most 1 hour. Checked between blocks of rows and of file bytes.
    /// </summary>
    public TimeSpan MaxDecodeTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Width or height in pixels. Default 30,000; 1 to 65,535.</summary>
    public int MaxSide { get; init; } = 30_000;

    /// <exception cref="ArgumentOutOfRangeException">A limit lies outside its documented range; the message names it.</exception>
    public void Validate()
    {
        Check(MaxBytes, 1, int.MaxValue, nameof(MaxBytes));
        Check(MaxPixels, 1, 1_000_000_000, nameof(MaxPixels));
        Check(MaxFrames, 1, 1_000_000, nameof(MaxFrames));
        Check(MaxScans, 1, 10_000, nameof(MaxScans));
        Check(MaxDecodeTime, TimeSpan.FromTicks(1), TimeSpan.FromHours(1), nameof(MaxDecodeTime));
        Check(MaxSide, 1, 65_535, nameof(MaxSide));
    }

    private static void Check<T>(T value, T least, T most, string name) where T : IComparable<T>
    {
        if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
            throw new ArgumentOutOfRangeException(null,
                FormattableString.Invariant($"Images:{name} must be {least} to {most}, not {value}."));
    }
}
