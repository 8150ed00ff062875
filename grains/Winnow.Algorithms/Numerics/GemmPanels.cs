using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Winnow.Algorithms.Numerics;

/// <summary>
/// The second matrix of many products, laid out for them once: panels of sixteen outputs, in each the sixteen numbers of one inner position
/// side by side. A number of the first matrix then serves sixteen outputs from one broadcast and nothing is summed across a register, which
/// makes it about three times as fast as <see cref="Gemm.MultiplyTransposed"/> where there are many outputs. Every output is summed in the
/// order of the inner positions, whatever the machine.
/// </summary>
public sealed class GemmPanels
{
    /// <summary>Outputs of a panel; with fewer than these the layout does not pay.</summary>
    public const int Width = 16;

    /// <summary>Rows that the kernel takes at a time: twelve accumulators, as many as sixteen registers leave room for.</summary>
    public const int Height = 6;

    private readonly float[] _panels;
    private readonly float[] _bias;

    /// <summary>Lays a matrix out.</summary>
    /// <param name="b">[<paramref name="outputs"/> × <paramref name="inner"/>].</param>
    /// <param name="outputs">Rows of <paramref name="b"/>.</param>
    /// <param name="inner">Length of a row.</param>
    /// <param name="bias">[<paramref name="outputs"/>], or empty for none.</param>
    /// <exception cref="ArgumentException">A span is of another length.</exception>
    public GemmPanels(ReadOnlySpan<float> b, int outputs, int inner, ReadOnlySpan<float> bias)
    {
        if (b.Length != (long)outputs * inner) throw new ArgumentException($"{b.Length} numbers are not {outputs} × {inner}.", nameof(b));
        if (bias.Length != 0 && bias.Length != outputs)
            throw new ArgumentException($"{bias.Length} biases for {outputs} outputs.", nameof(bias));
        (Outputs, Inner) = (outputs, inner);
        var panels = (outputs + Width - 1) / Width;
        _panels = new float[panels * Width * inner];
        _bias = new float[panels * Width];
        bias.CopyTo(_bias);
        for (var o = 0; o < outputs; o++)
        {
            var to = _panels.AsSpan(o / Width * Width * inner);
            var row = b.Slice(o * inner, inner);
            for (var i = 0; i < inner; i++) to[i * Width + o % Width] = row[i];
        }
    }

    /// <summary>Rows of the matrix.</summary>
    public int Outputs { get; }

    /// <summary>Length of a row.</summary>
    public int Inner { get; }

    /// <summary>c = a · bᵀ + bias.</summary>
    /// <param name="a">[<paramref name="rows"/> × <see cref="Inner"/>]. Some hundred rows at a time stay in the cache while the panels
    /// pass.</param>
    /// <param name="rows">Rows of <paramref name="a"/>.</param>
    /// <param name="c">[<paramref name="rows"/> × <see cref="Outputs"/>].</param>
    /// <exception cref="ArgumentException">A span is too short.</exception>
    public void Multiply(ReadOnlySpan<float> a, int rows, Span<float> c)
    {
        if (a.Length < (long)rows * Inner) throw new ArgumentException($"{a.Length} numbers are not {rows} × {Inner}.", nameof(a));
        if (c.Length < (long)rows * Outputs) throw new ArgumentException($"{c.Length} numbers are not {rows} × {Outputs}.", nameof(c));
        Span<float> block = stackalloc float[Height * Width];
        for (var first = 0; first < Outputs; first += Width)
        {
            var panel = _panels.AsSpan(first * Inner, Width * Inner);
            var bias = _bias.AsSpan(first, Width);
            var whole = first + Width <= Outputs;
            for (var row = 0; row < rows;)
            {
                var height = rows - row >= Height ? Height : 1;
                // What hangs over the edge of c goes by way of a block of its own.
                var to = whole ? c[(row * Outputs + first)..] : block;
                var stride = whole ? Outputs : Width;
                if (height == Height) Kernel6(a.Slice(row * Inner, Height * Inner), panel, bias, to, Inner, stride);
                else Kernel1(a.Slice(row * Inner, Inner), panel, bias, to);
                if (!whole)
                    for (var r = 0; r < height; r++) block.Slice(r * Width, Outputs - first).CopyTo(c[((row + r) * Outputs + first)..]);
                row += height;
            }
        }
    }

    private static void Kernel1(ReadOnlySpan<float> a, ReadOnlySpan<float> panel, ReadOnlySpan<float> bias, Span<float> c)
    {
        ref var p = ref MemoryMarshal.GetReference(panel);
        var low = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(bias));
        var high = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(bias), 8);
        for (var i = 0; i < a.Length; i++)
        {
            var x = Vector256.Create(a[i]);
            low = Vector256.FusedMultiplyAdd(x, Vector256.LoadUnsafe(ref p, (nuint)(i * Width)), low);
            high = Vector256.FusedMultiplyAdd(x, Vector256.LoadUnsafe(ref p, (nuint)(i * Width + 8)), high);
        }
        low.StoreUnsafe(ref MemoryMarshal.GetReference(c));
        high.StoreUnsafe(ref MemoryMarshal.GetReference(c), 8);
    }

    private static void Kernel6(ReadOnlySpan<float> a, ReadOnlySpan<float> panel, ReadOnlySpan<float> bias, Span<float> c, int inner,
        int stride)
    {
        ref var x0 = ref MemoryMarshal.GetReference(a);
        ref var x1 = ref Unsafe.Add(ref x0, inner);
        ref var x2 = ref Unsafe.Add(ref x1, inner);
        ref var x3 = ref Unsafe.Add(ref x2, inner);
        ref var x4 = ref Unsafe.Add(ref x3, inner);
        ref var x5 = ref Unsafe.Add(ref x4, inner);
        ref var p = ref MemoryMarshal.GetReference(panel);
        Vector256<float> l0, l1, l2, l3, l4, l5, h0, h1, h2, h3, h4, h5;
        l0 = l1 = l2 = l3 = l4 = l5 = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(bias));
        h0 = h1 = h2 = h3 = h4 = h5 = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(bias), 8);
        for (nint i = 0; i < inner; i++)
        {
            var low = Vector256.LoadUnsafe(ref p);
            var high = Vector256.LoadUnsafe(ref p, 8);
            p = ref Unsafe.Add(ref p, Width);
            var x = Vector256.Create(Unsafe.Add(ref x0, i));
            l0 = Vector256.FusedMultiplyAdd(x, low, l0);
            h0 = Vector256.FusedMultiplyAdd(x, high, h0);
            x = Vector256.Create(Unsafe.Add(ref x1, i));
            l1 = Vector256.FusedMultiplyAdd(x, low, l1);
            h1 = Vector256.FusedMultiplyAdd(x, high, h1);
            x = Vector256.Create(Unsafe.Add(ref x2, i));
            l2 = Vector256.FusedMultiplyAdd(x, low, l2);
            h2 = Vector256.FusedMultiplyAdd(x, high, h2);
            x = Vector256.Create(Unsafe.Add(ref x3, i));
            l3 = Vector256.FusedMultiplyAdd(x, low, l3);
            h3 = Vector256.FusedMultiplyAdd(x, high, h3);
            x = Vector256.Create(Unsafe.Add(ref x4, i));
            l4 = Vector256.FusedMultiplyAdd(x, low, l4);
            h4 = Vector256.FusedMultiplyAdd(x, high, h4);
            x = Vector256.Create(Unsafe.Add(ref x5, i));
            l5 = Vector256.FusedMultiplyAdd(x, low, l5);
            h5 = Vector256.FusedMultiplyAdd(x, high, h5);
        }
        // The last row is the one whose end is looked at: the others lie before it.
        ref var to = ref MemoryMarshal.GetReference(c[..((Height - 1) * stride + Width)]);
        Store(ref to, l0, h0);
        Store(ref Unsafe.Add(ref to, stride), l1, h1);
        Store(ref Unsafe.Add(ref to, 2 * stride), l2, h2);
        Store(ref Unsafe.Add(ref to, 3 * stride), l3, h3);
        Store(ref Unsafe.Add(ref to, 4 * stride), l4, h4);
        Store(ref Unsafe.Add(ref to, 5 * stride), l5, h5);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ref float to, Vector256<float> low, Vector256<float> high)
    {
        low.StoreUnsafe(ref to);
        high.StoreUnsafe(ref to, 8);
    }
}
