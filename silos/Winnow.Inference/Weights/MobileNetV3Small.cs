using Winnow.Inference.Backbones;

namespace Winnow.Inference.Weights;

/// <summary>
/// MobileNetV3-Small (Howard et al., "Searching for MobileNetV3", arXiv 1905.02244, table 2) with torchvision's tensor names, from GGUF
/// weights to an ONNX graph: <c>input</c> [n, 3, h, w] → <c>embedding</c> [n, 992], the concatenated spatial means of the outputs of
/// features 4, 6, 8, 9, 10, 11 and 12.
/// </summary>
/// <remarks>Means over several depths carry more than the last layer alone: that one was trained for another task, the earlier ones are
/// general.</remarks>
public static class MobileNetV3Small
{
    /// <summary>Length of the embedding.</summary>
    public const int Dimensions = 992;

    /// <summary>Of torchvision's batch normalisation in this model.</summary>
    private const double Epsilon = 1e-3;

    private static readonly Block[] Blocks =
    [
        new(1, 16, 3, 16, 16, 8, false, 2),
        new(2, 16, 3, 72, 24, 0, false, 2),
        new(3, 24, 3, 88, 24, 0, false, 1),
        new(4, 24, 5, 96, 40, 24, true, 2),
        new(5, 40, 5, 240, 40, 64, true, 1),
        new(6, 40, 5, 240, 40, 64, true, 1),
        new(7, 40, 5, 120, 48, 32, true, 1),
        new(8, 48, 5, 144, 48, 40, true, 1),
        new(9, 48, 5, 288, 96, 72, true, 2),
        new(10, 96, 5, 576, 96, 144, true, 1),
        new(11, 96, 5, 576, 96, 144, true, 1),
    ];

    private static readonly int[] Tapped = [4, 6, 8, 9, 10, 11];

    private enum Activation
    {
        None,
        Relu,
        HardSwish,
    }

    /// <summary>Converts the weights. The result depends on the bytes alone.</summary>
    /// <exception cref="InvalidDataException">The file is no MobileNetV3-Small with these tensor names and shapes.</exception>
    public static byte[] ToOnnx(GgufFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var graph = new GraphBuilder(file);
        var x = graph.Convolve("input", "features.0", 3, 16, 3, 2, 1, Activation.HardSwish);
        var means = new List<string>();
        foreach (var block in Blocks)
        {
            x = graph.Invert(x, block);
            if (Tapped.Contains(block.Index))
                means.Add(graph.Mean(x));
        }
        x = graph.Convolve(x, "features.12", 96, 576, 1, 1, 1, Activation.HardSwish);
        means.Add(graph.Mean(x));
        return graph.Finish(means);
    }

    /// <summary>An inverted residual. <paramref name="Squeeze"/> is the width of its squeeze-and-excitation, 0 for none.</summary>
    private sealed record Block(int Index, int In, int Kernel, int Expanded, int Out, int Squeeze, bool HardSwish, int Stride);

    private sealed class GraphBuilder(GgufFile file)
    {
        private readonly OnnxWriter _onnx =
            new OnnxWriter("mobilenetv3-small").Input("input", "n", 3, "h", "w").Output("embedding", "n", Dimensions);

        public string Invert(string input, Block block)
        {
            var prefix = $"features.{block.Index}.block.";
            var activation = block.HardSwish ? Activation.HardSwish : Activation.Relu;
            var part = 0;
            var x = input;
            if (block.Expanded != block.In)
                x = Convolve(x, prefix + part++, block.In, block.Expanded, 1, 1, 1, activation);
            x = Convolve(x, prefix + part++, block.Expanded, block.Expanded, block.Kernel, block.Stride, block.Expanded, activation);
            if (block.Squeeze > 0)
                x = SqueezeExcite(x, prefix + part++, block.Expanded, block.Squeeze);
            x = Convolve(x, prefix + part, block.Expanded, block.Out, 1, 1, 1, Activation.None);
            return block.Stride == 1 && block.In == block.Out ? _onnx.Node("Add", [x, input]) : x;
        }

        /// <summary>Convolution, batch normalisation folded into its weights, activation.</summary>
        public string Convolve(string input, string name, int channelsIn, int channelsOut, int kernel, int stride, int groups,
            Activation activation)
        {
            var weights = file.Tensor(name + ".0.weight", channelsOut, channelsIn / groups, kernel, kernel).Values.ToArray();
            var gamma = file.Tensor(name + ".1.weight", channelsOut).Values;
            var beta = file.Tensor(name + ".1.bias", channelsOut).Values;
            var mean = file.Tensor(name + ".1.running_mean", channelsOut).Values;
            var variance = file.Tensor(name + ".1.running_var", channelsOut).Values;
            var bias = new float[channelsOut];
            var each = weights.Length / channelsOut;
            for (var c = 0; c < channelsOut; c++)
            {
                var scale = gamma[c] / Math.Sqrt(variance[c] + Epsilon);
                for (var i = c * each; i < (c + 1) * each; i++)
                    weights[i] = (float)(weights[i] * scale);
                bias[c] = (float)(beta[c] - (mean[c] * scale));
            }
            var x = Convolution(input, name, weights, bias, channelsOut, channelsIn / groups, kernel, stride, groups);
            return activation switch
            {
                Activation.Relu => _onnx.Node("Relu", [x]),
                Activation.HardSwish => _onnx.Node("Mul", [x, HardSigmoid(x)]),
                _ => x,
            };
        }

        public string Mean(string x) => _onnx.Node("Flatten", [_onnx.Node("GlobalAveragePool", [x])], null, ("axis", 1L));

        public byte[] Finish(List<string> means)
        {
            _onnx.Node("Concat", means.ToArray(), "embedding", ("axis", 1L));
            return _onnx.ToArray();
        }

        private string SqueezeExcite(string input, string name, int channels, int squeezed)
        {
            var x = _onnx.Node("GlobalAveragePool", [input]);
            x = Dense(x, name + ".fc1", channels, squeezed);
            x = Dense(_onnx.Node("Relu", [x]), name + ".fc2", squeezed, channels);
            return _onnx.Node("Mul", [input, HardSigmoid(x)]);
        }

        private string Dense(string input, string name, int channelsIn, int channelsOut) =>
            Convolution(
                input,
                name,
                file.Tensor(name + ".weight", channelsOut, channelsIn, 1, 1).Values,
                file.Tensor(name + ".bias", channelsOut).Values,
                channelsOut,
                channelsIn,
                1,
                1,
                1);

        private string HardSigmoid(string x) => _onnx.Node("HardSigmoid", [x], null, ("alpha", 1f / 6), ("beta", 0.5f));

        private string Convolution(
            string input, string name, float[] weights, float[] bias, int channelsOut, int channelsInPerGroup, int kernel, int stride,
            int groups)
        {
            long pad = (kernel - 1) / 2;
            return _onnx.Node(
                "Conv",
                [input, _onnx.Constant(name + ".weight", weights, channelsOut, channelsInPerGroup, kernel, kernel),
                    _onnx.Constant(name + ".bias", bias, channelsOut)],
                null,
                ("kernel_shape", new long[] { kernel, kernel }),
                ("strides", new long[] { stride, stride }),
                ("pads", new[] { pad, pad, pad, pad }),
                ("group", (long)groups));
        }
    }
}
