namespace Winnow.Inference.Images;

/// <summary>What an image may cost before it is refused.</summary>
public sealed record ImageLimits
{
    /// <summary>Encoded bytes. 1 KiB to 1 GiB. Default 64 MiB.</summary>
    public long MaxBytes { get; init; } = 64L << 20;

    /// <summary>Pixels of a frame. 1 to 1,000,000,000. Default 100 million.</summary>
    public long MaxPixels { get; init; } = 100_000_000;

    /// <summary>Frames of an animation; only the first is used. 1 to 100,000. Default 1,000.</summary>
    public int MaxFrames { get; init; } = 1_000;

    /// <summary>Time to decode one image. 10 ms to 10 min. Default 10 s.</summary>
    public TimeSpan MaxDecodeTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The first thing that is wrong, with the option's name; null when all is sound.</summary>
    public string? Check()
    {
        if (MaxBytes is < 1024 or > 1L << 30) return $"Images:MaxBytes must be 1024 to {1L << 30}, not {MaxBytes}.";
        if (MaxPixels is < 1 or > 1_000_000_000) return $"Images:MaxPixels must be 1 to 1000000000, not {MaxPixels}.";
        if (MaxFrames is < 1 or > 100_000) return $"Images:MaxFrames must be 1 to 100000, not {MaxFrames}.";
        if (MaxDecodeTime < TimeSpan.FromMilliseconds(10) || MaxDecodeTime > TimeSpan.FromMinutes(10)) return $"Images:MaxDecodeTime must be 10 ms to 10 min, not {MaxDecodeTime}.";
        return null;
    }
}

/// <summary>What the header of an encoded image says.</summary>
/// <param name="Format">Lower-case name of the encoding.</param>
/// <param name="Width">Pixels across, after the EXIF orientation.</param>
/// <param name="Height">Pixels down, after the EXIF orientation.</param>
/// <param name="Frames">1 unless animated.</param>
/// <param name="HasAlpha">Whether pixels may be transparent.</param>
public sealed record ImageFileHeader(string Format, int Width, int Height, int Frames, bool HasAlpha);

/// <summary>How a backbone wants its pixels: (value / 255 − mean) / deviation per channel, RGB.</summary>
public readonly record struct Normalisation(float MeanR, float MeanG, float MeanB, float DeviationR, float DeviationG, float DeviationB)
{
    /// <summary>The statistics of ImageNet, which most backbones were trained with.</summary>
    public static readonly Normalisation ImageNet = new(0.485f, 0.456f, 0.406f, 0.229f, 0.224f, 0.225f);
}
