using System.Runtime.InteropServices;

namespace Winnow.Algorithms.Scoring;

/// <summary>
/// What a head makes of one image, as it stands in a score segment: 20 bytes. Uncertainties are larger for images worth asking about.
/// </summary>
/// <param name="LeastConfidence">1 − p₁ (Lewis, Gale 1994).</param>
/// <param name="Margin">1 − (p₁ − p₂) (Scheffer et al. 2001).</param>
/// <param name="Entropy">−Σ p ln p, in nats (Shannon 1948).</param>
/// <param name="Energy">−ln Σ exp z of the calibrated logits (Liu et al. 2020): high where the model has seen nothing alike.</param>
/// <param name="Predicted">Index of the most probable class; 65,535 for an image without an embedding.</param>
/// <param name="RunnerUp">Index of the second most probable class.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct ImageScore(float LeastConfidence, float Margin, float Entropy, float Energy, ushort Predicted,
    ushort RunnerUp)
{
    /// <summary>The score of an image that has no embedding.</summary>
    public static readonly ImageScore None = new(float.NaN, float.NaN, float.NaN, float.NaN, ushort.MaxValue, ushort.MaxValue);
}
