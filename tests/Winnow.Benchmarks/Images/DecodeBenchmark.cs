using System.Diagnostics;
using NetVips;
using SkiaSharp;
using Winnow.Benchmarks.Measuring;
using Winnow.Inference.Images;

namespace Winnow.Benchmarks.Images;

/// <summary>
/// File to normalised 160 × 160 tensor on one thread: the product's decoder, beside Skia and libvips used as plainly and as fast as they
/// can be.
/// </summary>
internal sealed class DecodeBenchmark : IBenchmark
{
    private const int Side = 160;
    private static readonly Normalisation Values = Normalisation.ImageNet;

    private readonly float[] _tensor = new float[3 * Side * Side];
    private readonly byte[] _pixels = new byte[4 * 1280 * 720];
    private readonly byte[] _scaled = new byte[4 * Side * Side];

    public string Name => "decode";

    public string Describes => "file to tensor, ms/image on one thread, beside SkiaSharp and libvips";

    public async Task RunAsync(BenchmarkRun run)
    {
        using var decoder = new ImageDecoder(new ImageLimits(), TimeProvider.System);
        NetVips.NetVips.Concurrency = 1;
        Cache.Max = 0;
        var photos = BenchmarkImages.Photos(16);
        run.Say($"photos of {photos.Average(p => p.Length) / 1000:F0} KB");
        await MeasureAsync(run, "small", await BenchmarkImages.SmallAsync(run.Size(2000), run.Stop), decoder);
        await MeasureAsync(run, "photo", photos, decoder);
    }

    private async Task MeasureAsync(BenchmarkRun run, string kind, byte[][] images, ImageDecoder decoder)
    {
        var slice = TimeSpan.FromMilliseconds(run.Quick ? 20 : 150);
        foreach (var (name, floor) in new (string, Action<byte[]>)[] { ("skia", Skia), ("libvips", Libvips) })
        {
            for (var i = 0; i < (run.Quick ? 1 : 4); i++)
            {
                // Until the JIT is done with both.
                _ = Time(images, slice, floor);
                _ = Time(images, slice, image => Product(image, decoder));
            }
            var samples = await PairedSamples.TakeAsync(run.Repeats(15), () => Time(images, slice, i => Product(i, decoder)),
                () => Time(images, slice, floor), run.Stop);
            run.Report($"decode/{kind}-{name}", "ms/image", samples, "at most 1");
        }
    }

    private static Task<double> Time(byte[][] images, TimeSpan slice, Action<byte[]> decode)
    {
        var started = Stopwatch.GetTimestamp();
        var count = 0;
        do decode(images[count++ % images.Length]);
        while (count < 16 || Stopwatch.GetElapsedTime(started) < slice);
        return Task.FromResult(Stopwatch.GetElapsedTime(started).TotalMilliseconds / count);
    }

    private void Product(byte[] image, ImageDecoder decoder)
    {
        if (!decoder.TryDecodeToTensor(image, _tensor, Side, Values, out var reason)) throw new InvalidDataException(reason);
    }

    /// <summary>
    /// Decodes at the smallest size that the format gives and is not below the target, and scales with Skia's own linear filter.
    /// </summary>
    private unsafe void Skia(byte[] image)
    {
        fixed (byte* bytes = image, pixels = _pixels, scaled = _scaled)
        {
            using var data = SKData.Create((nint)bytes, image.Length);
            using var codec = SKCodec.Create(data);
            var size = codec.GetScaledDimensions((float)Side / Math.Min(codec.Info.Width, codec.Info.Height));
            if (size.Width < Side || size.Height < Side) size = codec.Info.Size;
            // Also where the file is grey: Skia scales grey pixels four times slower than coloured ones.
            var info = new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
            if (codec.GetPixels(info, (nint)pixels) != SKCodecResult.Success)
                throw new InvalidDataException("Skia does not decode the file.");
            var target = new SKImageInfo(Side, Side, SKColorType.Rgba8888, SKAlphaType.Opaque);
            using var from = new SKPixmap(info, (nint)pixels, info.RowBytes);
            using var to = new SKPixmap(target, (nint)scaled, target.RowBytes);
            if (!from.ScalePixels(to, new SKSamplingOptions(SKFilterMode.Linear)))
                throw new InvalidDataException("Skia does not scale the image.");
            Spread(scaled, 4);
        }
    }

    private unsafe void Libvips(byte[] image)
    {
        using var thumbnail = Image.ThumbnailBuffer(image, Side, height: Side, size: Enums.Size.Force, noRotate: true);
        var memory = thumbnail.WriteToMemory(out var size);
        try
        {
            Spread((byte*)memory, thumbnail.Bands);
            if (size != (ulong)(thumbnail.Bands * Side * Side)) throw new InvalidDataException("libvips gives another size.");
        }
        finally
        {
            NetVips.NetVips.Free(memory);
        }
    }

    /// <summary>Interleaved bytes to normalised planes.</summary>
    private unsafe void Spread(byte* from, int bands)
    {
        var (red, redAdd) = Values.Affine(0);
        var (green, greenAdd) = Values.Affine(1);
        var (blue, blueAdd) = Values.Affine(2);
        var (second, third) = bands == 1 ? (0, 0) : (1, 2);
        fixed (float* r = _tensor)
        {
            float* g = r + Side * Side, b = g + Side * Side;
            for (var i = 0; i < Side * Side; i++, from += bands)
            {
                r[i] = (from[0] * red) + redAdd;
                g[i] = (from[second] * green) + greenAdd;
                b[i] = (from[third] * blue) + blueAdd;
            }
        }
    }
}
