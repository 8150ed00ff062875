using Microsoft.ML.OnnxRuntime;
using Winnow.Inference.Backbones;
using Winnow.Inference.Scoring;
using Winnow.Inference.Weights;

namespace Winnow.Inference.Tests.Weights;

/// <summary>Graphs are written, loaded by ONNX Runtime, and compute what plain C# computes.</summary>
public sealed class OnnxWriterTests
{
    [Fact]
    public void Convolution_agrees_with_plain_loops()
    {
        var weights = Numbers(2 * 1 * 3 * 3, 1);
        var bias = Numbers(2, 2);
        var onnx = new OnnxWriter("conv").Input("x", 1, 2, 5, 5).Output("y", 1, 2, 3, 3);
        onnx.Node(
            "Conv", ["x", onnx.Constant("w", weights, 2, 1, 3, 3), onnx.Constant("b", bias, 2)], "y",
            ("kernel_shape", new long[] { 3, 3 }), ("strides", new long[] { 2, 2 }), ("pads", new long[] { 1, 1, 1, 1 }), ("group", 2L));
        var x = Numbers(50, 3);
        var y = Run(onnx.ToArray(), "x", x, [1, 2, 5, 5], "y");
        for (var i = 0; i < y.Length; i++)
        {
            var (c, row, column) = (i / 9, i / 3 % 3, i % 3);
            var sum = bias[c];
            for (var k = 0; k < 9; k++)
            {
                var (sy, sx) = ((2 * row) + (k / 3) - 1, (2 * column) + (k % 3) - 1);
                if (sy is >= 0 and < 5 && sx is >= 0 and < 5)
                    sum += weights[(9 * c) + k] * x[(25 * c) + (5 * sy) + sx];
            }
            Assert.Equal(sum, y[i], 1e-5f);
        }
    }

    [Fact]
    public void The_head_graph_agrees_with_plain_loops_and_carries_its_classes()
    {
        const int D = 12, d = 5, K = 3, n = 4;
        var (projection, projectionBias, head, headBias) = (Numbers(d * D, 4), Numbers(d, 5), Numbers(K * d, 6), Numbers(K, 7));
        var bytes = HeadGraph.Write(projection, projectionBias, head, headBias, 1.7f, ["cat", "dog", "straße"]);
        var x = Numbers(n * D, 8);
        var p = Run(bytes, "embedding", x, [n, D], "probabilities");
        for (var row = 0; row < n; row++)
        {
            var z = new double[d];
            for (var i = 0; i < d; i++)
                z[i] = projectionBias[i] + Enumerable.Range(0, D).Sum(j => (double)projection[(i * D) + j] * x[(row * D) + j]);
            var logits = Enumerable.Range(0, K).Select(k => (headBias[k] + Enumerable.Range(0, d).Sum(i => head[(k * d) + i] * z[i])) / 1.7)
                .ToArray();
            var total = logits.Sum(Math.Exp);
            for (var k = 0; k < K; k++)
                Assert.Equal(Math.Exp(logits[k]) / total, p[(row * K) + k], 1e-5);
        }
        using var options = Device.Cpu.CreateSessionOptions();
        using var session = new InferenceSession(bytes, options);
        Assert.Equal("cat\ndog\nstraße", session.ModelMetadata.CustomMetadataMap[HeadGraph.ClassesKey]);
    }

    [Fact]
    public void The_graph_of_a_head_of_sets_tells_of_each_class_for_itself_and_carries_the_thresholds()
    {
        const int D = 6, d = 3, K = 2, n = 3;
        var (projection, projectionBias, head, headBias) = (Numbers(d * D, 4), Numbers(d, 5), Numbers(K * d, 6), Numbers(K, 7));
        var bytes = HeadGraph.Write(projection, projectionBias, head, headBias, 1.7f, ["cat", "dog"], [0.5f, 0.1f]);
        var x = Numbers(n * D, 8);
        var p = Run(bytes, "embedding", x, [n, D], "probabilities");
        for (var row = 0; row < n; row++)
        {
            var z = new double[d];
            for (var i = 0; i < d; i++)
                z[i] = projectionBias[i] + Enumerable.Range(0, D).Sum(j => (double)projection[(i * D) + j] * x[(row * D) + j]);
            for (var k = 0; k < K; k++)
            {
                var logit = (headBias[k] + Enumerable.Range(0, d).Sum(i => head[(k * d) + i] * z[i])) / 1.7;
                Assert.Equal(1 / (1 + Math.Exp(-logit)), p[(row * K) + k], 1e-5);
            }
        }
        using var options = Device.Cpu.CreateSessionOptions();
        using var session = new InferenceSession(bytes, options);
        Assert.Equal("0.5\n0.1", session.ModelMetadata.CustomMetadataMap[HeadGraph.ThresholdsKey]);
        Assert.Equal("cat\ndog", session.ModelMetadata.CustomMetadataMap[HeadGraph.ClassesKey]);
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(
            () => HeadGraph.Write(new float[9], new float[3], new float[6], new float[2], 1, ["a", "b"], [0.5f]));
        Assert.Throws<ArgumentException>(() => HeadGraph.Write(new float[10], new float[3], new float[6], new float[2], 1, ["a", "b"]));
        Assert.Throws<ArgumentException>(() => HeadGraph.Write(new float[9], new float[3], new float[5], new float[2], 1, ["a", "b"]));
        Assert.Throws<ArgumentException>(() => HeadGraph.Write(new float[9], new float[3], new float[6], new float[2], 1, ["a", "b\nc"]));
        Assert.Throws<ArgumentException>(() => HeadGraph.Write(new float[9], new float[3], new float[6], new float[2], 0, ["a", "b"]));
        Assert.Throws<ArgumentException>(() => new OnnxWriter("g").Constant("c", new float[3], 2, 2));
    }

    private static float[] Run(byte[] model, string input, float[] values, long[] shape, string output)
    {
        using var options = Device.Cpu.CreateSessionOptions();
        using var session = new InferenceSession(model, options);
        using var run = new RunOptions();
        using var x = OrtValue.CreateTensorValueFromMemory(values, shape);
        using var results = session.Run(run, [input], [x], [output]);
        return results[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static float[] Numbers(int count, int seed) =>
        [.. Enumerable.Range(0, count).Select(i => (float)Math.Sin((i * 1.37) + (seed * 2.11)))];
}
