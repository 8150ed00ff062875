using System.Numerics.Tensors;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Training;

namespace Winnow.Algorithms.Scoring;

/// <summary>Runs a head over rows of the projection, block by block.</summary>
public static class HeadScorer
{
    private const int Block = 256;

    /// <summary>Scores rows.</summary>
    /// <param name="head">The head; its temperature calibrates.</param>
    /// <param name="rows">[n × <see cref="SoftmaxHead.Dimensions"/>]; a row of NaN gets <see cref="ImageScore.None"/>.</param>
    /// <param name="scores">[n].</param>
    public static void Score(SoftmaxHead head, ReadOnlySpan<Half> rows, Span<ImageScore> scores)
    {
        var exponentials = new float[head.Classes];
        var target = scores;
        var at = 0;
        foreach (var block in new LogitBlocks(head, rows))
        {
            for (var i = 0; i < block.Count; i++) target[at + i] = ScoreOne(block.Logits.Slice(i * head.Classes, head.Classes), exponentials);
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

    private static ImageScore ScoreOne(ReadOnlySpan<float> logits, Span<float> exponentials)
    {
        int first = -1, second = -1;
        for (var c = 0; c < logits.Length; c++)
        {
            if (first < 0 || logits[c] > logits[first]) (second, first) = (first, c);
            else if (second < 0 || logits[c] > logits[second]) second = c;
        }
        if (float.IsNaN(logits[0])) return ImageScore.None;
        var top = logits[first];
        TensorPrimitives.Subtract(logits, top, exponentials);
        // H = ln Σ e^z' − Σ e^z' z' / Σ e^z' with z' = z − max: no logarithm per class.
        var shifted = exponentials[second];
        float sum = 0, weighted = 0;
        for (var c = 0; c < exponentials.Length; c++)
        {
            var z = exponentials[c];
            var e = MathF.Exp(z);
            sum += e;
            weighted += e * z;
        }
        var p1 = 1 / sum;
        var p2 = MathF.Exp(shifted) / sum;
        var entropy = MathF.Max(0, MathF.Log(sum) - weighted / sum);
        return new ImageScore(1 - p1, 1 - (p1 - p2), entropy, -(top + MathF.Log(sum)), (ushort)first, (ushort)second);
    }

    private ref struct LogitBlocks(SoftmaxHead head, ReadOnlySpan<Half> rows)
    {
        private readonly ReadOnlySpan<Half> _rows = rows;
        private readonly float[] _input = new float[Block * head.Dimensions];
        private readonly float[] _output = new float[Block * head.Classes];
        private readonly float[] _weights = Scaled(head.Weights, head.Temperature);
        private readonly float[] _bias = Scaled(head.Bias, head.Temperature);
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
            Gemm.MultiplyTransposed(input, _count, _weights, head.Classes, head.Dimensions, _bias, _output);
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
