namespace Winnow.Inference.Images;

/// <summary>Maps a channel value v in 0–255 to (v / 255 − mean) / std. Channels are red, green, blue.</summary>
public readonly record struct Normalisation(float MeanR, float MeanG, float MeanB, float StdR, float StdG, float StdB)
{
    /// <summary>The mean and standard deviation of ImageNet's training set, which torchvision's models expect.</summary>
    public static readonly Normalisation ImageNet = new(0.485f, 0.456f, 0.406f, 0.229f, 0.224f, 0.225f);

    /// <summary>Values from 0 to 1.</summary>
    public static readonly Normalisation UnitRange = new(0, 0, 0, 1, 1, 1);

    /// <summary>Leaves 0–255 as it is; derivatives are made with it.</summary>
    internal static readonly Normalisation Bytes = new(0, 0, 0, 1 / 255f, 1 / 255f, 1 / 255f);

    /// <summary>The factor and the addend of one channel (0 = red): v · factor + addend.</summary>
    public (float Factor, float Addend) Affine(int channel) => channel switch
    {
        0 => (1 / (255f * StdR), -MeanR / StdR),
        1 => (1 / (255f * StdG), -MeanG / StdG),
        2 => (1 / (255f * StdB), -MeanB / StdB),
        _ => throw new ArgumentOutOfRangeException(nameof(channel), channel, "A channel is 0, 1 or 2."),
    };
}
