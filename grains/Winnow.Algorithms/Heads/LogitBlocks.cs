using System.Numerics.Tensors;
using Winnow.Algorithms.Numerics;

namespace Winnow.Algorithms.Heads;

/// <summary>What a linear head computes: (W x + b) / T.</summary>
/// <param name="Classes">K.</param>
/// <param name="Dimensions">Length of a row x.</param>
/// <param name="Weights">[K × dimensions].</param>
/// <param name="Bias">[K].</param>
/// <param name="Temperature">T.</param>
internal readonly record struct LinearLogits(int Classes, int Dimensions, float[] Weights, float[] Bias, float Temperature)
{
    /// <summary>Logits of rows, [n × K].</summary>
    public void Of(ReadOnlySpan<Half> rows, Span<float> logits)
    {
        var at = 0;
        foreach (var block in new LogitBlocks(this, rows))
        {
            block.Logits.CopyTo(logits[at..]);
            at += block.Logits.Length;
        }
    }
}

/// <summary>Logits of rows, block by block, each in the same buffer.</summary>
internal ref struct LogitBlocks(LinearLogits head, ReadOnlySpan<Half> rows)
{
    /// <summary>
    /// Rows at a time: with their logits of a thousand classes they stay in the cache of a core, and they are whole heights of the
    /// kernel.
    /// </summary>
    private const int Block = 16 * GemmPanels.Height;

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
        if (head.Classes < GemmPanels.Width)
            Gemm.MultiplyTransposed(input, _count, _weights, head.Classes, head.Dimensions, _bias, _output);
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

/// <summary>Some rows' logits, [count × classes].</summary>
internal readonly ref struct LogitBlock(int count, ReadOnlySpan<float> logits)
{
    public int Count { get; } = count;

    public ReadOnlySpan<float> Logits { get; } = logits;
}
