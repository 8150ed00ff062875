using System.Numerics.Tensors;
using Winnow.Algorithms.Numerics;

namespace Winnow.Algorithms.Training;

/// <summary>
/// What examples are to be, and how much each weighs. Either one class each, or a distribution over the classes where nobody can be sure (a
/// soft label); or a set of classes each, any number of them, where each class is there or not whatever the others are, or more or less
/// surely so. A set without a class says as much as any other.
/// </summary>
public sealed class Targets
{
    /// <summary>By how much the probabilities of a soft label may miss 1.</summary>
    private const float Rounding = 1e-3f;

    private readonly float[]? _soft;
    private readonly float[]? _weights;
    private readonly int[] _labels;
    private readonly int[][]? _sets;

    private Targets(int classes, int[] labels, int[][]? sets, float[]? soft, float[]? weights)
    {
        if (weights is not null && weights.Length != labels.Length)
            throw new ArgumentException($"{weights.Length} weights are not one for each of {labels.Length} labels.", nameof(weights));
        foreach (var weight in weights ?? [])
            if (!(weight >= 0) || !float.IsFinite(weight))
                throw new ArgumentException($"A weight must be 0 or more, not {weight}.", nameof(weights));
        (Classes, _labels, _sets, _soft, _weights) = (classes, labels, sets, soft, weights);
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
        return new Targets(classes, labels, null, null, weights);
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
        return new Targets(classes, labels, null, probabilities, weights);
    }

    /// <summary>A set of classes for each example.</summary>
    /// <param name="sets">[n], each of classes in [0, <paramref name="classes"/>), ascending; kept, not copied.</param>
    /// <param name="classes">K.</param>
    /// <param name="weights">[n], 0 or more; null: each weighs 1.</param>
    /// <exception cref="ArgumentException">A set has a class that is out of range or stands twice, or a weight is none.</exception>
    public static Targets Sets(int[][] sets, int classes, float[]? weights = null)
    {
        for (var i = 0; i < sets.Length; i++)
        {
            var last = -1;
            foreach (var c in sets[i])
                last = c > last && c < classes ? c : throw new ArgumentException(
                    $"Set {i} has class {c}: a set names classes below {classes}, each once and in ascending order.", nameof(sets));
        }
        return new Targets(classes, LikeliestOf(sets), sets, null, weights);
    }

    /// <summary>For each example how sure it is of each class that it is there.</summary>
    /// <param name="there">[n × <paramref name="classes"/>], each in [0, 1]; rows add up to anything.</param>
    /// <param name="classes">K.</param>
    /// <param name="weights">[n], 0 or more; null: each weighs 1.</param>
    /// <exception cref="ArgumentException">A number is outside [0, 1], or a weight is none.</exception>
    public static Targets SoftSets(float[] there, int classes, float[]? weights = null)
    {
        if (classes < 1 || there.Length % classes != 0)
            throw new ArgumentException($"{there.Length} numbers are not rows of {classes}.", nameof(there));
        foreach (var sure in there)
            if (!(sure is >= 0 and <= 1)) throw new ArgumentException($"A class is there with 0 to 1, not {sure}.", nameof(there));
        var sets = new int[there.Length / classes][];
        for (var i = 0; i < sets.Length; i++)
            sets[i] = [.. Enumerable.Range(0, classes).Where(c => there[(i * classes) + c] >= 0.5f)];
        return new Targets(classes, LikeliestOf(sets), sets, there, weights);
    }

    /// <summary>The same where each example is the set of its one class, or of its distribution's; sets are themselves.</summary>
    public Targets AsSets() => AreSets ? this
        : _soft is not null ? SoftSets([.. _soft.Select(p => Math.Min(p, 1))], Classes, _weights)
        : Sets([.. _labels.Select(label => new[] { label })], Classes, _weights);

    private static int[] LikeliestOf(int[][] sets) => [.. sets.Select(s => s.Length == 0 ? -1 : s[0])];

    /// <summary>Number of examples, n.</summary>
    public int Count => _labels.Length;

    /// <summary>Classes, K.</summary>
    public int Classes { get; }

    /// <summary>Whether each example says for certain what it is.</summary>
    public bool AreHard => _soft is null;

    /// <summary>Whether each example is a set of classes.</summary>
    public bool AreSets => _sets is not null;

    /// <summary>The likeliest class of an example; of a set its first one, -1 where it has none.</summary>
    public int LabelOf(int example) => _labels[example];

    /// <summary>How much an example weighs.</summary>
    public float WeightOf(int example) => _weights is null ? 1 : _weights[example];

    /// <summary>The classes of an example that are there, or are as likely as not, ascending.</summary>
    public ReadOnlySpan<int> SetOf(int example) => _sets is null ? _labels.AsSpan(example, 1) : _sets[example];

    /// <summary>How sure it is of each example that a class is there, 0 to 1; whatever kind of targets they are.</summary>
    /// <param name="of">The class.</param>
    /// <param name="there">[n].</param>
    public void There(int of, Span<float> there)
    {
        for (var i = 0; i < Count; i++)
            there[i] = _soft is not null ? _soft[(i * Classes) + of] : SetOf(i).Contains(of) ? 1 : 0;
    }

    /// <summary>[K], the distribution of an example, or of a set how sure each class is; empty where they <see cref="AreHard"/>.</summary>
    public ReadOnlySpan<float> DistributionOf(int example) => _soft is null ? [] : _soft.AsSpan(example * Classes, Classes);

    /// <summary>Whether a class has a part in an example that weighs anything.</summary>
    public bool[] Present()
    {
        var present = new bool[Classes];
        for (var i = 0; i < Count; i++)
        {
            if (WeightOf(i) == 0) continue;
            if (AreHard)
                foreach (var c in SetOf(i)) present[c] = true;
            else
                for (var c = 0; c < Classes; c++) present[c] |= _soft![i * Classes + c] > 0;
        }
        return present;
    }

    /// <summary>
    /// The example's log-loss under softmax(z / T), in nats, not weighted; of a set the mean of its classes' under sigmoid(z / T).
    /// </summary>
    /// <param name="example">Which.</param>
    /// <param name="logits">[K], z; of sets NaN for what is not measured.</param>
    /// <param name="temperature">T.</param>
    public double LogLoss(int example, ReadOnlySpan<float> logits, double temperature)
    {
        if (AreSets) return SetLogLoss.Of(logits, SetOf(example), DistributionOf(example), temperature);
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
        return new Targets(
            Classes, [.. examples.Select(i => _labels[i])], _sets is null ? null : [.. examples.Select(i => _sets[i])], soft,
            _weights is null ? null : [.. examples.Select(i => _weights[i])]);
    }
}
