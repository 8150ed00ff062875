using System.Collections.Concurrent;
using System.Numerics.Tensors;

namespace Winnow.Inference.Images;

/// <summary>
/// Resizes and normalises in one go: a triangle filter that widens when it shrinks (so fine detail is averaged, not skipped), pixel centres
/// at half coordinates. Columns first into narrow float planes, then rows by whole vectors, the normalisation folded into the row weights.
/// </summary>
public static class TensorResizer
{
    private sealed record Taps(int[] First, int[] Count, float[] Weights, int Stride);

    // Datasets have few sizes; the table is dropped when a hostile one has too many.
    private static readonly ConcurrentDictionary<(int From, int To), Taps> Cache = new();

    /// <summary>Resizes RGBA pixels to a square tensor.</summary>
    /// <param name="rgba">[<paramref name="height"/> × <paramref name="width"/> × 4].</param>
    /// <param name="width">Pixels across.</param>
    /// <param name="height">Pixels down.</param>
    /// <param name="tensor">[3 × <paramref name="side"/> × <paramref name="side"/>].</param>
    /// <param name="side">Pixels of the square.</param>
    /// <param name="normalisation">Applied to each channel.</param>
    public static void Resize(ReadOnlySpan<byte> rgba, int width, int height, Span<float> tensor, int side, in Normalisation normalisation)
    {
        var across = TapsOf(width, side);
        var down = TapsOf(height, side);
        // Only three planes of the narrow side are ever held: height × side floats each.
        var plane = height * side;
        var narrow = System.Buffers.ArrayPool<float>.Shared.Rent(3 * plane);
        try
        {
            for (var y = 0; y < height; y++) Columns(rgba.Slice(y * width * 4, width * 4), across, narrow, plane, y * side, side);
            ReadOnlySpan<float> means = [normalisation.MeanR, normalisation.MeanG, normalisation.MeanB];
            ReadOnlySpan<float> deviations = [normalisation.DeviationR, normalisation.DeviationG, normalisation.DeviationB];
            for (var c = 0; c < 3; c++)
                Rows(narrow.AsSpan(c * plane, plane), down, tensor.Slice(c * side * side, side * side), side, 1 / (255 * deviations[c]), -means[c] / deviations[c]);
        }
        finally
        {
            System.Buffers.ArrayPool<float>.Shared.Return(narrow);
        }
    }

    private static void Columns(ReadOnlySpan<byte> row, Taps taps, float[] narrow, int plane, int at, int side)
    {
        for (var x = 0; x < side; x++)
        {
            float r = 0, g = 0, b = 0;
            var from = taps.First[x] * 4;
            var weights = taps.Weights.AsSpan(x * taps.Stride, taps.Count[x]);
            for (var t = 0; t < weights.Length; t++)
            {
                var w = weights[t];
                r += w * row[from];
                g += w * row[from + 1];
                b += w * row[from + 2];
                from += 4;
            }
            narrow[at + x] = r;
            narrow[plane + at + x] = g;
            narrow[2 * plane + at + x] = b;
        }
    }

    private static void Rows(ReadOnlySpan<float> plane, Taps taps, Span<float> target, int side, float scale, float shift)
    {
        for (var y = 0; y < side; y++)
        {
            var line = target.Slice(y * side, side);
            line.Fill(shift);
            for (var t = 0; t < taps.Count[y]; t++)
                TensorPrimitives.MultiplyAdd(plane.Slice((taps.First[y] + t) * side, side), taps.Weights[y * taps.Stride + t] * scale, line, line);
        }
    }

    private static Taps TapsOf(int from, int to)
    {
        if (Cache.TryGetValue((from, to), out var known)) return known;
        if (Cache.Count > 4096) Cache.Clear();
        return Cache.GetOrAdd((from, to), static key => Make(key.From, key.To));
    }

    private static Taps Make(int from, int to)
    {
        var scale = (double)from / to;
        var support = Math.Max(1, scale);
        var stride = (int)Math.Ceiling(support) * 2 + 1;
        var taps = new Taps(new int[to], new int[to], new float[to * stride], stride);
        for (var i = 0; i < to; i++)
        {
            var centre = (i + 0.5) * scale;
            var first = Math.Max(0, (int)Math.Floor(centre - support));
            var last = Math.Min(from - 1, (int)Math.Ceiling(centre + support) - 1);
            // Weights of zero at the ends are left out; what is left adds up to 1.
            while (first < last && Weight(first) <= 0) first++;
            while (last > first && Weight(last) <= 0) last--;
            double sum = 0;
            for (var s = first; s <= last; s++) sum += Weight(s);
            taps.First[i] = first;
            taps.Count[i] = last - first + 1;
            for (var s = first; s <= last; s++) taps.Weights[i * stride + s - first] = (float)(sum > 0 ? Weight(s) / sum : 1.0 / taps.Count[i]);

            double Weight(int source) => Math.Max(0, 1 - Math.Abs(source + 0.5 - centre) / support);
        }
        return taps;
    }
}
