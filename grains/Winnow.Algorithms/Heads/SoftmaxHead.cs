using System.Numerics.Tensors;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Scoring;

namespace Winnow.Algorithms.Heads;

/// <summary>A linear classifier with a softmax: calibrated probabilities are softmax((W x + b) / T), and add up to 1.</summary>
/// <param name="Classes">K.</param>
/// <param name="Dimensions">Length of a row x.</param>
/// <param name="Weights">[K × dimensions].</param>
/// <param name="Bias">[K].</param>
/// <param name="Temperature">T &gt; 0; 1 before calibration.</param>
public sealed record SoftmaxHead(int Classes, int Dimensions, float[] Weights, float[] Bias, float Temperature) : IHead
{
    private const uint Magic = 0x4448_4E57; // "WNHD"
    private const int Layout = 1;
    private const string What = "head";

    /// <summary>A header, the numbers, a checksum.</summary>
    public static HeadFormat Stored { get; } = new("softmax", Layout, Magic, FromBytes);

    /// <inheritdoc/>
    public HeadFormat Format => Stored;

    /// <inheritdoc/>
    public bool TellsSets => false;

    /// <inheritdoc/>
    public float[] Cutoffs => [];

    /// <inheritdoc/>
    public bool IsFinite =>
        float.IsFinite(Temperature) && Array.TrueForAll(Weights, float.IsFinite) && Array.TrueForAll(Bias, float.IsFinite);

    /// <inheritdoc/>
    public IHead At(float temperature) => this with { Temperature = temperature };

    /// <inheritdoc/>
    public IHead Without(IReadOnlyCollection<int> classes)
    {
        if (classes.Count == 0) return this;
        var (weights, bias) = SilentClasses.Of(classes, Dimensions, Weights, Bias);
        return this with { Weights = weights, Bias = bias };
    }

    /// <inheritdoc/>
    public byte[] ToBytes() => BinaryBlob.Write(Magic, Layout, [Classes, Dimensions], [Temperature], Weights, Bias);

    /// <summary>Reads the stored form.</summary>
    /// <exception cref="InvalidDataException">The bytes are not such a head, are damaged, or of another layout.</exception>
    public static SoftmaxHead FromBytes(ReadOnlySpan<byte> bytes)
    {
        var shape = BinaryBlob.ReadIntegers(bytes, What, Magic, Layout, 2);
        var at = 16;
        var temperature = BinaryBlob.ReadFloats(bytes, What, ref at, 1)[0];
        var weights = BinaryBlob.ReadFloats(bytes, What, ref at, (long)shape[0] * shape[1]);
        return new SoftmaxHead(shape[0], shape[1], weights, BinaryBlob.ReadFloats(bytes, What, ref at, shape[0]), temperature);
    }

    /// <inheritdoc/>
    public void Score(ReadOnlySpan<Half> rows, Span<ImageScore> scores)
    {
        var at = 0;
        foreach (var block in new LogitBlocks(Linear, rows))
        {
            for (var i = 0; i < block.Count; i++) scores[at + i] = LogitScore.Of(block.Logits.Slice(i * Classes, Classes));
            at += block.Count;
        }
    }

    /// <inheritdoc/>
    public void Logits(ReadOnlySpan<Half> rows, Span<float> logits) => Linear.Of(rows, logits);

    private LinearLogits Linear => new(Classes, Dimensions, Weights, Bias, Temperature);

    /// <inheritdoc/>
    public void Probabilities(ReadOnlySpan<Half> rows, Span<float> probabilities)
    {
        Logits(rows, probabilities);
        for (var r = 0; r < rows.Length / Dimensions; r++)
        {
            var row = probabilities.Slice(r * Classes, Classes);
            TensorPrimitives.Subtract(row, TensorPrimitives.Max<float>(row), row);
            TensorPrimitives.SoftMax(row, row);
        }
    }
}
