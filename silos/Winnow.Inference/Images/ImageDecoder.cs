using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using SkiaSharp;

namespace Winnow.Inference.Images;

/// <summary>
/// Turns encoded images into tensors. Bytes come from strangers: everything is refused that the header already rules out, before anything of
/// the declared size is allocated, and every refusal carries a sentence that says why. Safe to use from many threads.
/// </summary>
public sealed class ImageDecoder(ImageLimits limits)
{
    /// <summary>Images of more pixels are decoded one at a time, off the caller's thread and under the clock: their buffers are what bounds memory.</summary>
    private const long LargePixels = 16_000_000;

    private static readonly SemaphoreSlim LargeTurn = new(1, 1);

    /// <summary>The limits in force.</summary>
    public ImageLimits Limits => limits;

    /// <summary>Reads what the header says, without decoding pixels.</summary>
    public bool TryReadHeader(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out ImageFileHeader? header, [NotNullWhen(false)] out string? reason)
    {
        header = null;
        using var pin = bytes.Pin();
        using var codec = Open(bytes, pin, out reason);
        if (codec is null) return false;
        reason = null;
        header = HeaderOf(codec);
        return true;
    }

    /// <summary>Decodes, resizes to a square and normalises, straight into a tensor.</summary>
    /// <param name="bytes">The encoded image.</param>
    /// <param name="tensor">[3 × <paramref name="side"/> × <paramref name="side"/>], planes R, G, B.</param>
    /// <param name="side">Pixels of the square.</param>
    /// <param name="normalisation">How the backbone wants its pixels.</param>
    /// <param name="reason">Why the image was refused.</param>
    public bool TryDecode(ReadOnlyMemory<byte> bytes, Span<float> tensor, int side, in Normalisation normalisation, [NotNullWhen(false)] out string? reason)
    {
        if (!TryDecodePixels(bytes, side, out var pixels, out reason)) return false;
        try
        {
            TensorResizer.Resize(pixels.Rgba, pixels.Width, pixels.Height, tensor, side, normalisation);
            return true;
        }
        finally
        {
            pixels.Return();
        }
    }

    /// <summary>Makes a copy whose longer side is at most <paramref name="maxSide"/> pixels: JPEG, or PNG where pixels may be transparent.</summary>
    public bool TryMakeDerivative(ReadOnlyMemory<byte> bytes, int maxSide, [NotNullWhen(true)] out byte[]? encoded, [NotNullWhen(false)] out string? reason)
    {
        encoded = null;
        if (!TryDecodePixels(bytes, maxSide, out var pixels, out reason)) return false;
        try
        {
            encoded = Encode(pixels, maxSide);
            return true;
        }
        finally
        {
            pixels.Return();
        }
    }

    private static unsafe byte[] Encode(in Pixels pixels, int maxSide)
    {
        fixed (byte* at = pixels.Rgba)
        {
            var info = new SKImageInfo(pixels.Width, pixels.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
            using var source = new SKBitmap();
            source.InstallPixels(info, (nint)at);
            var scale = Math.Min(1, (double)maxSide / Math.Max(pixels.Width, pixels.Height));
            var size = new SKImageInfo(Math.Max(1, (int)Math.Round(pixels.Width * scale)), Math.Max(1, (int)Math.Round(pixels.Height * scale)), SKColorType.Rgba8888, SKAlphaType.Opaque);
            using var scaled = scale < 1 ? source.Resize(size, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear)) : source;
            using var data = scaled.Encode(SKEncodedImageFormat.Jpeg, 85);
            return data.ToArray();
        }
    }

    private bool TryDecodePixels(ReadOnlyMemory<byte> bytes, int side, out Pixels pixels, [NotNullWhen(false)] out string? reason)
    {
        pixels = default;
        using (var pin = bytes.Pin())
        using (var codec = Open(bytes, pin, out reason))
        {
            if (codec is null) return false;
            if ((long)codec.Info.Width * codec.Info.Height <= LargePixels) return TryDecodeOpen(codec, side, out pixels, out reason);
        }
        return TryDecodeLarge(bytes, side, out pixels, out reason);
    }

    /// <summary>
    /// The decoder cannot be interrupted, so a large image is decoded on a thread of its own. One that outlasts the limit is refused at once;
    /// its thread ends when the pixel limit lets it, holding the turn, so that no second one can pile up beside it.
    /// </summary>
    private bool TryDecodeLarge(ReadOnlyMemory<byte> bytes, int side, out Pixels pixels, [NotNullWhen(false)] out string? reason)
    {
        pixels = default;
        if (!LargeTurn.Wait(limits.MaxDecodeTime * 6))
        {
            reason = "The image is very large and the decoder was busy with others like it for too long.";
            return false;
        }
        var work = Task.Run(() =>
        {
            try
            {
                using var pin = bytes.Pin();
                using var codec = Open(bytes, pin, out var why);
                if (codec is null) return (Pixels: default(Pixels), Reason: (string?)why);
                return TryDecodeOpen(codec, side, out var decoded, out var problem) ? (decoded, null) : (default, problem);
            }
            finally
            {
                LargeTurn.Release();
            }
        });
        if (!work.Wait(limits.MaxDecodeTime))
        {
            work.ContinueWith(static late => late.Result.Pixels.Return(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            reason = $"Decoding took longer than {limits.MaxDecodeTime.TotalSeconds:0.###} s (Images:MaxDecodeTime).";
            return false;
        }
        (pixels, reason) = work.Result;
        return reason is null;
    }

    private static unsafe bool TryDecodeOpen(SKCodec codec, int side, out Pixels pixels, [NotNullWhen(false)] out string? reason)
    {
        pixels = default;
        var size = ReducedSize(codec, side);
        var info = new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Premul);
        var buffer = ArrayPool<byte>.Shared.Rent(checked(info.RowBytes * info.Height));
        SKCodecResult result;
        fixed (byte* at = buffer) result = codec.GetPixels(info, (nint)at);
        if (result is not SKCodecResult.Success)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            reason = result is SKCodecResult.IncompleteInput ? "The image is cut off: its data ends before its pixels do." : $"The image does not decode ({result}): its data is damaged or uses a variant that is not supported.";
            return false;
        }
        if (codec.Info.AlphaType != SKAlphaType.Opaque) OnWhite(buffer.AsSpan(0, info.RowBytes * info.Height));
        pixels = Orient(new Pixels(buffer, info.Width, info.Height), codec.EncodedOrigin);
        reason = null;
        return true;
    }

    /// <summary>The smallest size that the format decodes to directly and that is still no smaller than what is wanted.</summary>
    private static SKSizeI ReducedSize(SKCodec codec, int side)
    {
        var full = new SKSizeI(codec.Info.Width, codec.Info.Height);
        if (codec.EncodedFormat != SKEncodedImageFormat.Jpeg) return full;
        for (var eighths = 1; eighths < 8; eighths *= 2)
        {
            var size = codec.GetScaledDimensions(eighths / 8f);
            if (Math.Min(size.Width, size.Height) >= side) return size;
        }
        return full;
    }

    /// <summary>Transparent pixels are shown on white, as they would be on paper. Colours are premultiplied, so the white is what alpha leaves.</summary>
    private static void OnWhite(Span<byte> rgba)
    {
        for (var i = 0; i < rgba.Length; i += 4)
        {
            var rest = (byte)(255 - rgba[i + 3]);
            rgba[i] += rest;
            rgba[i + 1] += rest;
            rgba[i + 2] += rest;
            rgba[i + 3] = 255;
        }
    }

    private static Pixels Orient(Pixels source, SKEncodedOrigin origin)
    {
        if (origin is SKEncodedOrigin.TopLeft or SKEncodedOrigin.Default) return source;
        var swap = origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        var (w, h) = swap ? (source.Height, source.Width) : (source.Width, source.Height);
        var target = new Pixels(ArrayPool<byte>.Shared.Rent(w * h * 4), w, h);
        var from = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, uint>(source.Rgba);
        var to = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, uint>(target.Buffer.AsSpan(0, w * h * 4));
        for (var y = 0; y < h; y++)
        {
            for (var x = 0; x < w; x++)
            {
                var (sx, sy) = origin switch
                {
                    SKEncodedOrigin.TopRight => (w - 1 - x, y),
                    SKEncodedOrigin.BottomRight => (w - 1 - x, h - 1 - y),
                    SKEncodedOrigin.BottomLeft => (x, h - 1 - y),
                    SKEncodedOrigin.LeftTop => (y, x),
                    SKEncodedOrigin.RightTop => (y, w - 1 - x),
                    SKEncodedOrigin.RightBottom => (h - 1 - y, w - 1 - x),
                    _ => (h - 1 - y, x),
                };
                to[y * w + x] = from[sy * source.Width + sx];
            }
        }
        source.Return();
        return target;
    }

    private unsafe SKCodec? Open(ReadOnlyMemory<byte> bytes, MemoryHandle pin, out string reason)
    {
        reason = "";
        if (bytes.Length == 0) reason = "The file is empty.";
        else if (bytes.Length > limits.MaxBytes) reason = $"The file has {bytes.Length} bytes; at most {limits.MaxBytes} are taken (Images:MaxBytes).";
        if (reason.Length > 0) return null;
        using var data = SKData.Create((nint)pin.Pointer, bytes.Length);
        var codec = SKCodec.Create(data);
        if (codec is null)
        {
            reason = LooksLikeText(bytes.Span)
                ? "The file is text, perhaps a web page saved in place of an image."
                : "The file is not an image of a supported format (JPEG, PNG, WebP, GIF, BMP, ICO, WBMP), or is cut off within its header.";
            return null;
        }
        var pixels = (long)codec.Info.Width * codec.Info.Height;
        if (codec.Info.Width <= 0 || codec.Info.Height <= 0) reason = "The image has no pixels.";
        else if (pixels > limits.MaxPixels) reason = $"The image has {codec.Info.Width} × {codec.Info.Height} pixels; at most {limits.MaxPixels} are taken (Images:MaxPixels).";
        else if (FramesOf(codec) > limits.MaxFrames) reason = $"The animation has {FramesOf(codec)} frames; at most {limits.MaxFrames} are taken (Images:MaxFrames).";
        if (reason.Length == 0) return codec;
        codec.Dispose();
        return null;
    }

    private static bool LooksLikeText(ReadOnlySpan<byte> bytes)
    {
        var start = bytes[..Math.Min(bytes.Length, 512)];
        foreach (var b in start)
            if (b < 0x09 || b is > 0x0D and < 0x20) return false;
        return true;
    }

    private static int FramesOf(SKCodec codec) => Math.Max(1, codec.FrameCount);

    private static ImageFileHeader HeaderOf(SKCodec codec)
    {
        var swap = codec.EncodedOrigin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        var (w, h) = swap ? (codec.Info.Height, codec.Info.Width) : (codec.Info.Width, codec.Info.Height);
        return new ImageFileHeader(codec.EncodedFormat.ToString().ToLowerInvariant(), w, h, FramesOf(codec), codec.Info.AlphaType != SKAlphaType.Opaque);
    }

    /// <summary>Pixels in a pooled buffer, four bytes each, opaque.</summary>
    private readonly record struct Pixels(byte[] Buffer, int Width, int Height)
    {
        public ReadOnlySpan<byte> Rgba => Buffer.AsSpan(0, Width * Height * 4);

        public void Return()
        {
            if (Buffer is not null) ArrayPool<byte>.Shared.Return(Buffer);
        }
    }
}
