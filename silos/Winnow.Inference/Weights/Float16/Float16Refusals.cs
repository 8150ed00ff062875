using Winnow.Inference.Backbones;

namespace Winnow.Inference.Weights.Float16;

/// <summary>
/// What a graph must not have if it is to be converted: all that would need types of values in between, which only an inference over all
/// operators tells.
/// </summary>
internal static class Float16Refusals
{
    private const int External = 1;

    /// <exception cref="WeightsUnavailableException">There is something of it; the message says what and where.</exception>
    public static void Check(ModelProto model)
    {
        if (model.Graph is not { Node.Count: > 0 } graph)
            throw new WeightsUnavailableException("It has no graph; is it an ONNX file?");
        if (model.Functions.Count > 0)
            throw new WeightsUnavailableException(
                $"It defines functions of its own (\"{model.Functions[0].Name}\"); export it with functions inlined.");
        if (graph.SparseInitializer.Count > 0)
            throw new WeightsUnavailableException("It has sparse weights; export it with dense ones.");
        foreach (var tensor in graph.Initializer)
            CheckTensor(tensor);
        foreach (var node in graph.Node)
            CheckNode(node);
    }

    /// <summary>How messages call a node.</summary>
    public static string Name(NodeProto node) =>
        node.HasName && node.Name.Length > 0 ? $"\"{node.Name}\" ({node.OpType})" : $"{node.OpType} of \"{node.Output.FirstOrDefault()}\"";

    private static void CheckNode(NodeProto node)
    {
        // Such as QLinearConv, ConvInteger, DequantizeLinear and MatMulNBits: their scales are float32, and whole numbers gain nothing by
        // float16.
        if (node.OpType.Contains("quantize", StringComparison.OrdinalIgnoreCase)
            || node.OpType.StartsWith("QLinear", StringComparison.Ordinal)
            || node.OpType.EndsWith("Integer", StringComparison.Ordinal) || node.OpType.EndsWith("NBits", StringComparison.Ordinal))
        {
            throw new WeightsUnavailableException($"Node {Name(node)} belongs to a quantised model, which has a precision of its own.");
        }
        foreach (var attribute in node.Attribute)
        {
            if (attribute.SparseTensor is not null)
                throw new WeightsUnavailableException($"Node {Name(node)} has a sparse tensor; export it as a dense one.");
            foreach (var tensor in Tensors(attribute))
                CheckTensor(tensor);
            if (Graphs(attribute).Any(HasFloats))
                throw new WeightsUnavailableException(
                    $"Node {Name(node)} has a float32 in a graph of its own; export the model without branches and loops.");
        }
    }

    private static void CheckTensor(TensorProto tensor)
    {
        if (tensor.DataLocation == External || tensor.ExternalData.Count > 0)
            throw new WeightsUnavailableException(
                $"Tensor \"{tensor.Name}\" lies in a file of its own (external data); save the model as one file.");
    }

    private static bool HasFloats(GraphProto graph) =>
        graph.SparseInitializer.Count > 0
        || graph.Initializer.Any(t => t.DataType == Float16Tensor.Float)
        || graph.Input.Concat(graph.Output).Concat(graph.ValueInfo).Any(v => v.Type?.TensorType?.ElemType == Float16Tensor.Float)
        || graph.Node.Any(n => n.OpType == "ConstantOfShape" || n.Attribute.Any(a => IsFloat(n, a)));

    private static bool IsFloat(NodeProto node, AttributeProto attribute) =>
        attribute.SparseTensor is not null
        || Tensors(attribute).Any(t => t.DataType == Float16Tensor.Float)
        || (node.OpType == "Constant" && attribute.Name is "value_float" or "value_floats")
        || (attribute.Name is "to" or "dtype" && attribute.I == Float16Tensor.Float)
        || Graphs(attribute).Any(HasFloats);

    private static IEnumerable<TensorProto> Tensors(AttributeProto attribute) =>
        attribute.T is { } one ? attribute.Tensors.Append(one) : attribute.Tensors;

    private static IEnumerable<GraphProto> Graphs(AttributeProto attribute) =>
        attribute.G is { } one ? attribute.Graphs.Append(one) : attribute.Graphs;
}
