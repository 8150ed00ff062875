using System.Buffers.Binary;

namespace Winnow.Inference.Backbones;

/// <summary>
/// Builds an ONNX model (onnx.proto of the ONNX project): nodes in the order of computation, float and int64 initialisers, named inputs and outputs.
/// Field numbers are those of onnx.proto.
/// </summary>
public sealed class OnnxWriter
{
    private const int IrVersion = 8;
    private const int OpsetVersion = 17;
    private const int ElementFloat = 1;
    private const int ElementInt64 = 7;

    private readonly ProtobufWriter _graph = new();
    private readonly List<ProtobufWriter> _metadata = [];
    private int _nodes;

    /// <param name="graphName">Shown by tools.</param>
    public OnnxWriter(string graphName) => _graph.String(2, graphName);

    /// <summary>Adds a node and gives back the name of its output.</summary>
    /// <param name="op">Operator of the default domain, opset 17.</param>
    /// <param name="inputs">Names of values.</param>
    /// <param name="output">Name of the output; null makes one up.</param>
    /// <param name="attributes">Values of type long, float, string or long[].</param>
    public string Node(string op, ReadOnlySpan<string> inputs, string? output = null, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        output ??= $"{op}_{_nodes}";
        var node = new ProtobufWriter();
        foreach (var input in inputs)
            node.String(1, input);
        node.String(2, output).String(3, $"{op}.{_nodes++}").String(4, op);
        foreach (var (name, value) in attributes)
            node.Message(5, Attribute(name, value));
        _graph.Message(1, node);
        return output;
    }

    /// <summary>Adds a constant float tensor and gives back its name.</summary>
    /// <exception cref="ArgumentException">The shape does not hold that many values.</exception>
    public string Constant(string name, ReadOnlySpan<float> values, params ReadOnlySpan<long> shape)
    {
        CheckShape(name, values.Length, shape);
        var raw = new byte[values.Length * 4];
        for (var i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(raw.AsSpan(4 * i), values[i]);
        return Initialiser(name, ElementFloat, raw, shape);
    }

    /// <summary>Adds a constant int64 tensor and gives back its name.</summary>
    /// <exception cref="ArgumentException">The shape does not hold that many values.</exception>
    public string Constant(string name, ReadOnlySpan<long> values, params ReadOnlySpan<long> shape)
    {
        CheckShape(name, values.Length, shape);
        var raw = new byte[values.Length * 8];
        for (var i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(raw.AsSpan(8 * i), values[i]);
        return Initialiser(name, ElementInt64, raw, shape);
    }

    /// <summary>Declares a float input; a dimension is a number or a name.</summary>
    public OnnxWriter Input(string name, params ReadOnlySpan<object> shape)
    {
        _graph.Message(11, Value(name, shape));
        return this;
    }

    /// <summary>Declares a float output; a dimension is a number or a name.</summary>
    public OnnxWriter Output(string name, params ReadOnlySpan<object> shape)
    {
        _graph.Message(12, Value(name, shape));
        return this;
    }

    /// <summary>Adds an entry to metadata_props.</summary>
    public OnnxWriter Metadata(string key, string value)
    {
        _metadata.Add(new ProtobufWriter().String(1, key).String(2, value));
        return this;
    }

    /// <summary>The model's bytes; the same calls always give the same bytes.</summary>
    public byte[] ToArray()
    {
        var model = new ProtobufWriter().Varint(1, IrVersion).String(2, "winnow").Message(7, _graph)
            .Message(8, new ProtobufWriter().String(1, "").Varint(2, OpsetVersion));
        foreach (var entry in _metadata)
            model.Message(14, entry);
        return model.ToArray();
    }

    private static void CheckShape(string name, int count, ReadOnlySpan<long> shape)
    {
        var product = 1L;
        foreach (var length in shape)
            product *= length;
        if (product != count)
            throw new ArgumentException($"Constant \"{name}\" has {count} values and its shape [{string.Join(", ", shape.ToArray())}] holds {product}.", nameof(shape));
    }

    private string Initialiser(string name, int type, byte[] raw, ReadOnlySpan<long> shape)
    {
        var tensor = new ProtobufWriter();
        foreach (var length in shape)
            tensor.Varint(1, length);
        _graph.Message(5, tensor.Varint(2, type).String(8, name).Bytes(9, raw));
        return name;
    }

    private static ProtobufWriter Value(string name, ReadOnlySpan<object> shape)
    {
        var dimensions = new ProtobufWriter();
        foreach (var length in shape)
        {
            dimensions.Message(1, length is string symbol
                ? new ProtobufWriter().String(2, symbol)
                : new ProtobufWriter().Varint(1, Convert.ToInt64(length, System.Globalization.CultureInfo.InvariantCulture)));
        }
        var tensor = new ProtobufWriter().Varint(1, ElementFloat).Message(2, dimensions);
        return new ProtobufWriter().String(1, name).Message(2, new ProtobufWriter().Message(1, tensor));
    }

    private static ProtobufWriter Attribute(string name, object value)
    {
        var attribute = new ProtobufWriter().String(1, name);
        switch (value)
        {
            case float number:
                return attribute.Float(2, number).Varint(20, 1);
            case long or int:
                return attribute.Varint(3, Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture)).Varint(20, 2);
            case string text:
                return attribute.String(4, text).Varint(20, 3);
            case long[] numbers:
                foreach (var number in numbers)
                    attribute.Varint(8, number);
                return attribute.Varint(20, 7);
            default:
                throw new ArgumentException($"Attribute \"{name}\" has type {value.GetType().Name}; long, float, string and long[] are written.", nameof(value));
        }
    }
}
