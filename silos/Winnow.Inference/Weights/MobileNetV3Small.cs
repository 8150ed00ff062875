namespace Winnow.Inference.Weights;

/// <summary>
/// Writes MobileNetV3-Small (Howard et al. 2019, arXiv 1905.02244; layer by layer as in torchvision) as an ONNX graph from weights under
/// torchvision's names. Output: the spatial means of the outputs of features 4, 6, 8, 9, 10, 11 and 12, 992 numbers: coarse and fine
/// features together make a better frozen embedding than the last layer alone.
/// </summary>
public static class MobileNetV3Small
{
    /// <summary>Length of the embedding.</summary>
    public const int Dimensions = 992;

    private const float Epsilon = 1e-3f;

    private sealed record Block(int Kernel, int Stride, bool Squeeze, bool HardSwish);

    private static readonly Block[] Blocks =
    [
        new(3, 2, true, false), new(3, 2, false, false), new(3, 1, false, false), new(5, 2, true, true), new(5, 1, true, true), new(5, 1, true, true),
        new(5, 1, true, true), new(5, 1, true, true), new(5, 2, true, true), new(5, 1, true, true), new(5, 1, true, true),
    ];

    private static readonly int[] Tapped = [4, 6, 8, 9, 10, 11, 12];

    /// <summary>Writes the graph: <c>input</c> [n, 3, h, w] → <c>embedding</c> [n, 992].</summary>
    /// <exception cref="InvalidDataException">A tensor is missing or has another shape.</exception>
    public static byte[] ToOnnx(GgufFile weights, string licence)
    {
        var graph = new OnnxWriter("mobilenetv3-small");
        var builder = new Builder(graph, weights);
        var x = graph.Input("input", -1, 3, -1, -1);
        x = builder.HardSwish(builder.Convolution(x, "features.0", 3, 2, 1));
        var means = new List<string>();
        for (var i = 1; i <= Blocks.Length + 1; i++)
        {
            x = i <= Blocks.Length ? builder.InvertedResidual(x, i, Blocks[i - 1]) : builder.HardSwish(builder.Convolution(x, "features.12", 1, 1, 1));
            if (Tapped.Contains(i)) means.Add(graph.Node("GlobalAveragePool", [x]));
        }
        var all = graph.Node("Concat", means, [("axis", 1L)]);
        graph.Node("Flatten", [all], [("axis", 1L)], "embedding");
        graph.Output("embedding", -1, Dimensions);
        graph.Metadata("winnow.backbone", "mobilenetv3-small");
        graph.Metadata("winnow.licence", licence);
        return graph.ToBytes();
    }

    private sealed class Builder(OnnxWriter graph, GgufFile weights)
    {
        public string InvertedResidual(string input, int index, Block block)
        {
            var prefix = $"features.{index}.block.";
            var x = input;
            var part = 0;
            // The first block does not widen, so it has no expansion before the depthwise convolution.
            if (index > 1) x = Activate(Convolution(x, $"{prefix}{part++}", 1, 1, 1), block);
            var channels = Channels($"{prefix}{part}");
            x = Activate(Convolution(x, $"{prefix}{part++}", block.Kernel, block.Stride, channels), block);
            if (block.Squeeze) x = SqueezeExcite(x, $"{prefix}{part++}");
            x = Convolution(x, $"{prefix}{part}", 1, 1, 1);
            return block.Stride == 1 && Channels($"{prefix}{part}") == InputChannels(index) ? graph.Node("Add", [x, input]) : x;
        }

        private int InputChannels(int index) => index == 1 ? 16 : (int)weights.Tensor($"features.{index}.block.0.0.weight").Shape[1];

        private int Channels(string prefix) => (int)weights.Tensor($"{prefix}.0.weight").Shape[0];

        private string Activate(string x, Block block) => block.HardSwish ? HardSwish(x) : graph.Node("Relu", [x]);

        public string HardSwish(string x) => graph.Node("HardSwish", [x]);

        private string SqueezeExcite(string x, string prefix)
        {
            var s = graph.Node("GlobalAveragePool", [x]);
            s = graph.Node("Relu", [Pointwise(s, $"{prefix}.fc1")]);
            s = graph.Node("HardSigmoid", [Pointwise(s, $"{prefix}.fc2")], [("alpha", 1f / 6), ("beta", 0.5f)]);
            return graph.Node("Mul", [x, s]);
        }

        private string Pointwise(string x, string prefix)
        {
            var w = weights.Tensor($"{prefix}.weight");
            return graph.Node("Conv", [x, graph.Constant(w.Values, [.. w.Shape]), graph.Constant(weights.Tensor($"{prefix}.bias").Values, w.Shape[0])], [("kernel_shape", new long[] { 1, 1 })]);
        }

        /// <summary>A convolution with its batch normalisation folded in: w·γ/√(σ²+ε), β − μ·γ/√(σ²+ε).</summary>
        public string Convolution(string x, string prefix, int kernel, int stride, int groups)
        {
            var w = weights.Tensor($"{prefix}.0.weight");
            if (w.Shape.Count != 4 || w.Shape[2] != kernel) throw new InvalidDataException($"Tensor '{w.Name}' has shape [{string.Join(", ", w.Shape)}], not a {kernel} × {kernel} convolution.");
            float[] Norm(string part) => weights.Tensor($"{prefix}.1.{part}").Values;
            var (gamma, beta, mean, variance) = (Norm("weight"), Norm("bias"), Norm("running_mean"), Norm("running_var"));
            var outputs = (int)w.Shape[0];
            if (gamma.Length != outputs || beta.Length != outputs || mean.Length != outputs || variance.Length != outputs)
                throw new InvalidDataException($"The normalisation after '{w.Name}' does not have {outputs} channels.");
            var per = w.Values.Length / outputs;
            var folded = new float[w.Values.Length];
            var bias = new float[outputs];
            for (var o = 0; o < outputs; o++)
            {
                var scale = gamma[o] / MathF.Sqrt(variance[o] + Epsilon);
                for (var i = 0; i < per; i++) folded[o * per + i] = w.Values[o * per + i] * scale;
                bias[o] = beta[o] - mean[o] * scale;
            }
            long pad = kernel / 2;
            return graph.Node("Conv", [x, graph.Constant(folded, [.. w.Shape]), graph.Constant(bias, outputs)],
            [
                ("kernel_shape", new long[] { kernel, kernel }), ("strides", new long[] { stride, stride }),
                ("pads", new[] { pad, pad, pad, pad }), ("group", (long)groups),
            ]);
        }
    }
}
