using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using SkiaSharp;

namespace Winnow.Inference.Images;

/// <summary>
/// Turns image files into tensors and derivatives, under limits. Files are judged by their bytes, never by name. Nothing here throws for
/// what a file contains: a file that cannot be used is refused with a reason. Thread-safe; each thread keeps about 2 MiB of buffers.
/// </summary>
/// <remarks>
/// Transparent pixels are laid on white, EXIF orientations are applied, of an animation the first frame is read, and colour profiles are
/// ignored, as the training pipelines of common backbones do. A file that ends early is refused even when most of its pixels are there; one
/// that lacks nothing but its end marker is taken.
/// </remarks>
public sealed class ImageDecoder : IDisposable
{
    /// <summary>The formats that can be read.</summary>
    public static IReadOnlyList<string> Formats { get; } = ["jpeg", "png", "webp", "gif", "bmp"];

    /// <summary>The same for a person to read.</summary>
    public const string FormatNames = "JPEG, PNG, WebP, GIF or BMP";

    private readonly ImageLimits _limits;
    private readonly PixelReader _reader;

    /// <exception cref="ArgumentOutOfRangeException">A limit is out of its documented range.</exception>
    public ImageDecoder(ImageLimits limits, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(time);
        limits.Validate();
        _limits = limits;
        _reader = new PixelReader(limits, time);
    }

    /// <summary>Reads and checks what the file declares, without decoding.</summary>
    /// <returns>False with a reason that a person can act on.</returns>
    public bool TryReadHeader(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out DeclaredImage? header, [NotNullWhen(false)] out string? reason) =>
        HeaderReader.TryRead(bytes, _limits, out header, out reason);

    /// <summary>
    /// Decodes, resizes to side × side (bilinear, antialiased when shrinking, the aspect ratio is not kept) and normalises.
    /// </summary>
    /// <param name="bytes">The encoded file.</param>
    /// <param name="chw">Output, [3, side, side], red first; at least 3 · side² values. Undefined when the file is refused.</param>
    /// <param name="side">Pixels, 1 to 4,096.</param>
    /// <param name="normalisation">Applied per channel.</param>
    /// <param name="reason">Why the file is refused.</param>
    /// <exception cref="ArgumentException">The output is too small or the side out of range.</exception>
    public bool TryDecodeToTensor(
        ReadOnlyMemory<byte> bytes, Span<float> chw, int side, in Normalisation normalisation, [NotNullWhen(false)] out string? reason)
    {
        CheckSide(side, nameof(side));
        var plane = side * side;
        if (chw.Length < 3 * plane)
            throw new ArgumentException($"The tensor has {chw.Length} values and 3 × {side} × {side} are needed.", nameof(chw));
        if (!HeaderReader.TryRead(bytes.Span, _limits, out var header, out reason))
            return false;
        chw = chw[..(3 * plane)];
        reason = _reader.Read(bytes, header, side, side, normalisation, chw);
        if (reason is not null)
            return false;
        if (header.Orientation > ExifOrientation.Upright)
        {
            var copy = DecodeScratch.Current.Planes(chw.Length);
            chw.CopyTo(copy);
            for (var c = 0; c < 3; c++)
                Orientation.Apply(header.Orientation, copy.Slice(c * plane, plane), side, side, chw.Slice(c * plane, plane));
        }
        return true;
    }

    /// <summary>
    /// Makes a copy that fits maxSide × maxSide, upright and opaque, keeping the aspect ratio; a smaller image keeps its size.
    /// </summary>
    /// <param name="bytes">The encoded file.</param>
    /// <param name="maxSide">Pixels, 1 to 4,096.</param>
    /// <param name="format">How the copy is encoded.</param>
    /// <param name="encoded">The encoded copy.</param>
    /// <param name="reason">Why the file is refused.</param>
    /// <exception cref="ArgumentException">The side is out of range.</exception>
    public bool TryMakeDerivative(
        ReadOnlyMemory<byte> bytes,
        int maxSide,
        DerivativeFormat format,
        [NotNullWhen(true)] out byte[]? encoded,
        [NotNullWhen(false)] out string? reason)
    {
        CheckSide(maxSide, nameof(maxSide));
        encoded = null;
        if (!HeaderReader.TryRead(bytes.Span, _limits, out var header, out reason))
            return false;
        var scale = Math.Min(1, (double)maxSide / Math.Max(header.Width, header.Height));
        var width = Math.Max(1, (int)Math.Round(header.Width * scale));
        var height = Math.Max(1, (int)Math.Round(header.Height * scale));
        var planes = ArrayPool<float>.Shared.Rent(3 * width * height);
        var pixels = ArrayPool<byte>.Shared.Rent(4 * width * height);
        try
        {
            reason = _reader.Read(bytes, header, width, height, Normalisation.Bytes, planes.AsSpan(0, 3 * width * height));
            if (reason is not null)
                return false;
            Pack(planes, width, height, header.Orientation, pixels);
            encoded = Orientation.Transposes(header.Orientation)
                ? Encode(pixels, height, width, format)
                : Encode(pixels, width, height, format);
            return true;
        }
        finally
        {
            ArrayPool<float>.Shared.Return(planes);
            ArrayPool<byte>.Shared.Return(pixels);
        }
    }

    /// <summary>Frees the gate for large images; no decode may be running.</summary>
    public void Dispose() => _reader.Dispose();

    private static void CheckSide(int side, string name)
    {
        if (side is < 1 or > 4096)
            throw new ArgumentOutOfRangeException(name, side, "A side is 1 to 4,096 pixels.");
    }

    private static void Pack(ReadOnlySpan<float> planes, int width, int height, int orientation, Span<byte> pixels)
    {
        var plane = width * height;
        var rented = ArrayPool<float>.Shared.Rent(plane);
        var upright = rented.AsSpan(0, plane);
        for (var c = 0; c < 3; c++)
        {
            Orientation.Apply(orientation, planes.Slice(c * plane, plane), width, height, upright);
            for (var i = 0; i < plane; i++)
                pixels[(4 * i) + c] = (byte)Math.Clamp(upright[i] + 0.5f, 0, 255);
        }
        for (var i = 0; i < plane; i++)
            pixels[(4 * i) + 3] = 255;
        ArrayPool<float>.Shared.Return(rented);
    }

    private static unsafe byte[] Encode(byte[] pixels, int width, int height, DerivativeFormat format)
    {
        var info = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        fixed (byte* address = pixels)
        {
            using var pixmap = new SKPixmap(info, (nint)address, info.RowBytes);
            using var data = format switch
            {
                DerivativeFormat.Jpeg => pixmap.Encode(SKEncodedImageFormat.Jpeg, 85),
                DerivativeFormat.Webp => pixmap.Encode(SKEncodedImageFormat.Webp, 80),
                DerivativeFormat.Png => pixmap.Encode(SKEncodedImageFormat.Png, 100),
                _ => throw new ArgumentOutOfRangeException(nameof(format), format, "A derivative is JPEG, WebP or PNG."),
            };
            return data is null
                ? throw new InvalidOperationException($"Skia could not encode a {width} × {height} image as {format}.")
                : data.ToArray();
        }
    }
}
