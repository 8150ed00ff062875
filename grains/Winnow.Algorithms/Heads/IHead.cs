using Winnow.Algorithms.Scoring;

namespace Winnow.Algorithms.Heads;

/// <summary>
/// What makes probabilities of a projected row. It never changes, and its stored form is the same for the same numbers, so that a hash
/// of it names it. Calibration changes how sure it is and never what it predicts. To add one: a class here, its
/// <see cref="HeadFormat"/> in <see cref="HeadFormats"/>, and a test class that inherits the conformance tests.
/// </summary>
public interface IHead
{
    /// <summary>How it is stored.</summary>
    HeadFormat Format { get; }

    /// <summary>Classes that it tells apart, K.</summary>
    int Classes { get; }

    /// <summary>Length of a row.</summary>
    int Dimensions { get; }

    /// <summary>
    /// Whether it tells of each class for itself that it is there. The classes of a head that does not exclude each other, and the most
    /// probable is there.
    /// </summary>
    bool TellsSets { get; }

    /// <summary>[K], the uncalibrated logit from which on a class is there; empty where classes exclude each other.</summary>
    float[] Cutoffs { get; }

    /// <summary>What logits are divided by, above 0; 1 before calibration.</summary>
    float Temperature { get; }

    /// <summary>Whether all of its numbers are some.</summary>
    bool IsFinite { get; }

    /// <summary>The same head with another temperature.</summary>
    IHead At(float temperature);

    /// <summary>
    /// The same head that never says some of its classes: each is as good as impossible, and so takes no part in what is predicted, nor in
    /// how sure that is.
    /// </summary>
    /// <param name="classes">Places of classes.</param>
    IHead Without(IReadOnlyCollection<int> classes);

    /// <summary>Calibrated logits z / T.</summary>
    /// <param name="rows">[n × <see cref="Dimensions"/>].</param>
    /// <param name="logits">[n × <see cref="Classes"/>].</param>
    void Logits(ReadOnlySpan<Half> rows, Span<float> logits);

    /// <summary>Calibrated probabilities, each in [0, 1].</summary>
    /// <param name="rows">[n × <see cref="Dimensions"/>].</param>
    /// <param name="probabilities">[n × <see cref="Classes"/>].</param>
    void Probabilities(ReadOnlySpan<Half> rows, Span<float> probabilities);

    /// <summary>What it makes of each row.</summary>
    /// <param name="rows">[n × <see cref="Dimensions"/>]; a row of NaN gets <see cref="ImageScore.None"/>.</param>
    /// <param name="scores">[n].</param>
    void Score(ReadOnlySpan<Half> rows, Span<ImageScore> scores);

    /// <summary>The stored form, as its <see cref="Format"/> reads it.</summary>
    byte[] ToBytes();
}
