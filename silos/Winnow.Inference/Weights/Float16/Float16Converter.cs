using Google.Protobuf;
using Winnow.Inference.Backbones;

namespace Winnow.Inference.Weights.Float16;

/// <summary>
/// Makes an ONNX graph of float32 compute in float16. Inputs and outputs stay float32: a Cast stands behind each input and before each
/// output.
/// </summary>
/// <remarks>
/// Every float32 of the graph becomes float16, so no type of a value in between has to be known. What has to stay float32 by the operator's
/// definition is left (scales of Resize) or refused; what is overlooked is refused by ONNX Runtime, whose types are strict, when it loads
/// the result.
/// </remarks>
internal sealed class Float16Converter
{
    private readonly GraphProto _graph;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<NodeProto> _exact = new(ReferenceEqualityComparer.Instance);
    private readonly List<TensorProto> _exactTensors = [];

    private Float16Converter(GraphProto graph)
    {
        _graph = graph;
        foreach (var node in graph.Node)
        {
            _names.Add(node.Name);
            _names.UnionWith(node.Input);
            _names.UnionWith(node.Output);
        }
        _names.UnionWith(graph.Initializer.Select(t => t.Name));
        _names.UnionWith(graph.Input.Concat(graph.Output).Select(v => v.Name));
    }

    /// <summary>Converts a model. The result depends on the bytes alone.</summary>
    /// <param name="onnx">An ONNX file.</param>
    /// <returns>An ONNX file with the same inputs and outputs.</returns>
    /// <exception cref="WeightsUnavailableException">It cannot be converted; the message says why.</exception>
    public static byte[] Convert(byte[] onnx)
    {
        ModelProto model;
        try
        {
            model = ModelProto.Parser.ParseFrom(onnx);
        }
        catch (InvalidProtocolBufferException broken)
        {
            throw new WeightsUnavailableException($"It is no ONNX file: {broken.Message}", broken);
        }
        Float16Refusals.Check(model);
        new Float16Converter(model.Graph).Convert();
        return model.ToByteArray();
    }

    private void Convert()
    {
        KeepScales();
        foreach (var tensor in _graph.Initializer)
            Float16Tensor.Convert(tensor);
        foreach (var node in _graph.Node.Where(n => !_exact.Contains(n)))
            ConvertNode(node);
        _graph.Initializer.AddRange(_exactTensors);
        CastInputs();
        CastOutputs();
        // Types of values in between: the runtime finds them anew.
        _graph.ValueInfo.Clear();
    }

    /// <summary>
    /// Scales and regions of Resize are float32 by its definition, and rounded ones would give other sizes: they get copies of their own.
    /// </summary>
    private void KeepScales()
    {
        var initialisers = _graph.Initializer.ToDictionary(t => t.Name, StringComparer.Ordinal);
        var constants = _graph.Node.Where(n => n.OpType == "Constant").ToDictionary(n => n.Output[0], StringComparer.Ordinal);
        foreach (var node in _graph.Node.Where(n => n.OpType is "Resize" or "Upsample").ToList())
        {
            // The fourth input is sizes, whole numbers.
            for (var i = 1; i < Math.Min(3, node.Input.Count); i++)
            {
                var name = node.Input[i];
                if (name.Length == 0)
                    continue;
                if (initialisers.TryGetValue(name, out var tensor))
                {
                    var copy = tensor.Clone();
                    copy.Name = node.Input[i] = Fresh(name, "float32");
                    _exactTensors.Add(copy);
                }
                else if (constants.TryGetValue(name, out var constant))
                {
                    var copy = constant.Clone();
                    copy.Output[0] = node.Input[i] = Fresh(name, "float32");
                    copy.Name = Fresh(constant.Name, "float32");
                    _exact.Add(copy);
                    _graph.Node.Insert(0, copy);
                }
                else
                {
                    throw new WeightsUnavailableException(
                        $"Node {Float16Refusals.Name(node)} computes its scales (\"{name}\"); rounded to float16 they would give other "
                        + $"sizes. Export it with constant scales, or with sizes.");
                }
            }
        }
    }

    private static void ConvertNode(NodeProto node)
    {
        foreach (var attribute in node.Attribute)
        {
            if (attribute.T is { } tensor)
                Float16Tensor.Convert(tensor);
            foreach (var one in attribute.Tensors)
                Float16Tensor.Convert(one);
            if (attribute.Name is "to" or "dtype" && attribute.I == Float16Tensor.Float)
                attribute.I = Float16Tensor.Half;
        }
        if (node.OpType == "Constant" && node.Attribute.FirstOrDefault(a => a.Name is "value_float" or "value_floats") is { } value)
        {
            var scalar = value.Name == "value_float";
            node.Attribute[node.Attribute.IndexOf(value)] = Tensor(scalar ? [value.F] : value.Floats, scalar);
        }
        else if (node.OpType == "ConstantOfShape" && node.Attribute.All(a => a.Name != "value"))
        {
            // Without a value it gives float32 zeros.
            node.Attribute.Add(Tensor([0], scalar: false));
        }
    }

    private static AttributeProto Tensor(IReadOnlyCollection<float> values, bool scalar)
    {
        const int TypeTensor = 4;
        var tensor = new TensorProto { DataType = Float16Tensor.Float };
        if (!scalar)
            tensor.Dims.Add(values.Count);
        tensor.FloatData.Add(values);
        Float16Tensor.Convert(tensor);
        return new AttributeProto { Name = "value", T = tensor, Type = TypeTensor };
    }

    private void CastInputs()
    {
        var initialisers = _graph.Initializer.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var input in _graph.Input.Where(IsFloat))
        {
            if (initialisers.Contains(input.Name))
            {
                // Before IR version 4 weights were inputs too, with themselves as default.
                input.Type.TensorType.ElemType = Float16Tensor.Half;
                continue;
            }
            var half = Fresh(input.Name, "float16");
            RenameInputs(input.Name, half);
            _graph.Node.Insert(0, Cast(input.Name, half, Float16Tensor.Half));
        }
    }

    private void CastOutputs()
    {
        foreach (var output in _graph.Output.Where(IsFloat))
        {
            // No node: an input that is an output too, which was float32 and stays it.
            for (var n = 0; n < _graph.Node.Count; n++)
            {
                var at = _graph.Node[n].Output.IndexOf(output.Name);
                if (at < 0)
                    continue;
                var half = Fresh(output.Name, "float16");
                RenameInputs(output.Name, half);
                _graph.Node[n].Output[at] = half;
                _graph.Node.Insert(n + 1, Cast(half, output.Name, Float16Tensor.Float));
                break;
            }
        }
    }

    private void RenameInputs(string from, string to)
    {
        foreach (var node in _graph.Node)
        {
            for (var i = 0; i < node.Input.Count; i++)
            {
                if (node.Input[i] == from)
                    node.Input[i] = to;
            }
        }
    }

    private NodeProto Cast(string from, string to, int type)
    {
        const int TypeInt = 2;
        return new NodeProto
        {
            OpType = "Cast",
            Name = Fresh(from, "cast"),
            Input = { from },
            Output = { to },
            Attribute = { new AttributeProto { Name = "to", I = type, Type = TypeInt } },
        };
    }

    private static bool IsFloat(ValueInfoProto value) => value.Type?.TensorType?.ElemType == Float16Tensor.Float;

    private string Fresh(string name, string suffix)
    {
        var fresh = $"{name}/{suffix}";
        for (var i = 1; !_names.Add(fresh); i++)
            fresh = $"{name}/{suffix}{i}";
        return fresh;
    }
}
