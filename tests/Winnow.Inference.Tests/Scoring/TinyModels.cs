using Winnow.Inference.Backbones;
using Winnow.Inference.Images;

namespace Winnow.Inference.Tests.Scoring;

/// <summary>Backbones of a few nodes, whose answers are known without running them.</summary>
internal static class TinyModels
{
    public const int Side = 8;

    public static readonly Preprocessing Preprocessing = new(Side, Normalisation.UnitRange);

    /// <summary>The embedding of an image is its mean red, green and blue, 0 to 1.</summary>
    public static byte[] ChannelMeans(object? batch = null, float scale = 1)
    {
        var onnx = new OnnxWriter("means").Input("input", batch ?? "n", 3, Side, Side).Output("embedding", batch ?? "n", 3);
        var mean = onnx.Node("Flatten", [onnx.Node("GlobalAveragePool", ["input"])], null, ("axis", 1L));
        onnx.Node("Mul", [mean, onnx.Constant("scale", [scale], 1)], "embedding");
        return onnx.ToArray();
    }

    /// <summary>Gives [n, 3, 4, 4], to be averaged over space.</summary>
    public static byte[] Maps()
    {
        var onnx = new OnnxWriter("maps").Input("input", "n", 3, "h", "w").Output("embedding", "n", 3, "p", "q");
        onnx.Node("AveragePool", ["input"], "embedding", ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }));
        return onnx.ToArray();
    }

    /// <summary>Two convolutions with an activation each, averaged over space: 32 numbers for an image of any size.</summary>
    public static byte[] Convolutions()
    {
        var onnx = new OnnxWriter("convolutions").Input("input", "n", 3, "h", "w").Output("embedding", "n", 32);
        var first = onnx.Node("Conv", ["input", onnx.Constant("w1", Waves(16 * 27), 16, 3, 3, 3), onnx.Constant("b1", Waves(16), 16)],
            null, ("strides", new long[] { 2, 2 }));
        var second = onnx.Node("Conv", [onnx.Node("Relu", [first]), onnx.Constant("w2", Waves(32 * 16 * 9), 32, 16, 3, 3)], null,
            ("strides", new long[] { 2, 2 }));
        onnx.Node("Flatten", [onnx.Node("GlobalAveragePool", [onnx.Node("Sigmoid", [second])])], "embedding", ("axis", 1L));
        return onnx.ToArray();

        static float[] Waves(int count) => [.. Enumerable.Range(0, count).Select(i => (float)Math.Sin(i * 1.37) / 4)];
    }

    /// <summary>Looks the embedding up by brightness (0–255) in a table of 200 rows: a brighter image makes the whole run fail.</summary>
    public static byte[] FailsOnBright()
    {
        var onnx = new OnnxWriter("lookup").Input("input", "n", 3, Side, Side).Output("embedding", "n", 2);
        var brightness = onnx.Node("Mul",
            [onnx.Node("ReduceMean", ["input"], null, ("axes", new long[] { 1, 2, 3 }), ("keepdims", 0L)),
                onnx.Constant("scale", [255.01f], 1)]);
        var row = onnx.Node("Cast", [brightness], null, ("to", 7L));
        var table = new float[400];
        for (var i = 0; i < 200; i++)
            (table[2 * i], table[(2 * i) + 1]) = (i, -i);
        onnx.Node("Gather", [onnx.Constant("table", table, 200, 2), row], "embedding", ("axis", 0L));
        return onnx.ToArray();
    }
}
