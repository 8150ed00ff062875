using System.Numerics.Tensors;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Training;

namespace Winnow.Algorithms.Scoring;

/// <summary>Runs a head over rows of the projection, block by block.</summary>
public static class HeadScorer
{
    /// <summary>Rows at a time: with their logits of a thousand classes they stay in the cache of a core, and they are whole heights of the kernel.</summary>
    private const int Block = 16 * GemmPanels.Height;

    /// <summary>Scores rows.</summary>
    /// <param name="head">The head; its temperature calibrates.</param>
    /// <param name="rows">[n × <see cref="SoftmaxHead.Dimensions"/>]; a row of NaN gets <see cref="ImageScore.None"/>.</param>
    /// <param name="scores">[n].</param>
    public static void Score(SoftmaxHead head, ReadOnlySpan<Half> rows, Span<ImageScore> scores)
    {
        var at = 0;
        foreach (var block in new LogitBlocks(head, rows))
        {
            for (var i = 0; i < block.Count; i++) scores[at + i] = LogitScore.Of(block.Logits.Slice(i * head.Classes, head.Classes));
            at += block.Count;
        }
    }

    /// <summary>Calibrated logits z / T.</summary>
    /// <param name="head">The head.</param>
    /// <param name="rows">[n × <see cref="SoftmaxHead.Dimensions"/>].</param>
    /// <param name="logits">[n × <see cref="SoftmaxHead.Classes"/>].</param>
    public static void Logits(SoftmaxHead head, ReadOnlySpan<Half> rows, Span<float> logits)
    {
        var at = 0;
        foreach (var block in new LogitBlocks(head, rows))
        {
            block.Logits.CopyTo(logits[at..]);
            at += block.Logits.Length;
        }
    }

    /// <summary>Calibrated probabilities; rows add up to 1.</summary>
    /// <param name="head">The head.</param>
    /// <param name="rows">[n × <see cref="SoftmaxHead.Dimensions"/>].</param>
    /// <param name="probabilities">[n × <see cref="SoftmaxHead.Classes"/>].</param>
    public static void Probabilities(SoftmaxHead head, ReadOnlySpan<Half> rows, Span<float> probabilities)
    {
        Logits(head, rows, probabilities);
        for (var r = 0; r < rows.Length / head.Dimensions; r++)
        {
            var row = probabilities.Slice(r * head.Classes, head.Classes);
            TensorPrimitives.Subtract(row, TensorPrimitives.Max<float>(row), row);
            TensorPrimitives.SoftMax(row, row);
        }
    }

    private ref struct LogitBlocks(SoftmaxHead head, ReadOnlySpan<Half> rows)
    {
        private readonly ReadOnlySpan<Half> _rows = rows;
        private readonly float[] _input = new float[Block * head.Dimensions];
        private readonly float[] _output = new float[Block * head.Classes];
        private readonly float[] _weights = Scaled(head.Weights, head.Temperature);
        private readonly float[] _bias = Scaled(head.Bias, head.Temperature);
        private GemmPanels? _panels;
        private int _next;
        private int _count;

        public readonly LogitBlocks GetEnumerator() => this;

        public readonly LogitBlock Current => new(_count, _output.AsSpan(0, _count * head.Classes));

        public bool MoveNext()
        {
            _count = Math.Min(Block, _rows.Length / head.Dimensions - _next);
            if (_count <= 0) return false;
            var input = _input.AsSpan(0, _count * head.Dimensions);
            TensorPrimitives.ConvertToSingle(_rows.Slice(_next * head.Dimensions, input.Length), input);
            if (head.Classes < GemmPanels.Width) Gemm.MultiplyTransposed(input, _count, _weights, head.Classes, head.Dimensions, _bias, _output);
            else (_panels ??= new GemmPanels(_weights, head.Classes, head.Dimensions, _bias)).Multiply(input, _count, _output);
            _next += _count;
            return true;
        }

        private static float[] Scaled(float[] values, float temperature)
        {
            if (temperature == 1) return values;
            var scaled = new float[values.Length];
            TensorPrimitives.Divide(values, temperature, scaled);
            return scaled;
        }
    }

    private readonly ref struct LogitBlock(int count, ReadOnlySpan<float> logits)
    {
        public int Count { get; } = count;

        public ReadOnlySpan<float> Logits { get; } = logits;
    }
}
