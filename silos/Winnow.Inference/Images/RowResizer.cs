using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Winnow.Inference.Images;

/// <summary>
/// Resizes and normalises an image that arrives row by row, straight into planar floats. It keeps as many resized rows as one output row
/// reads and no more, so memory does not grow with the height of the source. Buffers are reused from image to image; one instance serves
/// one thread.
/// </summary>
/// <remarks>Rows are resized horizontally first: enlarging a small image then costs almost nothing but the vertical pass, which runs over
/// whole vectors.</remarks>
internal sealed unsafe class RowResizer
{
    private readonly FilterTable _horizontal = new();
    private readonly FilterTable _vertical = new();
    private readonly float[] _factor = new float[3];
    private readonly float[] _addend = new float[3];
    private float[] _wide = [];
    private float[] _ring = [];
    private int _sourceWidth, _width, _height, _channels, _ringRows, _row, _next;
    private bool _transparent;

    /// <summary>Begins an image.</summary>
    /// <param name="sourceWidth">Pixels per pushed row.</param>
    /// <param name="sourceHeight">Rows that will be pushed.</param>
    /// <param name="width">Output width.</param>
    /// <param name="height">Output height.</param>
    /// <param name="grey">Rows hold one byte per pixel; otherwise four: red, green, blue, alpha.</param>
    /// <param name="transparent">Colours are premultiplied by alpha and are laid on white; otherwise alpha is ignored.</param>
    /// <param name="normalisation">Applied to every output value.</param>
    public void Begin(int sourceWidth, int sourceHeight, int width, int height, bool grey, bool transparent, in Normalisation normalisation)
    {
        _horizontal.Prepare(sourceWidth, width);
        _vertical.Prepare(sourceHeight, height);
        (_sourceWidth, _width, _height) = (sourceWidth, width, height);
        (_channels, _transparent) = (grey ? 1 : 3, transparent);
        (_row, _next) = (0, 0);
        _ringRows = _vertical.MaxCount;
        Grow(ref _wide, sourceWidth * (grey ? 1 : 4));
        Grow(ref _ring, _ringRows * _channels * width);
        for (var c = 0; c < 3; c++)
            (_factor[c], _addend[c]) = normalisation.Affine(c);
    }

    /// <summary>Adds the next source row and writes every output row that it completes.</summary>
    /// <param name="row">Pixels of one row.</param>
    /// <param name="chw">Output [3, height, width].</param>
    public void Push(ReadOnlySpan<byte> row, Span<float> chw)
    {
        var slot = _ring.AsSpan(_row % _ringRows * _channels * _width, _channels * _width);
        if (_channels == 1)
        {
            Widen(row[.._sourceWidth], _wide);
            HorizontalGrey(slot);
        }
        else
        {
            if (_transparent)
                WidenOnWhite(row[..(4 * _sourceWidth)], _wide);
            else
                Widen(row[..(4 * _sourceWidth)], _wide);
            HorizontalColour(slot);
        }
        while (_next < _height && _vertical.Start[_next] + _vertical.Count[_next] - 1 <= _row)
            Emit(_next++, chw);
        _row++;
    }

    private static void Grow(ref float[] buffer, int length)
    {
        if (buffer.Length < length)
            buffer = GC.AllocateUninitializedArray<float>(length);
    }

    private static void Widen(ReadOnlySpan<byte> source, Span<float> target)
    {
        ref var from = ref MemoryMarshal.GetReference(source);
        ref var to = ref MemoryMarshal.GetReference(target);
        var i = 0;
        for (; i <= source.Length - 16; i += 16)
        {
            var (low, high) = Vector128.Widen(Vector128.LoadUnsafe(ref from, (nuint)i));
            var (a, b) = Vector128.Widen(low);
            var (c, d) = Vector128.Widen(high);
            Vector128.ConvertToSingle(a.AsInt32()).StoreUnsafe(ref to, (nuint)i);
            Vector128.ConvertToSingle(b.AsInt32()).StoreUnsafe(ref to, (nuint)(i + 4));
            Vector128.ConvertToSingle(c.AsInt32()).StoreUnsafe(ref to, (nuint)(i + 8));
            Vector128.ConvertToSingle(d.AsInt32()).StoreUnsafe(ref to, (nuint)(i + 12));
        }
        for (; i < source.Length; i++)
            target[i] = source[i];
    }

    private static void WidenOnWhite(ReadOnlySpan<byte> source, Span<float> target)
    {
        for (var i = 0; i + 3 < source.Length; i += 4)
        {
            float white = 255 - source[i + 3];
            target[i] = source[i] + white;
            target[i + 1] = source[i + 1] + white;
            target[i + 2] = source[i + 2] + white;
            target[i + 3] = 255;
        }
    }

    private void HorizontalGrey(Span<float> slot)
    {
        fixed (float* wide = _wide, weights = _horizontal.Weights)
        {
            for (var x = 0; x < slot.Length; x++)
            {
                var p = wide + _horizontal.Start[x];
                var w = weights + (x * _horizontal.Stride);
                var count = _horizontal.Count[x];
                var k = 0;
                var sum = 0f;
                if (count >= 8)
                {
                    var lanes = Vector256<float>.Zero;
                    for (; k <= count - 8; k += 8)
                        lanes += Vector256.Load(p + k) * Vector256.Load(w + k);
                    sum = Vector256.Sum(lanes);
                }
                for (; k < count; k++)
                    sum += p[k] * w[k];
                slot[x] = sum;
            }
        }
    }

    private void HorizontalColour(Span<float> slot)
    {
        var width = _width;
        fixed (float* wide = _wide, weights = _horizontal.Weights, red = slot)
        {
            float* green = red + width, blue = green + width;
            for (var x = 0; x < width; x++)
            {
                var p = wide + (4 * _horizontal.Start[x]);
                var w = weights + (x * _horizontal.Stride);
                var count = _horizontal.Count[x];
                var sum = Vector128.Load(p) * w[0];
                for (var k = 1; k < count; k++)
                    sum = Vector128.MultiplyAddEstimate(Vector128.Load(p + (4 * k)), Vector128.Create(w[k]), sum);
                red[x] = sum[0];
                green[x] = sum[1];
                blue[x] = sum[2];
            }
        }
    }

    private void Emit(int y, Span<float> chw)
    {
        var plane = _width * _height;
        var start = _vertical.Start[y];
        var count = _vertical.Count[y];
        fixed (float* ring = _ring, output = chw, weights = &_vertical.Weights[y * _vertical.Stride])
        {
            for (var c = 0; c < _channels; c++)
            {
                var target = output + (c * plane) + (y * _width);
                var x = 0;
                for (; x <= _width - Vector256<float>.Count; x += Vector256<float>.Count)
                {
                    var sum = Vector256<float>.Zero;
                    for (var k = 0; k < count; k++)
                        sum = Vector256.MultiplyAddEstimate(Vector256.Load(At(ring, start + k, c) + x), Vector256.Create(weights[k]), sum);
                    Store(sum, target + x, c, plane);
                }
                for (; x < _width; x++)
                {
                    var sum = 0f;
                    for (var k = 0; k < count; k++)
                        sum += At(ring, start + k, c)[x] * weights[k];
                    StoreOne(sum, target + x, c, plane);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float* At(float* ring, int row, int channel) => ring + (((row % _ringRows * _channels) + channel) * _width);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Store(Vector256<float> sum, float* target, int channel, int plane)
    {
        if (_channels == 1)
        {
            for (var c = 0; c < 3; c++)
                ((sum * _factor[c]) + Vector256.Create(_addend[c])).Store(target + (c * plane));
        }
        else
        {
            ((sum * _factor[channel]) + Vector256.Create(_addend[channel])).Store(target);
        }
    }

    private void StoreOne(float sum, float* target, int channel, int plane)
    {
        if (_channels == 1)
        {
            for (var c = 0; c < 3; c++)
                target[c * plane] = (sum * _factor[c]) + _addend[c];
        }
        else
        {
            *target = (sum * _factor[channel]) + _addend[channel];
        }
    }
}
