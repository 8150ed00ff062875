using System.Text.Json;
using Winnow.Model;
using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Adapters.Tests.Labels;

/// <summary>Names, numbers and texts of annotations, as they are compared and kept.</summary>
public sealed partial class AnnotationRulesTests
{
    [Theory]
    [InlineData("look alike", "Gr\u00F6\u00DFe", "Gro\u0308\u00DFe")]
    [InlineData("differ only in case", "age", "Age")]
    public void Attributes_options_and_keypoints_that_look_alike_are_refused(string why, string one, string other)
    {
        var sound = new LabelSchema { Classes = [new("cat"), new("dog")] };
        LabelSchema[] alike =
        [
            sound with { Attributes = [new(one, AttributeKind.Flag), new(other, AttributeKind.Flag)] },
            sound with { Attributes = [new("a", AttributeKind.Choice) { Options = [one, other] }] },
            sound with { Classes = [new("cat") { Keypoints = [one, other] }, new("dog")] },
        ];
        Assert.All(alike, s => Assert.Contains(why, s.Check(), StringComparison.Ordinal));
        // Those that are stored stay readable.
        Assert.All(alike, s => Assert.Null(s.CheckStored()));
    }

    [Fact]
    public void Attributes_and_options_are_the_same_in_any_Unicode_form_and_are_kept_as_the_schema_has_them()
    {
        var schema = new LabelSchema
        {
            Classes = [new("cat"), new("dog")],
            Attributes =
            [
                new("Fell-Gr\u00F6\u00DFe", AttributeKind.Choice) { Options = ["gro\u0308\u00DFer", "kleiner"], Required = true },
                new("\u00D6de", AttributeKind.Choices) { Options = ["\u00FC", "x"] },
            ],
        }.Composed();
        Annotation Said(params (string Name, AttributeValue Value)[] values) =>
            new ClassTag("cat") { Attributes = values.ToDictionary(v => v.Name, v => v.Value) };
        var decomposed = Said(
            ("Fell-Gro\u0308\u00DFe", AttributeValue.Of("gr\u00F6\u00DFer")), ("O\u0308de", AttributeValue.Of(["u\u0308", "x"])));
        Assert.Null(AnnotationRules.Check([decomposed], schema));
        var kept = AnnotationRules.InWordsOf(decomposed, schema).Attributes!;
        Assert.Equal(AttributeValue.Of("gr\u00F6\u00DFer"), kept["Fell-Gr\u00F6\u00DFe"]);
        Assert.Equal(AttributeValue.Of(["\u00FC", "x"]), kept["\u00D6de"]);
        var plain = Said(("Fell-Gr\u00F6\u00DFe", AttributeValue.Of("kleiner")));
        Assert.Same(plain, AnnotationRules.InWordsOf(plain, schema));
        var twice = Said(("Fell-Gr\u00F6\u00DFe", AttributeValue.Of("kleiner")), ("Fell-Gro\u0308\u00DFe", AttributeValue.Of("kleiner")));
        Assert.Contains("stands twice", AnnotationRules.Check([twice], schema), StringComparison.Ordinal);
        var both = Said(("Fell-Gr\u00F6\u00DFe", AttributeValue.Of("kleiner")), ("\u00D6de", AttributeValue.Of(["\u00FC", "u\u0308"])));
        Assert.Contains("twice", AnnotationRules.Check([both], schema), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("9007199254740991", true)]
    [InlineData("9007199254740992", false)]
    [InlineData("9007199254740993", false)]
    [InlineData("-9007199254740994", false)]
    [InlineData("12345678901234567890", false)]
    [InlineData("1e300", true)]
    [InlineData("0.1", true)]
    public void A_number_is_kept_exactly_or_refused(string number, bool taken)
    {
        var json = $$$"""{"type":"class","class":"cat","attributes":{"age":{{{number}}}}}""";
        if (!taken)
        {
            Assert.Contains("exactly", Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(json, ModelJson.Default.Annotation))
                .Message, StringComparison.Ordinal);
            return;
        }
        var read = JsonSerializer.Deserialize(json, ModelJson.Default.Annotation)!;
        var again = JsonSerializer.Deserialize(JsonSerializer.Serialize(read, ModelJson.Default.Annotation), ModelJson.Default.Annotation);
        Assert.Equal(read.Attributes!["age"], again!.Attributes!["age"]);
    }

    [Fact]
    public void Whatever_number_is_computed_can_be_read_back() => CsCheck.Check.Sample(CsCheck.Gen.Double, number =>
    {
        if (!double.IsFinite(number)) return;
        var tag = new ClassTag("cat") { Attributes = new Dictionary<string, AttributeValue> { ["age"] = AttributeValue.Of(number) } };
        var again = JsonSerializer.Deserialize(JsonSerializer.Serialize<Annotation>(tag, ModelJson.Default.Annotation),
            ModelJson.Default.Annotation);
        Assert.Equal(number, again!.Attributes!["age"].Number);
    });

    [Fact]
    public void What_a_region_reads_is_kept_to_the_character_and_control_characters_are_refused()
    {
        static Decision Said(string text) =>
            new() { Kind = DecisionKind.Label, Annotations = [new TextAnnotation("cat", [0, 0, 9, 0, 9, 9], text)] };
        var written = Said("a\r\nb\rc\n\td\u200f");
        Assert.Equal("a\r\nb\rc\n\td\u200f", ((TextAnnotation)written.Cleaned().Annotations[0]).Text);
        Assert.Null(written.Check(Schema));
        Assert.Contains("the control character U+0007 at place 2", Said("ab\u0007c").Check(Schema), StringComparison.Ordinal);
    }
}
