using Google.Protobuf;
using Winnow.Inference.Backbones;
using Winnow.Inference.Weights.Float16;

namespace Winnow.Inference.Tests.Weights.Float16;

/// <summary>
/// Makes a graph of float32 nodes compute what a device with float16 weights and activations does, in float32: every weight and every
/// result is rounded to 11 bits.
/// </summary>
internal static class RoundedActivations
{
    /// <summary>Name of an output [1, 1]: the largest activation of the graph.</summary>
    public const string Peak = "peak";

    /// <param name="onnx">All its nodes give float32.</param>
    public static byte[] Of(byte[] onnx)
    {
        var model = ModelProto.Parser.ParseFrom(onnx);
        var graph = model.Graph;
        foreach (var tensor in graph.Initializer)
            Round(tensor);
        graph.Initializer.Add(Number("split", (1 << 13) + 1));
        var nodes = graph.Node.ToList();
        graph.Node.Clear();
        Round(graph, "input", "input/rounded");
        var peaks = new List<string>();
        foreach (var node in nodes)
        {
            var (name, exact) = (node.Output[0], node.Output[0] + "/exact");
            for (var i = 0; i < node.Input.Count; i++)
                node.Input[i] = node.Input[i] == "input" ? "input/rounded" : node.Input[i];
            node.Output[0] = exact;
            graph.Node.Add(node);
            Round(graph, exact, name);
            Add(graph, "Abs", name + "/abs", name);
            Add(graph, "ReduceMax", name + "/max", name + "/abs").Attribute.Add(new AttributeProto { Name = "keepdims", I = 0, Type = 2 });
            peaks.Add(name + "/max");
        }
        Add(graph, "Max", "peak/number", [.. peaks]);
        graph.Initializer.Add(
            new TensorProto
            {
                Name = "peak/shape",
                DataType = 7,
                Dims = { 2 },
                RawData = ByteString.CopyFrom([.. BitConverter.GetBytes(1L), .. BitConverter.GetBytes(1L)])
            });
        Add(graph, "Reshape", Peak, "peak/number", "peak/shape");
        graph.Output.Add(new ValueInfoProto
        {
            Name = Peak,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = Float16Tensor.Float } }
        });
        return model.ToByteArray();
    }

    /// <summary>
    /// T. J. Dekker, "A floating-point technique for extending the available precision" (1971): t = x · (2^13 + 1), t − (t − x) has the
    /// first 24 − 13 bits of x.
    /// </summary>
    private static void Round(GraphProto graph, string from, string to)
    {
        Add(graph, "Mul", to + "/split", from, "split");
        Add(graph, "Sub", to + "/rest", to + "/split", from);
        Add(graph, "Sub", to, to + "/split", to + "/rest");
    }

    private static void Round(TensorProto tensor)
    {
        var floats = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(tensor.RawData.Span);
        if (tensor.DataType == Float16Tensor.Float)
            tensor.RawData = ByteString.CopyFrom(
                [.. floats.ToArray().SelectMany(v => BitConverter.GetBytes((float)Float16Tensor.Nearest(v)))]);
    }

    private static TensorProto Number(string name, float value) => new()
    {
        Name = name,
        DataType = Float16Tensor.Float,
        RawData = ByteString.CopyFrom(BitConverter.GetBytes(value)),
    };

    private static NodeProto Add(GraphProto graph, string op, string output, params string[] inputs)
    {
        var node = new NodeProto { OpType = op, Name = output + "/node", Output = { output }, Input = { inputs } };
        graph.Node.Add(node);
        return node;
    }
}
