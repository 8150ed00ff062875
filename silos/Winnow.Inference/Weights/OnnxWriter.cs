using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Winnow.Inference.Weights;

/// <summary>
/// Writes ONNX files (https://onnx.ai/onnx/repo-docs/IR.html): the few message types of onnx.proto that a graph of convolutions and matrix
/// products needs, in the wire format of Protocol Buffers. Tensors are float32 or int64, little-endian.
/// </summary>
public sealed class OnnxWriter(string graphName)
{
    private const int OpsetVersion = 14;
    private const int IrVersion = 8;

    private readonly ProtoBuffer _nodes = new();
    private readonly ProtoBuffer _initializers = new();
    private readonly ProtoBuffer _inputs = new();
    private readonly ProtoBuffer _outputs = new();
    private readonly ProtoBuffer _metadata = new();
    private int _names;

    /// <summary>Declares an input; a dimension of -1 is free.</summary>
    public string Input(string name, params ReadOnlySpan<long> shape)
    {
        _inputs.Message(11, ValueInfo(name, shape));
        return name;
    }

    /// <summary>Declares an output; a dimension of -1 is free.</summary>
    public void Output(string name, params ReadOnlySpan<long> shape) => _outputs.Message(12, ValueInfo(name, shape));

    /// <summary>Adds a float tensor and returns its name.</summary>
    public string Constant(ReadOnlySpan<float> values, params ReadOnlySpan<long> shape) => Tensor(1, MemoryMarshal.AsBytes(values), shape);

    /// <summary>Adds an int64 tensor and returns its name.</summary>
    public string Constant(ReadOnlySpan<long> values) => Tensor(7, MemoryMarshal.AsBytes(values), [values.Length]);

    /// <summary>Adds a node with one output and returns that output's name.</summary>
    public string Node(string op, IReadOnlyList<string> inputs, IReadOnlyList<(string Name, object Value)>? attributes = null, string? output = null)
    {
        var name = output ?? $"t{_names++}";
        var node = new ProtoBuffer();
        foreach (var input in inputs) node.Text(1, input);
        node.Text(2, name);
        node.Text(3, $"{op}_{name}");
        node.Text(4, op);
        foreach (var (key, value) in attributes ?? []) node.Message(5, Attribute(key, value));
        _nodes.Message(1, node);
        return name;
    }

    /// <summary>Adds a note that readers can find in the model's metadata.</summary>
    public void Metadata(string key, string value)
    {
        var entry = new ProtoBuffer();
        entry.Text(1, key);
        entry.Text(2, value);
        _metadata.Message(14, entry);
    }

    /// <summary>The file.</summary>
    public byte[] ToBytes()
    {
        var graph = new ProtoBuffer();
        graph.Append(_nodes);
        graph.Text(2, graphName);
        graph.Append(_initializers);
        graph.Append(_inputs);
        graph.Append(_outputs);
        var opset = new ProtoBuffer();
        opset.Text(1, "");
        opset.Number(2, OpsetVersion);
        var model = new ProtoBuffer();
        model.Number(1, IrVersion);
        model.Text(2, "Winnow");
        model.Message(7, graph);
        model.Message(8, opset);
        model.Append(_metadata);
        return model.ToArray();
    }

    private string Tensor(int type, ReadOnlySpan<byte> raw, ReadOnlySpan<long> shape)
    {
        var name = $"c{_names++}";
        var tensor = new ProtoBuffer();
        foreach (var d in shape) tensor.Number(1, d);
        tensor.Number(2, type);
        tensor.Text(8, name);
        tensor.Bytes(9, raw);
        _initializers.Message(5, tensor);
        return name;
    }

    private static ProtoBuffer ValueInfo(string name, ReadOnlySpan<long> shape)
    {
        var dims = new ProtoBuffer();
        for (var i = 0; i < shape.Length; i++)
        {
            var dim = new ProtoBuffer();
            if (shape[i] >= 0) dim.Number(1, shape[i]);
            else dim.Text(2, i == 0 ? "n" : $"d{i}");
            dims.Message(1, dim);
        }
        var tensor = new ProtoBuffer();
        tensor.Number(1, 1);
        tensor.Message(2, dims);
        var type = new ProtoBuffer();
        type.Message(1, tensor);
        var info = new ProtoBuffer();
        info.Text(1, name);
        info.Message(2, type);
        return info;
    }

    private static ProtoBuffer Attribute(string name, object value)
    {
        var attribute = new ProtoBuffer();
        attribute.Text(1, name);
        switch (value)
        {
            case float f:
                attribute.Single(2, f);
                attribute.Number(20, 1);
                break;
            case long i:
                attribute.Number(3, i);
                attribute.Number(20, 2);
                break;
            case long[] many:
                foreach (var i in many) attribute.Number(8, i);
                attribute.Number(20, 7);
                break;
            default:
                throw new ArgumentException($"An attribute of type {value.GetType().Name} cannot be written.", nameof(value));
        }
        return attribute;
    }

    private sealed class ProtoBuffer
    {
        private readonly MemoryStream _bytes = new();

        public void Number(int field, long value)
        {
            Varint((ulong)field << 3);
            Varint((ulong)value);
        }

        public void Single(int field, float value)
        {
            Varint(((ulong)field << 3) | 5);
            Span<byte> raw = stackalloc byte[4];
            BinaryPrimitives.WriteSingleLittleEndian(raw, value);
            _bytes.Write(raw);
        }

        public void Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

        public void Bytes(int field, ReadOnlySpan<byte> value)
        {
            Varint(((ulong)field << 3) | 2);
            Varint((ulong)value.Length);
            _bytes.Write(value);
        }

        public void Message(int field, ProtoBuffer value) => Bytes(field, value._bytes.GetBuffer().AsSpan(0, (int)value._bytes.Length));

        public void Append(ProtoBuffer other) => other._bytes.WriteTo(_bytes);

        public byte[] ToArray() => _bytes.ToArray();

        private void Varint(ulong value)
        {
            for (; value >= 0x80; value >>= 7) _bytes.WriteByte((byte)(value | 0x80));
            _bytes.WriteByte((byte)value);
        }
    }
}
