using System.Globalization;
using Winnow.Algorithms.Numerics;
using Winnow.Inference.Backbones;

namespace Winnow.Testing;

/// <summary>
/// A backbone of one layer of random filters: it sees enough of the drawn images to learn from, and costs next to nothing.
/// </summary>
public static class TinyBackbone
{
    /// <summary>What it is called where nothing else is said.</summary>
    public const string Name = "tiny";

    private const int Size = 5;

    /// <summary>Writes the ONNX file and gives the arguments that tell a silo of it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">What the backbone is called.</param>
    /// <param name="filters">Numbers of an embedding.</param>
    /// <param name="seed">Draws the filters: two seeds make two backbones.</param>
    /// <param name="side">Pixels a side: four times as many cost sixteen times as much.</param>
    public static string[] Write(string path, string name = Name, int filters = 48, ulong seed = 1, int side = 32)
    {
        var random = new SeededRandom(seed);
        var weights = new float[filters * 3 * Size * Size];
        for (var i = 0; i < weights.Length; i++) weights[i] = (float)(random.NextDouble() - 0.5);
        var onnx = new OnnxWriter(name).Input("input", "n", 3, side, side).Output("embedding", "n", filters);
        var seen = onnx.Node("Relu", [onnx.Node("Conv", ["input", onnx.Constant("filters", weights, filters, 3, Size, Size)])]);
        onnx.Node("Flatten", [onnx.Node("GlobalAveragePool", [seen])], "embedding", ("axis", 1L));
        File.WriteAllBytes(path, onnx.ToArray());
        return [$"--Scoring:Backbones:{name}:Path", path, $"--Scoring:Backbones:{name}:Side", side.ToString(CultureInfo.InvariantCulture)];
    }
}
