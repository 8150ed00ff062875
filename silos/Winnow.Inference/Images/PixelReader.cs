using System.Runtime.InteropServices;
using SkiaSharp;

namespace Winnow.Inference.Images;

/// <summary>
/// Decodes one file with Skia and passes its rows to a <see cref="RowResizer"/>: at a reduced size where the format can, row by row where
/// it can.
/// </summary>
internal sealed unsafe class PixelReader(ImageLimits limits, TimeProvider time) : IDisposable
{
    /// <summary>From this many pixels or bytes on, the file is handed over piece by piece so that the deadline is seen.</summary>
    private const int WatchedPixels = 4_000_000;
    private const int WatchedBytes = 4 << 20;

    /// <summary>Decodes that need more native memory than this wait for each other, so that a run of large images cannot add up.</summary>
    private const long GatedBytes = 64L << 20;

    private readonly SemaphoreSlim _gate = new(1, 1);

    /// <summary>Decodes to [3, height, width], not yet turned upright.</summary>
    /// <returns>Null, or the reason why the file is refused.</returns>
    public string? Read(
        ReadOnlyMemory<byte> bytes, DeclaredImage header, int width, int height, in Normalisation normalisation, Span<float> chw)
    {
        var deadline = new DecodeDeadline(time, limits.MaxDecodeTime);
        if (header.Format == "jpeg")
            bytes = JpegMarkers.WithoutStray(bytes);
        if (header.Format == "jpeg" && JpegMarkers.LacksEnd(bytes.Span))
        {
            if (!JpegScans.AreWhole(bytes.Span, deadline))
                return Explain(SKCodecResult.IncompleteInput, header, bytes.Length, deadline);
            bytes = (byte[])[.. bytes.Span, 0xff, JpegSegments.EndOfImage];
        }
        var watched = (long)header.Width * header.Height > WatchedPixels || bytes.Length > WatchedBytes;
        using var pin = bytes.Pin();
        using var data = watched ? null : SKData.Create((nint)pin.Pointer, bytes.Length);
        using var codec = data is null ? SKCodec.Create(new DeadlineStream(bytes, deadline)) : SKCodec.Create(data);
        if (codec is null)
            return Explain(SKCodecResult.InvalidInput, header, bytes.Length, deadline);
        var source = codec.Info;
        // A second opinion: the decoder may read another size than the header reader did (GIF frames larger than their canvas).
        if (HeaderReader.Check(header with { Width = source.Width, Height = source.Height }, limits) is { } reason)
            return reason;
        var grey = source.ColorType == SKColorType.Gray8;
        var opaque = grey || source.AlphaType == SKAlphaType.Opaque;
        var size = ReducedSize(codec, header, width, height);
        var (colours, alpha) = (grey ? SKColorType.Gray8 : SKColorType.Rgba8888, opaque ? SKAlphaType.Opaque : SKAlphaType.Premul);
        var pixels = new SKImageInfo(size.Width, size.Height, colours, alpha);
        var scratch = DecodeScratch.Current;
        scratch.Resizer.Begin(size.Width, size.Height, width, height, grey, !opaque, normalisation);
        SKCodecResult result;
        if (pixels.BytesSize64 <= DecodeScratch.PixelBytes)
            result = AtOnce(codec, pixels, (byte*)AddressOf(scratch), scratch.Resizer, chw, deadline);
        else if (header.Format == "jpeg" && codec.StartScanlineDecode(pixels) == SKCodecResult.Success)
            result = ByRows(codec, pixels, scratch, chw, deadline);
        else
            result = InNativeMemory(codec, pixels, scratch.Resizer, chw, deadline);
        return result == SKCodecResult.Success ? null : Explain(result, header, bytes.Length, deadline);
    }

    public void Dispose() => _gate.Dispose();

    /// <summary>
    /// The smallest size that the decoder can give directly and that is not below the target; it costs a fraction of the full decode.
    /// </summary>
    private static SKSizeI ReducedSize(SKCodec codec, DeclaredImage header, int width, int height)
    {
        var full = codec.Info.Size;
        if (header.Frames > 1 || header.Format is not ("jpeg" or "webp") || full.Width < width * 8 / 7 || full.Height < height * 8 / 7)
            return full;
        for (var eighths = 1; eighths < 8; eighths++)
        {
            var size = codec.GetScaledDimensions(eighths / 8f);
            if (size.Width >= width && size.Height >= height)
                return size;
        }
        return full;
    }

    private static nint AddressOf(DecodeScratch scratch) => Marshal.UnsafeAddrOfPinnedArrayElement(scratch.Pixels, 0);

    private static SKCodecResult AtOnce(
        SKCodec codec, SKImageInfo pixels, byte* buffer, RowResizer resizer, Span<float> chw, in DecodeDeadline deadline)
    {
        var result = codec.GetPixels(pixels, (nint)buffer);
        if (result != SKCodecResult.Success)
            return result;
        for (var y = 0; y < pixels.Height; y++)
        {
            if ((y & 63) == 63 && deadline.Passed)
                return SKCodecResult.IncompleteInput;
            resizer.Push(new ReadOnlySpan<byte>(buffer + ((long)y * pixels.RowBytes), pixels.RowBytes), chw);
        }
        return SKCodecResult.Success;
    }

    private static SKCodecResult ByRows(
        SKCodec codec, SKImageInfo pixels, DecodeScratch scratch, Span<float> chw, in DecodeDeadline deadline)
    {
        var block = Math.Min(pixels.Height, DecodeScratch.PixelBytes / pixels.RowBytes);
        for (var y = 0; y < pixels.Height; y += block)
        {
            var rows = Math.Min(block, pixels.Height - y);
            if (deadline.Passed || codec.GetScanlines(AddressOf(scratch), rows, pixels.RowBytes) < rows)
                return SKCodecResult.IncompleteInput;
            for (var row = 0; row < rows; row++)
                scratch.Resizer.Push(scratch.Pixels.AsSpan(row * pixels.RowBytes, pixels.RowBytes), chw);
        }
        return SKCodecResult.Success;
    }

    private SKCodecResult InNativeMemory(SKCodec codec, SKImageInfo pixels, RowResizer resizer, Span<float> chw, in DecodeDeadline deadline)
    {
        var gated = pixels.BytesSize64 > GatedBytes;
        if (gated && (deadline.Passed || !_gate.Wait(deadline.Left)))
            return SKCodecResult.IncompleteInput;
        var buffer = (byte*)NativeMemory.Alloc((nuint)pixels.BytesSize64);
        try
        {
            return AtOnce(codec, pixels, buffer, resizer, chw, deadline);
        }
        finally
        {
            NativeMemory.Free(buffer);
            if (gated)
                _gate.Release();
        }
    }

    private static string Explain(SKCodecResult result, DeclaredImage header, int bytes, in DecodeDeadline deadline)
    {
        if (deadline.Passed)
        {
            var seconds = deadline.Limit.TotalSeconds;
            return $"Decoding the {header.Width} × {header.Height} {header.Format} file took longer than {seconds:0.###} s; "
                + "shrink the image or raise MaxDecodeTime.";
        }
        return result switch
        {
            SKCodecResult.IncompleteInput =>
                $"The {header.Format} file is cut off: its pixels end early ({bytes} bytes are there); fetch it again from its source.",
            SKCodecResult.ErrorInInput or SKCodecResult.InvalidInput =>
                $"The {header.Format} file is damaged and cannot be decoded ({bytes} bytes); fetch it again or save it anew.",
            _ => $"The {header.Format} file uses a variant that the decoder does not support ({result}); save it as plain JPEG or PNG.",
        };
    }
}
