using System.Text.Json;
using Winnow.Model;
using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Adapters.Tests.Labels;

/// <summary>Which annotations a schema takes, and how they are written.</summary>
public sealed partial class AnnotationRulesTests
{
    private static readonly LabelSchema Schema = new()
    {
        Classes = [new("cat"), new("dog") { Keypoints = ["nose", "tail"], Skeleton = [0, 1] }],
        Geometries = [.. Enum.GetValues<Geometry>()],
        MultiLabel = true,
        Attributes =
        [
            new("occluded", AttributeKind.Flag),
            new("age", AttributeKind.Number),
            new("note", AttributeKind.Text),
            new("pose", AttributeKind.Choice) { Options = ["left", "right"], Classes = ["dog"], Required = true },
            new("marks", AttributeKind.Choices) { Options = ["spots", "stripes"] },
        ],
    };

    private static readonly Dictionary<string, AttributeValue> Left = new() { ["pose"] = AttributeValue.Of("left") };

    private static readonly Dictionary<string, Annotation> Sound = new()
    {
        ["class"] = new ClassTag("cat"),
        ["box"] = new BoxAnnotation("cat", new Box(1, 2, 3, 4)),
        ["turned box"] = new BoxAnnotation("cat", new Box(1, 2, 3, 4) { Rotation = -30.5 }) { Crowd = true, Confidence = 0.25 },
        ["polygon"] = new PolygonAnnotation("cat", [0, 0, 9, 0, 9, 9]) { Rings = [[2, 1, 4, 1, 4, 2], [20, 20, 30, 20, 30, 30]] },
        ["polyline"] = new PolylineAnnotation("cat", [0, 0, 5, 5]),
        ["keypoints"] = new KeypointsAnnotation("dog", [3, 4, 2, 0, 0, 0]) { Attributes = Left },
        ["mask"] = new MaskAnnotation("cat", new RunLengthMask(2, 2, [1, 3])),
        ["text"] = new TextAnnotation("cat", [0, 0, 5, 0, 5, 5], "stop"),
        ["attributes"] = new ClassTag("cat")
        {
            Id = "a1",
            Source = "yolo",
            Attributes = new Dictionary<string, AttributeValue>
            {
                ["occluded"] = AttributeValue.Of(true),
                ["age"] = AttributeValue.Of(2.5),
                ["note"] = AttributeValue.Of("old"),
                ["marks"] = AttributeValue.Of(["spots", "stripes"]),
            },
        },
    };

    public static TheoryData<string> Names => [.. Sound.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_shape_is_taken_and_read_back_as_it_was_written(string name)
    {
        Assert.Null(Schema.Check());
        Assert.Null(AnnotationRules.Check([Sound[name]], Schema));
        var decision = new Decision { Kind = DecisionKind.Label, Annotations = [Sound[name]] }.Cleaned();
        var json = JsonSerializer.Serialize(decision, ModelJson.Default.Decision);
        var read = JsonSerializer.Deserialize(json, ModelJson.Default.Decision)!;
        Assert.Equal(json, JsonSerializer.Serialize(read.Cleaned(), ModelJson.Default.Decision));
        Assert.Null(read.Check(Schema));
        Assert.Equal(Sound[name].Attributes?.OrderBy(a => a.Key), read.Annotations[0].Attributes?.OrderBy(a => a.Key));
    }

    [Fact]
    public void What_an_annotation_does_not_say_takes_no_room()
    {
        Assert.Equal("""{"type":"class","class":"cat","confidence":null}""",
            JsonSerializer.Serialize<Annotation>(new ClassTag("cat"), ModelJson.Default.Annotation));
        var schema = new LabelSchema { Classes = [new("cat"), new("dog")] };
        Assert.DoesNotContain("keypoints", JsonSerializer.Serialize(schema, ModelJson.Default.LabelSchema), StringComparison.Ordinal);
        Assert.DoesNotContain("attributes", JsonSerializer.Serialize(schema, ModelJson.Default.LabelSchema), StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_is_written_in_one_way()
    {
        static string Written(params (string Name, AttributeValue Value)[] attributes) => JsonSerializer.Serialize(
            new Decision
            {
                Kind = DecisionKind.Label,
                Annotations = [new ClassTag("cat") { Attributes = attributes.ToDictionary(a => a.Name, a => a.Value) }],
            }.Cleaned(), ModelJson.Default.Decision);
        Assert.Equal(
            Written(("age", AttributeValue.Of(1)), ("note", AttributeValue.Of("a b"))),
            Written(("note", AttributeValue.Of("a\nb")), ("age", AttributeValue.Of(1))));
        Assert.Equal(Written(), JsonSerializer.Serialize(
            new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag("cat")] }, ModelJson.Default.Decision));
        static double Turned(double degrees) => ((BoxAnnotation)new Decision
        {
            Kind = DecisionKind.Label,
            Annotations = [new BoxAnnotation("cat", new Box(0, 0, 1, 1) { Rotation = degrees })],
        }.Cleaned().Annotations[0]).Box.Rotation;
        Assert.Equal((270, 0, 90, 0), (Turned(-90), Turned(0), Turned(90), Turned(-double.Epsilon)));
    }

    private static Annotation With(string attribute, AttributeValue value) =>
        new ClassTag("cat") { Attributes = new Dictionary<string, AttributeValue> { [attribute] = value } };

    public static TheoryData<string, Annotation[]> Wrong => new()
    {
        { "'bird' is not in the label schema", [new ClassTag("bird")] },
        { "Class 'cat' stands twice", [new ClassTag("cat"), new ClassTag("cat")] },
        { "id 'a' stands twice", [new ClassTag("cat") { Id = "a" }, new BoxAnnotation("cat", new Box(0, 0, 1, 1)) { Id = "a" }] },
        { "1 to 64 characters", [new ClassTag("cat") { Id = "" }] },
        { "Confidence 1.5", [new ClassTag("cat") { Confidence = 1.5 }] },
        { "finite coordinates", [new BoxAnnotation("cat", new Box(double.NaN, 0, 1, 1))] },
        { "finite coordinates", [new BoxAnnotation("cat", new Box(double.MaxValue, 0, double.MaxValue, 1))] },
        { "at least 0.001 pixels", [new BoxAnnotation("cat", new Box(0, 0, 0, 1))] },
        { "rotation", [new BoxAnnotation("cat", new Box(0, 0, 1, 1) { Rotation = 360 })] },
        { "rotation", [new BoxAnnotation("cat", new Box(0, 0, 1, 1) { Rotation = double.NaN })] },
        { "three points", [new PolygonAnnotation("cat", [0, 0, 1, 1])] },
        { "ring needs at least three", [new PolygonAnnotation("cat", [0, 0, 1, 0, 1, 1]) { Rings = [[0, 0]] }] },
        { "two points", [new PolylineAnnotation("cat", [0, 0])] },
        { "finite", [new PolylineAnnotation("cat", [0, 0, double.PositiveInfinity, 1])] },
        { "has 2 keypoints, not 1", [new KeypointsAnnotation("dog", [1, 1, 2]) { Attributes = Left }] },
        { "visibility must be 0", [new KeypointsAnnotation("cat", [1, 1, 3])] },
        { "at least one that is labelled", [new KeypointsAnnotation("cat", [0, 0, 0])] },
        { "x0, y0, v0", [new KeypointsAnnotation("cat", [0, 0])] },
        { "add up to 3", [new MaskAnnotation("cat", new RunLengthMask(2, 2, [3]))] },
        { "at least one pixel", [new MaskAnnotation("cat", new RunLengthMask(2, 2, [4]))] },
        { "cannot be negative", [new MaskAnnotation("cat", new RunLengthMask(2, 2, [5, -1]))] },
        { "'colour' is not in the label schema", [With("colour", AttributeValue.Of("red"))] },
        { "'pose' is not of class 'cat'", [With("pose", AttributeValue.Of("left"))] },
        { "'dog' must have attribute 'pose'", [new ClassTag("dog")] },
        { "must be true or false", [With("occluded", AttributeValue.Of("yes"))] },
        { "must be a finite number", [With("age", AttributeValue.Of(double.NaN))] },
        { "must be a text", [With("note", AttributeValue.Of(1))] },
        { "must be an array", [With("marks", AttributeValue.Of("spots"))] },
        { "options are spots, stripes", [With("marks", AttributeValue.Of(["dots"]))] },
        { "twice", [With("marks", AttributeValue.Of(["spots", "spots"]))] },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_named(string why, Annotation[] annotations) =>
        Assert.Contains(why, AnnotationRules.Check(annotations, Schema)!, StringComparison.Ordinal);

    [Fact]
    public void One_class_alone_stands_where_the_schema_has_one_label() =>
        Assert.Contains("More than one class",
            AnnotationRules.Check([new ClassTag("cat"), new ClassTag("dog") { Attributes = Left }], Schema with { MultiLabel = false })!,
            StringComparison.Ordinal);

    [Fact]
    public void Nothing_is_an_answer_where_any_number_of_things_may_be_there()
    {
        var nothing = new Decision { Kind = DecisionKind.Label };
        Assert.Null(nothing.Check(Schema));
        Assert.Null(nothing.Check(Schema with { MultiLabel = false, Geometries = [Geometry.Box] }));
        Assert.Contains("at least one", nothing.Check(Schema with { MultiLabel = false, Geometries = [Geometry.Class] })!,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'age' stands twice", "age", AttributeKind.Flag)]
    [InlineData("is a choice and has no options", "kind", AttributeKind.Choice)]
    [InlineData("1 to 100 printable", "", AttributeKind.Flag)]
    public void Attributes_of_a_schema_are_checked(string why, string name, AttributeKind kind) =>
        Assert.Contains(why, (Schema with { Attributes = [.. Schema.Attributes!, new(name, kind)] }).Check()!, StringComparison.Ordinal);

    [Fact]
    public void Options_and_classes_of_attributes_and_keypoints_are_checked()
    {
        string? With(LabelAttribute attribute) => (Schema with { Attributes = [attribute] }).Check();
        Assert.Contains("is no choice", With(new("a", AttributeKind.Flag) { Options = ["x"] }), StringComparison.Ordinal);
        Assert.Contains("stands twice", With(new("a", AttributeKind.Choice) { Options = ["x", "x"] }), StringComparison.Ordinal);
        Assert.Contains("which the schema has not", With(new("a", AttributeKind.Flag) { Classes = ["bird"] }), StringComparison.Ordinal);
        string? Of(LabelClass one) => (Schema with { Classes = [one, new("dog")] }).Check();
        Assert.Contains("'a' of class 'cat' stands twice", Of(new("cat") { Keypoints = ["a", "a"] }), StringComparison.Ordinal);
        Assert.Contains("names keypoint 1", Of(new("cat") { Keypoints = ["a"], Skeleton = [0, 1] }), StringComparison.Ordinal);
        Assert.Contains("two by two", Of(new("cat") { Keypoints = ["a"], Skeleton = [0] }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"type":"class","class":"cat","attributes":{"age":null}}""")]
    [InlineData("""{"type":"class","class":"cat","attributes":{"age":{}}}""")]
    [InlineData("""{"type":"class","class":"cat","attributes":{"marks":[1]}}""")]
    [InlineData("""{"type":"class","class":"cat","attributes":{"marks":["spots"}}""")]
    public void A_value_of_another_kind_is_a_fault_of_the_JSON_or_of_the_decision(string json)
    {
        try
        {
            var read = JsonSerializer.Deserialize(json, ModelJson.Default.Annotation)!;
            Assert.NotNull(AnnotationRules.Check([read], Schema));
        }
        catch (JsonException)
        {
            // The web answers it with the place that is wrong.
        }
    }

    [Fact]
    public void A_label_is_one_class_alone_where_nothing_else_is_asked_and_what_is_stored_is_checked()
    {
        var schema = Schema with { MultiLabel = false, Geometries = [Geometry.Class] };
        Assert.False(schema.IsOneClass);
        Assert.True((schema with { Attributes = null }).IsOneClass);
        Assert.False((schema with { Attributes = null, MultiLabel = true }).IsOneClass);
        Assert.False((schema with { Attributes = null, Geometries = [Geometry.Class, Geometry.Box] }).IsOneClass);
        Assert.Null(schema.CheckStored());
        Assert.Contains("is null", (schema with { Attributes = [null!] }).CheckStored()!, StringComparison.Ordinal);
        var decomposed = new LabelSchema
        {
            Classes = [new("Cafe\u0301"), new("dog")],
            Attributes = [new("a", AttributeKind.Flag) { Classes = ["Cafe\u0301"], Required = true }],
        };
        Assert.Contains("must have attribute 'a'", AnnotationRules.Check([new ClassTag("Caf\u00E9")], decomposed.Composed())!,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Schemas_are_the_same_by_what_they_say()
    {
        static LabelSchema Made() => new()
        {
            Classes = [new("cat") { Keypoints = ["nose"] }, new("dog")],
            Attributes = [new("a", AttributeKind.Choice) { Options = ["x"] }],
        };
        Assert.True(Made().IsSame(Made()));
        Assert.False(Made().IsSame(Made() with { MultiLabel = true }));
        Assert.False(Made().IsSame(Made() with { Attributes = null }));
    }
}
