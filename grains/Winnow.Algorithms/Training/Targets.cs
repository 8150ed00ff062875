using System.Numerics.Tensors;
using Winnow.Algorithms.Numerics;

namespace Winnow.Algorithms.Training;

/// <summary>
/// What examples are to be: one class each, or a distribution over the classes where nobody can be sure (a soft label), and how much each
/// weighs. A label is the likeliest class either way.
/// </summary>
public sealed class Targets
{
    /// <summary>By how much the probabilities of a soft label may miss 1.</summary>
    private const float Rounding = 1e-3f;

    private readonly float[]? _soft;
    private readonly float[]? _weights;
    private readonly int[] _labels;

    private Targets(int classes, int[] labels, float[]? soft, float[]? weights)
    {
        if (weights is not null && weights.Length != labels.Length)
            throw new ArgumentException($"{weights.Length} weights are not one for each of {labels.Length} labels.", nameof(weights));
        foreach (var weight in weights ?? [])
            if (!(weight >= 0) || !float.IsFinite(weight))
                throw new ArgumentException($"A weight must be 0 or more, not {weight}.", nameof(weights));
        (Classes, _labels, _soft, _weights) = (classes, labels, soft, weights);
    }

    /// <summary>One class for each example.</summary>
    /// <param name="labels">[n], each in [0, <paramref name="classes"/>).</param>
    /// <param name="classes">K.</param>
    /// <param name="weights">[n], 0 or more; null: each weighs 1.</param>
    /// <exception cref="ArgumentException">A label is out of range, or a weight is none.</exception>
    public static Targets Of(int[] labels, int classes, float[]? weights = null)
    {
        foreach (var label in labels)
            if ((uint)label >= (uint)classes)
                throw new ArgumentException($"Label {label} is outside the {classes} classes.", nameof(labels));
        return new Targets(classes, labels, null, weights);
    }

    /// <summary>A distribution for each example.</summary>
    /// <param name="probabilities">[n × <paramref name="classes"/>], each 0 or more; rows add up to 1.</param>
    /// <param name="classes">K.</param>
    /// <param name="weights">[n], 0 or more; null: each weighs 1.</param>
    /// <exception cref="ArgumentException">A row is no distribution, or a weight is none.</exception>
    public static Targets Soft(float[] probabilities, int classes, float[]? weights = null)
    {
        if (classes < 1 || probabilities.Length % classes != 0)
            throw new ArgumentException($"{probabilities.Length} numbers are not rows of {classes}.", nameof(probabilities));
        var labels = new int[probabilities.Length / classes];
        for (var i = 0; i < labels.Length; i++)
        {
            var row = probabilities.AsSpan(i * classes, classes);
            if (!(TensorPrimitives.Min<float>(row) >= 0) || !(MathF.Abs(TensorPrimitives.Sum<float>(row) - 1) <= Rounding))
                throw new ArgumentException($"Soft label {i} is no distribution: its parts must be 0 or more, and add up to 1.",
                    nameof(probabilities));
            labels[i] = Extremes.IndexOfMax(row);
        }
        return new Targets(classes, labels, probabilities, weights);
    }

    /// <summary>Number of examples, n.</summary>
    public int Count => _labels.Length;

    /// <summary>Classes, K.</summary>
    public int Classes { get; }

    /// <summary>Whether each example is of one class.</summary>
    public bool AreHard => _soft is null;

    /// <summary>The likeliest class of an example.</summary>
    public int LabelOf(int example) => _labels[example];

    /// <summary>How much an example weighs.</summary>
    public float WeightOf(int example) => _weights is null ? 1 : _weights[example];

    /// <summary>[K], the distribution of an example; empty where they <see cref="AreHard"/>.</summary>
    public ReadOnlySpan<float> DistributionOf(int example) => _soft is null ? [] : _soft.AsSpan(example * Classes, Classes);

    /// <summary>Whether a class has a part in an example that weighs anything.</summary>
    public bool[] Present()
    {
        var present = new bool[Classes];
        for (var i = 0; i < Count; i++)
        {
            if (WeightOf(i) == 0) continue;
            if (AreHard) present[_labels[i]] = true;
            else
                for (var c = 0; c < Classes; c++) present[c] |= _soft![i * Classes + c] > 0;
        }
        return present;
    }

    /// <summary>The example's log-loss under softmax(z / T), in nats, not weighted.</summary>
    /// <param name="example">Which.</param>
    /// <param name="logits">[K], z.</param>
    /// <param name="temperature">T.</param>
    public double LogLoss(int example, ReadOnlySpan<float> logits, double temperature)
    {
        if (AreHard) return TemperatureScaling.LogLoss(logits, _labels[example], temperature);
        double loss = 0;
        var parts = DistributionOf(example);
        for (var c = 0; c < parts.Length; c++)
            if (parts[c] > 0) loss += parts[c] * TemperatureScaling.LogLoss(logits, c, temperature);
        return loss;
    }

    /// <summary>Some of them, in the order asked.</summary>
    public Targets Only(IReadOnlyList<int> examples)
    {
        float[]? soft = null;
        if (_soft is not null)
        {
            soft = new float[examples.Count * Classes];
            for (var i = 0; i < examples.Count; i++) DistributionOf(examples[i]).CopyTo(soft.AsSpan(i * Classes));
        }
        return new Targets(Classes, [.. examples.Select(i => _labels[i])], soft,
            _weights is null ? null : [.. examples.Select(i => _weights[i])]);
    }
}
