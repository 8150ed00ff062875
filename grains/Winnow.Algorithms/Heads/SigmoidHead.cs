using System.Numerics.Tensors;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Scoring;

namespace Winnow.Algorithms.Heads;

/// <summary>
/// A linear classifier of each class for itself: calibrated probabilities are sigmoid((W x + b) / T), and add up to anything. A class is
/// there from its cutoff on, which is an uncalibrated logit, so that the temperature changes how sure the head is and never what it
/// predicts.
/// </summary>
/// <param name="Classes">K.</param>
/// <param name="Dimensions">Length of a row x.</param>
/// <param name="Weights">[K × dimensions].</param>
/// <param name="Bias">[K].</param>
/// <param name="Cutoffs">[K]; 0 is a probability of a half at any temperature.</param>
/// <param name="Temperature">T &gt; 0; 1 before calibration.</param>
public sealed record SigmoidHead(
    int Classes, int Dimensions, float[] Weights, float[] Bias, float[] Cutoffs, float Temperature) : IHead
{
    private const uint Magic = 0x5348_4E57; // "WNHS"
    private const int Layout = 1;
    private const string What = "head of sets";

    /// <summary>A header, the numbers, a checksum.</summary>
    public static HeadFormat Stored { get; } = new("sigmoid", Layout, Magic, FromBytes);

    /// <inheritdoc/>
    public HeadFormat Format => Stored;

    /// <inheritdoc/>
    public bool TellsSets => true;

    /// <summary>[K], the calibrated probability from which on a class is there: what people are told of its cutoff.</summary>
    public float[] Thresholds
    {
        get
        {
            var thresholds = new float[Classes];
            TensorPrimitives.Divide(Cutoffs, Temperature, thresholds);
            TensorPrimitives.Sigmoid<float>(thresholds, thresholds);
            return thresholds;
        }
    }

    /// <inheritdoc/>
    public bool IsFinite => float.IsFinite(Temperature) && Array.TrueForAll(Weights, float.IsFinite)
        && Array.TrueForAll(Bias, float.IsFinite) && Array.TrueForAll(Cutoffs, float.IsFinite);

    /// <inheritdoc/>
    public IHead At(float temperature) => this with { Temperature = temperature };

    /// <inheritdoc/>
    public IHead Without(IReadOnlyCollection<int> classes)
    {
        if (classes.Count == 0) return this;
        var (weights, bias) = SilentClasses.Of(classes, Dimensions, Weights, Bias);
        var cutoffs = Cutoffs.ToArray();
        foreach (var of in classes) cutoffs[of] = 0;
        return this with { Weights = weights, Bias = bias, Cutoffs = cutoffs };
    }

    /// <inheritdoc/>
    public byte[] ToBytes() => BinaryBlob.Write(Magic, Layout, [Classes, Dimensions], [Temperature], Weights, Bias, Cutoffs);

    /// <summary>Reads the stored form.</summary>
    /// <exception cref="InvalidDataException">The bytes are not such a head, are damaged, or of another layout.</exception>
    public static SigmoidHead FromBytes(ReadOnlySpan<byte> bytes)
    {
        var shape = BinaryBlob.ReadIntegers(bytes, What, Magic, Layout, 2);
        if (shape[0] < 1 || shape[1] < 1) throw new InvalidDataException($"A {What} of {shape[0]} classes × {shape[1]} dimensions.");
        var at = 16;
        var temperature = BinaryBlob.ReadFloats(bytes, What, ref at, 1)[0];
        var weights = BinaryBlob.ReadFloats(bytes, What, ref at, (long)shape[0] * shape[1]);
        var bias = BinaryBlob.ReadFloats(bytes, What, ref at, shape[0]);
        var cutoffs = BinaryBlob.ReadFloats(bytes, What, ref at, shape[0]);
        if (at != bytes.Length - sizeof(uint)) throw new InvalidDataException($"A {What} that goes on after its numbers.");
        return new SigmoidHead(shape[0], shape[1], weights, bias, cutoffs, temperature);
    }

    /// <inheritdoc/>
    public void Score(ReadOnlySpan<Half> rows, Span<ImageScore> scores)
    {
        var score = new SetScore([.. Cutoffs.Select(c => c / Temperature)], Thresholds);
        var at = 0;
        foreach (var block in new LogitBlocks(Linear, rows))
        {
            for (var i = 0; i < block.Count; i++) scores[at + i] = score.Of(block.Logits.Slice(i * Classes, Classes));
            at += block.Count;
        }
    }

    /// <inheritdoc/>
    public void Logits(ReadOnlySpan<Half> rows, Span<float> logits) => Linear.Of(rows, logits);

    /// <inheritdoc/>
    public void Probabilities(ReadOnlySpan<Half> rows, Span<float> probabilities)
    {
        Logits(rows, probabilities);
        var all = probabilities[..(rows.Length / Dimensions * Classes)];
        TensorPrimitives.Sigmoid<float>(all, all);
    }

    private LinearLogits Linear => new(Classes, Dimensions, Weights, Bias, Temperature);
}
