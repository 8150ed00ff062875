namespace Winnow.Inference.Images;

/// <summary>How a derivative is encoded.</summary>
public enum DerivativeFormat
{
    /// <summary>JPEG, quality 85.</summary>
    Jpeg,

    /// <summary>Lossy WebP, quality 80.</summary>
    Webp,

    /// <summary>PNG, lossless.</summary>
    Png,
}
