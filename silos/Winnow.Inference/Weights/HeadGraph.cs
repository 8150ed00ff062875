using System.Globalization;
using Winnow.Inference.Backbones;

namespace Winnow.Inference.Weights;

/// <summary>
/// Writes projection and head as one ONNX model: <c>embedding</c> [n, D] → <c>probabilities</c> [n, K] = softmax((head · (projection · x +
/// b) + c) / temperature), or sigmoid of the same where each class is there or not, whatever the others are.
/// </summary>
public static class HeadGraph
{
    /// <summary>Key of metadata_props under which the class names stand, one a line, in the order of the probabilities.</summary>
    public const string ClassesKey = "classes";

    /// <summary>
    /// Key of metadata_props under which the classes' thresholds stand, one a line, where each is there or not: it is from its own on.
    /// </summary>
    public const string ThresholdsKey = "thresholds";

    /// <summary>
    /// Key of metadata_props under which those of the classes stand that nobody says any more, one a line; absent where there are none. The
    /// model never says them: their probability is 0.
    /// </summary>
    public const string RetiredKey = "retired";

    /// <summary>Writes the model.</summary>
    /// <param name="projection">W, [d, D], row by row.</param>
    /// <param name="projectionBias">b, [d].</param>
    /// <param name="head">[K, d], row by row.</param>
    /// <param name="headBias">c, [K].</param>
    /// <param name="temperature">Positive; logits are divided by it.</param>
    /// <param name="classes">K names, without line breaks.</param>
    /// <param name="thresholds">[K], probabilities, where each class is there or not; empty where exactly one is.</param>
    /// <param name="retired">Those of the classes that nobody says any more; null for none.</param>
    /// <returns>The bytes of an ONNX file.</returns>
    /// <exception cref="ArgumentException">The lengths do not fit together, a name has a line break, or the temperature is not
    /// positive.</exception>
    public static byte[] Write(
        ReadOnlySpan<float> projection,
        ReadOnlySpan<float> projectionBias,
        ReadOnlySpan<float> head,
        ReadOnlySpan<float> headBias,
        float temperature,
        IReadOnlyList<string> classes,
        ReadOnlySpan<float> thresholds = default,
        IReadOnlyList<string>? retired = null)
    {
        ArgumentNullException.ThrowIfNull(classes);
        var (d, k) = (projectionBias.Length, headBias.Length);
        if (d == 0 || projection.Length == 0 || projection.Length % d != 0)
            throw new ArgumentException($"The projection has {projection.Length} values, no multiple of its bias' {d}.",
                nameof(projection));
        if (k == 0 || head.Length != k * d)
            throw new ArgumentException($"The head has {head.Length} values and {k} classes × {d} dimensions are needed.", nameof(head));
        if (classes.Count != k || classes.Any(c => c.AsSpan().ContainsAny('\r', '\n')))
            throw new ArgumentException($"{k} class names without line breaks are needed; {classes.Count} were given.", nameof(classes));
        if (!(temperature > 0 && float.IsFinite(temperature)))
            throw new ArgumentException($"The temperature is {temperature}; it has to be positive.", nameof(temperature));
        if (thresholds.Length > 0 && thresholds.Length != k)
            throw new ArgumentException($"{k} thresholds are needed; {thresholds.Length} were given.", nameof(thresholds));
        var dimensions = projection.Length / d;
        var onnx = new OnnxWriter("winnow-head").Input("embedding", "n", dimensions).Output("probabilities", "n", k);
        var projected = onnx.Node(
            "Gemm",
            ["embedding", onnx.Constant("projection.weight", projection, d, dimensions),
                onnx.Constant("projection.bias", projectionBias, d)],
            null,
            ("transB", 1L));
        var logits = onnx.Node("Gemm", [projected, onnx.Constant("head.weight", head, k, d), onnx.Constant("head.bias", headBias, k)],
            null, ("transB", 1L));
        var tempered = onnx.Node("Div", [logits, onnx.Constant("temperature", [temperature], 1)]);
        onnx.Metadata(ClassesKey, string.Join('\n', classes));
        if (retired is { Count: > 0 }) onnx.Metadata(RetiredKey, string.Join('\n', retired));
        if (thresholds.IsEmpty)
        {
            onnx.Node("Softmax", [tempered], "probabilities", ("axis", 1L));
            return onnx.ToArray();
        }
        onnx.Node("Sigmoid", [tempered], "probabilities");
        var lines = thresholds.ToArray().Select(t => t.ToString("R", CultureInfo.InvariantCulture));
        return onnx.Metadata(ThresholdsKey, string.Join('\n', lines)).ToArray();
    }
}
