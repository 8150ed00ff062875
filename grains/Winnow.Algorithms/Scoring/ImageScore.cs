using System.Runtime.InteropServices;

namespace Winnow.Algorithms.Scoring;

/// <summary>
/// What a head makes of one image, as it stands in a score segment: 20 bytes. Uncertainties are larger for images worth asking about.
/// </summary>
/// <param name="LeastConfidence">
/// 1 − p₁ (Lewis, Gale 1994); of sets 1 − the probability that the whole predicted set is right, its classes taken as independent, as
/// whoever confirms a set vouches for all of it.
/// </param>
/// <param name="Margin">
/// 1 − (p₁ − p₂) (Scheffer et al. 2001); of sets 1 − how far the class nearest to its threshold lies from it, as a share of the way to
/// certainty on that side (Brinker 2006): the one decision that an answer is most likely to turn. Of two classes that exclude each
/// other, or one that is there or not, both are the same number. Margin and herding work by it alone.
/// </param>
/// <param name="Entropy">
/// −Σ p ln p, in nats (Shannon 1948); of sets the mean over the classes of each one's own, so that it stays within ln 2 whatever their
/// number.
/// </param>
/// <param name="Energy">
/// −ln Σ exp z of the calibrated logits (Liu et al. 2020), of sets −Σ ln(1 + exp z) (Wang et al. 2021): high where the model has seen
/// nothing alike.
/// </param>
/// <param name="Predicted">
/// Index of the most probable class, of sets be it there or not; 65,535 for an image without an embedding.
/// </param>
/// <param name="RunnerUp">Index of the second most probable class; where there is one class alone, that.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct ImageScore(float LeastConfidence, float Margin, float Entropy, float Energy, ushort Predicted,
    ushort RunnerUp)
{
    /// <summary>The score of an image that has no embedding.</summary>
    public static readonly ImageScore None = new(float.NaN, float.NaN, float.NaN, float.NaN, ushort.MaxValue, ushort.MaxValue);
}
