using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Winnow.Algorithms.Numerics;

/// <summary>Dense float products on row-major spans, in registers four rows by two outputs at a time.</summary>
public static class Gemm
{
    /// <summary>c = a · bᵀ + bias.</summary>
    /// <param name="a">[<paramref name="rows"/> × <paramref name="inner"/>].</param>
    /// <param name="rows">Rows of <paramref name="a"/>.</param>
    /// <param name="b">[<paramref name="outputs"/> × <paramref name="inner"/>].</param>
    /// <param name="outputs">Rows of <paramref name="b"/>.</param>
    /// <param name="inner">Length of a row of either.</param>
    /// <param name="bias">[<paramref name="outputs"/>], or empty for none.</param>
    /// <param name="c">[<paramref name="rows"/> × <paramref name="outputs"/>].</param>
    /// <exception cref="ArgumentException">A span is too short.</exception>
    public static void MultiplyTransposed(ReadOnlySpan<float> a, int rows, ReadOnlySpan<float> b, int outputs, int inner,
        ReadOnlySpan<float> bias, Span<float> c)
    {
        if (a.Length < (long)rows * inner) throw new ArgumentException($"{a.Length} numbers are not {rows} × {inner}.", nameof(a));
        if (b.Length < (long)outputs * inner) throw new ArgumentException($"{b.Length} numbers are not {outputs} × {inner}.", nameof(b));
        if (c.Length < (long)rows * outputs) throw new ArgumentException($"{c.Length} numbers are not {rows} × {outputs}.", nameof(c));
        if (bias.Length != 0 && bias.Length != outputs)
            throw new ArgumentException($"{bias.Length} biases for {outputs} outputs.", nameof(bias));

        var row = 0;
        if (Vector256.IsHardwareAccelerated && inner >= Vector256<float>.Count)
        {
            for (; row + 4 <= rows; row += 4)
            {
                var o = 0;
                for (; o + 2 <= outputs; o += 2) Block4By2(a[(row * inner)..], b[(o * inner)..], inner, c[(row * outputs + o)..], outputs);
                for (; o < outputs; o++)
                    for (var r = row; r < row + 4; r++)
                        c[r * outputs + o] = TensorPrimitives.Dot(a.Slice(r * inner, inner), b.Slice(o * inner, inner));
            }
        }
        for (; row < rows; row++)
            for (var o = 0; o < outputs; o++)
                c[row * outputs + o] = TensorPrimitives.Dot(a.Slice(row * inner, inner), b.Slice(o * inner, inner));
        if (bias.Length == 0) return;
        for (var r = 0; r < rows; r++)
        {
            var line = c.Slice(r * outputs, outputs);
            TensorPrimitives.Add(line, bias, line);
        }
    }

    // Eight accumulators hide the latency of the fused multiply-add, and each loaded row serves two outputs.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block4By2(ReadOnlySpan<float> a, ReadOnlySpan<float> b, int inner, Span<float> c, int stride)
    {
        ref var a0 = ref MemoryMarshal.GetReference(a);
        ref var a1 = ref Unsafe.Add(ref a0, inner);
        ref var a2 = ref Unsafe.Add(ref a1, inner);
        ref var a3 = ref Unsafe.Add(ref a2, inner);
        ref var b0 = ref MemoryMarshal.GetReference(b);
        ref var b1 = ref Unsafe.Add(ref b0, inner);
        Vector256<float> s00 = default, s01 = default, s10 = default, s11 = default, s20 = default, s21 = default, s30 = default, s31 =
            default;
        nuint i = 0;
        var whole = (nuint)(inner - inner % Vector256<float>.Count);
        for (; i < whole; i += (nuint)Vector256<float>.Count)
        {
            var x = Vector256.LoadUnsafe(ref b0, i);
            var y = Vector256.LoadUnsafe(ref b1, i);
            var r = Vector256.LoadUnsafe(ref a0, i);
            s00 = Vector256.FusedMultiplyAdd(r, x, s00);
            s01 = Vector256.FusedMultiplyAdd(r, y, s01);
            r = Vector256.LoadUnsafe(ref a1, i);
            s10 = Vector256.FusedMultiplyAdd(r, x, s10);
            s11 = Vector256.FusedMultiplyAdd(r, y, s11);
            r = Vector256.LoadUnsafe(ref a2, i);
            s20 = Vector256.FusedMultiplyAdd(r, x, s20);
            s21 = Vector256.FusedMultiplyAdd(r, y, s21);
            r = Vector256.LoadUnsafe(ref a3, i);
            s30 = Vector256.FusedMultiplyAdd(r, x, s30);
            s31 = Vector256.FusedMultiplyAdd(r, y, s31);
        }
        Span<float> sums =
        [
            Vector256.Sum(s00), Vector256.Sum(s01), Vector256.Sum(s10), Vector256.Sum(s11),
            Vector256.Sum(s20), Vector256.Sum(s21), Vector256.Sum(s30), Vector256.Sum(s31),
        ];
        for (; i < (nuint)inner; i++)
        {
            var at = (int)i;
            for (var r = 0; r < 4; r++)
            {
                sums[2 * r] += a[r * inner + at] * b[at];
                sums[2 * r + 1] += a[r * inner + at] * b[inner + at];
            }
        }
        for (var r = 0; r < 4; r++)
        {
            c[r * stride] = sums[2 * r];
            c[r * stride + 1] = sums[2 * r + 1];
        }
    }

    /// <summary>Squared Euclidean distances of all rows of a to all rows of b, never below zero.</summary>
    /// <param name="a">[<paramref name="rows"/> × <paramref name="inner"/>].</param>
    /// <param name="rows">Rows of <paramref name="a"/>.</param>
    /// <param name="b">[<paramref name="others"/> × <paramref name="inner"/>].</param>
    /// <param name="others">Rows of <paramref name="b"/>.</param>
    /// <param name="inner">Length of a row.</param>
    /// <param name="distances">[<paramref name="rows"/> × <paramref name="others"/>].</param>
    public static void SquaredDistances(ReadOnlySpan<float> a, int rows, ReadOnlySpan<float> b, int others, int inner,
        Span<float> distances)
    {
        MultiplyTransposed(a, rows, b, others, inner, [], distances);
        var norms = new float[others];
        for (var o = 0; o < others; o++) norms[o] = TensorPrimitives.SumOfSquares(b.Slice(o * inner, inner));
        for (var r = 0; r < rows; r++)
        {
            var own = TensorPrimitives.SumOfSquares(a.Slice(r * inner, inner));
            var line = distances.Slice(r * others, others);
            TensorPrimitives.MultiplyAdd(line, -2f, norms, line);
            TensorPrimitives.Add(line, own, line);
            TensorPrimitives.Max(line, 0f, line);
        }
    }
}
