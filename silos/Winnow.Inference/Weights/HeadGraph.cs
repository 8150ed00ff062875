namespace Winnow.Inference.Weights;

/// <summary>Writes a trained head with the projection before it as ONNX, so that any runtime can apply it to embeddings.</summary>
public static class HeadGraph
{
    /// <summary>Writes the graph: <c>embedding</c> [n, D] → <c>probabilities</c> [n, K].</summary>
    /// <param name="projection">[d × D].</param>
    /// <param name="projectionBias">[d].</param>
    /// <param name="head">[K × d].</param>
    /// <param name="headBias">[K].</param>
    /// <param name="temperature">Divides the logits.</param>
    /// <param name="classes">K names, kept in the file's metadata, one per line.</param>
    public static byte[] Write(float[] projection, float[] projectionBias, float[] head, float[] headBias, float temperature, IReadOnlyList<string> classes)
    {
        int d = projectionBias.Length, k = headBias.Length, inputs = projection.Length / d;
        var graph = new OnnxWriter("winnow-head");
        var x = graph.Input("embedding", -1, inputs);
        (string, object)[] transposed = [("transB", 1L)];
        var projected = graph.Node("Gemm", [x, graph.Constant(projection, d, inputs), graph.Constant(projectionBias, d)], transposed);
        // The temperature is folded into the weights: logits / T.
        var logits = graph.Node("Gemm", [projected, graph.Constant([.. head.Select(w => w / temperature)], k, d), graph.Constant([.. headBias.Select(b => b / temperature)], k)], transposed);
        graph.Node("Softmax", [logits], [("axis", 1L)], "probabilities");
        graph.Output("probabilities", -1, k);
        graph.Metadata("winnow.classes", string.Join('\n', classes));
        return graph.ToBytes();
    }
}
