using System.Buffers.Binary;
using System.Globalization;
using Google.Protobuf;

namespace Winnow.Inference.Backbones;

/// <summary>
/// Builds an ONNX model: nodes in the order of computation, float and int64 initialisers, named inputs and outputs. The same calls give the
/// same bytes.
/// </summary>
public sealed class OnnxWriter
{
    private const int IrVersion = 8;
    private const int OpsetVersion = 17;
    private const int ElementFloat = 1;
    private const int ElementInt64 = 7;

    private readonly ModelProto _model;

    /// <param name="graphName">Shown by tools.</param>
    public OnnxWriter(string graphName) => _model = new ModelProto
    {
        IrVersion = IrVersion,
        ProducerName = "winnow",
        Graph = new GraphProto { Name = graphName },
        OpsetImport = { new OperatorSetIdProto { Domain = "", Version = OpsetVersion } },
    };

    private GraphProto Graph => _model.Graph;

    /// <summary>Adds a node and gives back the name of its output.</summary>
    /// <param name="op">Operator of the default domain, opset 17.</param>
    /// <param name="inputs">Names of values.</param>
    /// <param name="output">Name of the output; null makes one up.</param>
    /// <param name="attributes">Values of type long, float, string or long[].</param>
    public string Node(string op, ReadOnlySpan<string> inputs, string? output = null,
        params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        var number = Graph.Node.Count;
        output ??= $"{op}_{number}";
        var node = new NodeProto { Name = $"{op}.{number}", OpType = op, Output = { output } };
        foreach (var input in inputs)
            node.Input.Add(input);
        foreach (var (name, value) in attributes)
            node.Attribute.Add(Attribute(name, value));
        Graph.Node.Add(node);
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
        Graph.Input.Add(Value(name, shape));
        return this;
    }

    /// <summary>Declares a float output; a dimension is a number or a name.</summary>
    public OnnxWriter Output(string name, params ReadOnlySpan<object> shape)
    {
        Graph.Output.Add(Value(name, shape));
        return this;
    }

    /// <summary>Adds an entry to metadata_props.</summary>
    public OnnxWriter Metadata(string key, string value)
    {
        _model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
        return this;
    }

    /// <summary>The model's bytes.</summary>
    public byte[] ToArray() => _model.ToByteArray();

    private static void CheckShape(string name, int count, ReadOnlySpan<long> shape)
    {
        var product = 1L;
        foreach (var length in shape)
            product *= length;
        if (product != count)
            throw new ArgumentException(
                $"Constant \"{name}\" has {count} values and its shape [{string.Join(", ", shape.ToArray())}] holds {product}.",
                nameof(shape));
    }

    private string Initialiser(string name, int type, byte[] raw, ReadOnlySpan<long> shape)
    {
        var tensor = new TensorProto { DataType = type, Name = name, RawData = UnsafeByteOperations.UnsafeWrap(raw) };
        foreach (var length in shape)
            tensor.Dims.Add(length);
        Graph.Initializer.Add(tensor);
        return name;
    }

    private static ValueInfoProto Value(string name, ReadOnlySpan<object> shape)
    {
        var dimensions = new TensorShapeProto();
        foreach (var length in shape)
        {
            dimensions.Dim.Add(length is string symbol
                ? new TensorShapeProto.Types.Dimension { DimParam = symbol }
                : new TensorShapeProto.Types.Dimension { DimValue = Convert.ToInt64(length, CultureInfo.InvariantCulture) });
        }
        var tensor = new TypeProto.Types.Tensor { ElemType = ElementFloat, Shape = dimensions };
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }

    /// <summary>The numbers are those of AttributeProto.AttributeType.</summary>
    private static AttributeProto Attribute(string name, object value) => value switch
    {
        float number => new AttributeProto { Name = name, F = number, Type = 1 },
        long or int => new AttributeProto { Name = name, I = Convert.ToInt64(value, CultureInfo.InvariantCulture), Type = 2 },
        string text => new AttributeProto { Name = name, S = ByteString.CopyFromUtf8(text), Type = 3 },
        long[] numbers => new AttributeProto { Name = name, Ints = { numbers }, Type = 7 },
        _ => throw new ArgumentException(
            $"Attribute \"{name}\" has type {value.GetType().Name}; long, float, string and long[] are written.", nameof(value)),
    };
}
