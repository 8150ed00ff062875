using Microsoft.Extensions.Logging.Abstractions;
using Winnow.Adapters.Scoring;
using Winnow.Adapters.Tests.Support;
using Winnow.Inference.Backbones;
using Winnow.Inference.Images;
using Winnow.Inference.Scoring;
using Winnow.Testing;

namespace Winnow.Adapters.Tests.Scoring;

public sealed class PrecisionTests : IDisposable
{
    /// <summary>In float16 it is 0.0999755859375: a thousand times that, less 99, differs by more than storing rounds.</summary>
    private const float Tenth = 0.1f;

    private readonly TemporaryFolder _folder = new();
    private readonly ImageDecoder _decoder = new(new ImageLimits(), TimeProvider.System);

    public void Dispose()
    {
        _decoder.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void The_option_is_checked_and_float32_by_default()
    {
        var options = new InferenceOptions();
        Assert.Equal(Precision.Float32, options.Precision);
        options.Validate();
        options.Precision = (Precision)7;
        Assert.Contains("InferenceOptions.Precision must be Float32 or Float16",
            Assert.Throws<ArgumentOutOfRangeException>(options.Validate).Message);
    }

    [Theory]
    [InlineData(Precision.Float32, 1f)]
    [InlineData(Precision.Float16, 0.9755859375f)]
    public async Task Backbones_compute_in_the_precision_of_the_option(Precision precision, float expected)
    {
        await using var devices = Devices(precision, Tenth);
        var embedder = await devices.GetAsync("own", 0, CancellationToken.None);
        var embedded = await embedder.EmbedAsync(1, (_, _) => new(DrawnImages.Draw(1)), CancellationToken.None);
        Assert.Null(Assert.Single(embedded.Reasons));
        Assert.Equal((Half)expected, embedded.Vectors[0]);
        Assert.Equal(precision == Precision.Float16 ? 1 : 0, Directory.GetFiles(_folder.Path, "float16-*.onnx").Length);
    }

    [Fact]
    public async Task A_backbone_that_does_not_stand_float16_is_named_with_the_reason()
    {
        await using var devices = Devices(Precision.Float16, 1e6f);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => devices.GetAsync("own", 0, CancellationToken.None));
        Assert.Contains("The backbone 'own' cannot be used", refused.Message);
        Assert.Contains("Use Float32", refused.Message);
    }

    /// <summary>Embeds each image as [1000 · weight − 99, 100, 100].</summary>
    private OnnxEmbedderProvider Devices(Precision precision, float weight)
    {
        var onnx = new OnnxWriter("own").Input("input", "n", 3, "h", "w").Output("embedding", "n", 3);
        var mean = onnx.Node("Flatten", [onnx.Node("GlobalAveragePool", ["input"])], null, ("axis", 1L));
        var thousand = onnx.Node("Add", [onnx.Node("Mul", [mean, onnx.Constant("zero", [0f], 1)]), onnx.Constant("thousand", [1000f], 1)]);
        onnx.Node("Sub", [onnx.Node("Mul", [thousand, onnx.Constant("weights", [weight, Tenth, Tenth], 3)]),
            onnx.Constant("less", [99f, 0f, 0f], 3)], "embedding");
        File.WriteAllBytes(_folder.At("own.onnx"), onnx.ToArray());
        var options = new InferenceOptions
        {
            Precision = precision,
            UseGpu = false,
            WeightsFolder = _folder.Path,
            Engine = new EngineOptions { Workers = 1 },
        };
        options.Backbones["own"] = new OwnBackbone { Path = _folder.At("own.onnx") };
        return new OnnxEmbedderProvider(options, _decoder, TimeProvider.System, NullLogger<OnnxEmbedderProvider>.Instance);
    }
}
