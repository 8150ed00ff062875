using Winnow.Algorithms.Numerics;
using Winnow.Inference.Backbones;

namespace Winnow.Deploy.Tests.Telemetry;

/// <summary>A backbone of one layer of random filters: it sees enough of the drawn images to learn from, and costs next to nothing.</summary>
internal static class TinyBackbone
{
    public const string Name = "tiny";

    private const int Side = 32, Filters = 48, Size = 5;

    /// <summary>Writes the ONNX file and gives the arguments that tell a silo of it.</summary>
    public static string[] Write(string path)
    {
        var random = new SeededRandom(1);
        var weights = new float[Filters * 3 * Size * Size];
        for (var i = 0; i < weights.Length; i++) weights[i] = (float)(random.NextDouble() - 0.5);
        var onnx = new OnnxWriter(Name).Input("input", "n", 3, Side, Side).Output("embedding", "n", Filters);
        var seen = onnx.Node("Relu", [onnx.Node("Conv", ["input", onnx.Constant("filters", weights, Filters, 3, Size, Size)])]);
        onnx.Node("Flatten", [onnx.Node("GlobalAveragePool", [seen])], "embedding", ("axis", 1L));
        File.WriteAllBytes(path, onnx.ToArray());
        return [$"--Scoring:Backbones:{Name}:Path", path, $"--Scoring:Backbones:{Name}:Side", "32"];
    }
}
