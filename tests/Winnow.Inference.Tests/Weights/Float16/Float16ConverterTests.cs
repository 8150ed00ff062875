using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Winnow.Inference.Backbones;
using Winnow.Inference.Scoring;
using Winnow.Inference.Tests.Scoring;
using Winnow.Inference.Weights.Float16;

namespace Winnow.Inference.Tests.Weights.Float16;

/// <summary>Graphs before and after, run by ONNX Runtime, whose types are strict.</summary>
public sealed class Float16ConverterTests
{
    private const int Int = 2;

    [Fact]
    public void Weights_are_rounded_and_input_and_output_stay_float32()
    {
        var onnx = new OnnxWriter("g").Input("x", "n", 3).Output("y", "n", 3).Metadata("key", "kept");
        onnx.Node("Mul", ["x", onnx.Constant("w", [0.1f, 1 / 3f, 70_000], 3)], "y");
        var half = Float16Converter.Convert(onnx.ToArray());
        Assert.Equal(half, Float16Converter.Convert(onnx.ToArray()));
        Assert.Equal([(float)(Half)0.1f, (float)(Half)(1 / 3f), 65_504], Run(half, [1, 1, 1], [1, 3]));
        using var options = Device.Cpu.CreateSessionOptions();
        using var session = new InferenceSession(half, options);
        Assert.Equal(typeof(float), session.InputMetadata["x"].ElementType);
        Assert.Equal(typeof(float), session.OutputMetadata["y"].ElementType);
        Assert.Equal("kept", session.ModelMetadata.CustomMetadataMap["key"]);
    }

    [Fact]
    public void Values_as_numbers_and_as_bytes_give_the_same()
    {
        float[] values = [0.1f, -2.5f, 1e-9f];
        var bytes = new TensorProto
        {
            DataType = Float16Tensor.Float,
            Dims = { 3 },
            RawData = ByteString.CopyFrom([.. values.SelectMany(BitConverter.GetBytes)]),
        };
        var numbers = new TensorProto { DataType = Float16Tensor.Float, Dims = { 3 }, FloatData = { values } };
        Float16Tensor.Convert(bytes);
        Float16Tensor.Convert(numbers);
        Assert.Equal(bytes, numbers);
        Assert.Equal((Float16Tensor.Half, 6), (bytes.DataType, bytes.RawData.Length));
        var whole = new TensorProto { DataType = 7, Dims = { 1 }, RawData = ByteString.CopyFrom(BitConverter.GetBytes(5L)) };
        var before = whole.Clone();
        Float16Tensor.Convert(whole);
        Assert.Equal(before, whole);
        Assert.Contains("[4] and holds 3",
            Assert.Throws<WeightsUnavailableException>(() =>
                Float16Tensor.Convert(new TensorProto { DataType = Float16Tensor.Float, Dims = { 4 }, FloatData = { values } })).Message);
    }

    [Theory]
    [InlineData(1f, 1f)]
    [InlineData(65_519f, 65_504f)]
    [InlineData(65_520f, 65_504f)]
    [InlineData(float.MaxValue, 65_504f)]
    [InlineData(float.MinValue, -65_504f)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity, float.NegativeInfinity)]
    [InlineData(float.NaN, float.NaN)]
    [InlineData(0f, 0f)]
    [InlineData(1e-12f, 1 / 16_777_216f)]
    [InlineData(-1e-12f, -1 / 16_777_216f)]
    public void Values_out_of_range_become_the_last_one_in_it(float value, float expected) =>
        Assert.Equal(expected, (float)Float16Tensor.Nearest(value));

    [Fact]
    public void Every_way_to_write_a_constant_is_converted()
    {
        var model = Model("x", "y",
            Node("Constant", [], "a",
                Attribute("value", new TensorProto { DataType = Float16Tensor.Float, Dims = { 2 }, FloatData = { 1, 2 } })),
            Node("Constant", [], "b", new AttributeProto { Name = "value_float", F = 10, Type = 1 }),
            Node("Constant", [], "c", new AttributeProto { Name = "value_floats", Floats = { 100, 200 }, Type = 6 }),
            Node("Constant", [], "shape",
                Attribute("value", new TensorProto
                {
                    DataType = 7,
                    Dims = { 1 },
                    RawData = ByteString.CopyFrom(BitConverter.GetBytes(2L))
                })),
            Node("ConstantOfShape", ["shape"], "zeros"),
            Node("ConstantOfShape", ["shape"], "thousands",
                Attribute("value", new TensorProto { DataType = Float16Tensor.Float, Dims = { 1 }, FloatData = { 1000 } })),
            Node("Cast", ["shape"], "two", new AttributeProto { Name = "to", I = Float16Tensor.Float, Type = Int }),
            Node("Sum", ["x", "a", "b", "c", "zeros", "thousands", "two"], "y"));
        Assert.Equal([1 + 1 + 10 + 100 + 1000 + 2, 1 + 2 + 10 + 200 + 1000 + 2],
            Run(Float16Converter.Convert(model.ToByteArray()), [1, 1], [2]));
    }

    [Fact]
    public void An_output_that_others_read_and_an_input_that_is_an_output_stay_usable()
    {
        var model = Model("x", "y", Node("Add", ["x", "x"], "y"), Node("Mul", ["y", "x"], "z"));
        model.Graph.Output.Add(Value("z"));
        var half = Float16Converter.Convert(model.ToByteArray());
        Assert.Equal([6], Run(half, [3], [1]));
        Assert.Equal([18], Run(half, [3], [1], "z"));
    }

    [Fact]
    public void Weights_that_are_inputs_too_are_converted_as_before_IR_version_4()
    {
        var model = Model("x", "y", Node("Mul", ["x", "w"], "y"));
        model.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = Float16Tensor.Float, Dims = { 1 }, FloatData = { 0.1f } });
        model.Graph.Input.Add(Value("w"));
        Assert.Equal([(float)(Half)0.1f], Run(Float16Converter.Convert(model.ToByteArray()), [1], [1]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Scales_of_a_resize_are_not_rounded(bool asNode)
    {
        // In float16, 1.3 is a little less, and 10 pixels would become 12.
        var scales = new TensorProto { Name = "scales", DataType = Float16Tensor.Float, Dims = { 4 }, FloatData = { 1, 1, 1.3f, 1.3f } };
        var resize = Node("Resize", ["x", "", "scales"], "y");
        var model = asNode ? Model("x", "y", Node("Constant", [], "scales", Attribute("value", scales)), resize) : Model("x", "y", resize);
        if (!asNode)
            model.Graph.Initializer.Add(scales);
        Assert.Equal(13 * 13, Run(Float16Converter.Convert(model.ToByteArray()), new float[100], [1, 1, 10, 10]).Length);
    }

    [Fact]
    public void Types_of_values_in_between_are_found_anew()
    {
        var model = Model("x", "y", Node("Relu", ["x"], "between"), Node("Add", ["between", "x"], "y"));
        model.Graph.ValueInfo.Add(Value("between"));
        Assert.Equal([4], Run(Float16Converter.Convert(model.ToByteArray()), [2], [1]));
    }

    [Fact]
    public void A_branch_without_floats_is_left_alone()
    {
        var model = Model("x", "y", Branch(7, 5L),
            Node("Cast", ["picked"], "five", new AttributeProto { Name = "to", I = Float16Tensor.Float, Type = Int }),
            Node("Add", ["x", "five"], "y"));
        model.Graph.Initializer.Add(new TensorProto { Name = "yes", DataType = 9, RawData = ByteString.CopyFrom(1) });
        Assert.Equal([6], Run(Float16Converter.Convert(model.ToByteArray()), [1], [1]));
    }

    [Fact]
    public void What_cannot_be_converted_is_refused_with_the_reason()
    {
        Refused("no ONNX file", "no model at all"u8.ToArray());
        Refused("no graph", []);
        Refused("\"Round\"", With(m => m.Functions.Add(new FunctionProto { Name = "Round" })));
        Refused("sparse", With(m => m.Graph.SparseInitializer.Add(new SparseTensorProto())));
        Refused("external data",
            With(m => m.Graph.Initializer.Add(
                new TensorProto
                {
                    Name = "w",
                    DataType = Float16Tensor.Float,
                    DataLocation = 1,
                    ExternalData = { new StringStringEntryProto { Key = "location", Value = "w.bin" } }
                })));
        Refused("quantised", With(m => m.Graph.Node.Add(Node("DequantizeLinear", ["x", "s"], "q"))));
        Refused("quantised", With(m => m.Graph.Node.Add(Node("MatMulInteger", ["x", "s"], "q"))));
        Refused("branches and loops", With(m => m.Graph.Node.Add(Branch(Float16Tensor.Float, 0L))));
        Refused("computes its scales", With(m => m.Graph.Node.Add(Node("Resize", ["x", "", "y"], "q"))));
    }

    [Fact]
    public void A_conversion_of_a_conversion_changes_nothing_that_is_computed()
    {
        var once = Float16Converter.Convert(TinyModels.ChannelMeans(scale: 0.3f));
        var image = Enumerable.Range(0, 3 * 64).Select(i => i / 192f).ToArray();
        Assert.Equal(Run(once, image, [1, 3, 8, 8], "embedding", "input"),
            Run(Float16Converter.Convert(once), image, [1, 3, 8, 8], "embedding", "input"));
    }

    private static void Refused(string reason, byte[] onnx) =>
        Assert.Contains(reason, Assert.Throws<WeightsUnavailableException>(() => Float16Converter.Convert(onnx)).Message);

    private static byte[] With(Action<ModelProto> change)
    {
        var model = Model("x", "y", Node("Relu", ["x"], "y"));
        change(model);
        return model.ToByteArray();
    }

    private static ModelProto Model(string input, string output, params NodeProto[] nodes)
    {
        // What the conversion does not look at, is taken from a written model: versions and the graph's name.
        var onnx = new OnnxWriter("g");
        onnx.Node("Relu", ["x"]);
        var model = ModelProto.Parser.ParseFrom(onnx.ToArray());
        model.Graph.Node.Clear();
        model.Graph.Node.AddRange(nodes);
        model.Graph.Input.Add(Value(input));
        model.Graph.Output.Add(Value(output));
        return model;
    }

    private static NodeProto Branch(int type, long number)
    {
        var constant = new TensorProto { DataType = type, Dims = { 1 }, RawData = ByteString.CopyFrom(BitConverter.GetBytes(number)) };
        var graph = ModelProto.Parser.ParseFrom(new OnnxWriter("branch").ToArray()).Graph;
        graph.Node.Add(Node("Constant", [], "inner", Attribute("value", constant)));
        graph.Output.Add(Value("inner", type));
        return Node("If", ["yes"], "picked", new AttributeProto { Name = "then_branch", G = graph, Type = 5 },
            new AttributeProto { Name = "else_branch", G = graph.Clone(), Type = 5 });
    }

    private static NodeProto Node(string op, string[] inputs, string output, params AttributeProto[] attributes) =>
        new() { OpType = op, Name = output + ".node", Input = { inputs }, Output = { output }, Attribute = { attributes } };

    private static AttributeProto Attribute(string name, TensorProto value) => new() { Name = name, T = value, Type = 4 };

    private static ValueInfoProto Value(string name, int type = Float16Tensor.Float) => new()
    {
        Name = name,
        Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = type } },
    };

    private static float[] Run(byte[] model, float[] values, long[] shape, string output = "y", string input = "x")
    {
        using var options = Device.Cpu.CreateSessionOptions();
        using var session = new InferenceSession(model, options);
        using var run = new RunOptions();
        using var x = OrtValue.CreateTensorValueFromMemory(values, shape);
        using var results = session.Run(run, [input], [x], [output]);
        return results[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
