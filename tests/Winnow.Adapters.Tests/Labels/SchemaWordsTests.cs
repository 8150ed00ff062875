using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Adapters.Tests.Labels;

/// <summary>What a change of a schema, a shape or a text is refused for, and whose a name is.</summary>
public sealed class SchemaWordsTests
{
    private static LabelSchema Made(LabelSchema schema, params SchemaChange[] changes)
    {
        var made = SchemaEdit.Apply(schema, changes, out var wrong);
        Assert.Null(wrong);
        return made;
    }

    private static string Refused(LabelSchema schema, params SchemaChange[] changes)
    {
        Assert.Same(schema, SchemaEdit.Apply(schema, changes, out var wrong));
        return wrong!;
    }

    private static readonly LabelSchema Three = new() { Classes = [new("cat"), new("dog"), new("duck")] };

    [Fact]
    public void To_call_a_class_what_it_is_called_is_no_change()
    {
        Assert.Contains("called so already", Refused(Three, new RenameClass("cat", "cat")), StringComparison.Ordinal);
        var tags = Three with { MultiLabel = true, Attributes = [new("seen", AttributeKind.Flag)] };
        Assert.Contains("called so already", Refused(tags, new RenameAttribute("seen", "seen")), StringComparison.Ordinal);
        Assert.Equal("CAT", Made(Three, new RenameClass("cat", "CAT")).Classes[0].Name);
    }

    [Fact]
    public void Classes_with_other_keypoints_are_told_by_their_own_names()
    {
        var schema = new LabelSchema
        {
            Classes = [new("cat"), new("dog") { Keypoints = ["nose"] }],
            Geometries = [Geometry.Keypoints, Geometry.Box],
        };
        var wrong = Refused(schema, new MergeClasses(["cat", "dog"], "pet"));
        Assert.Contains("'dog' and 'cat'", wrong, StringComparison.Ordinal);
        Assert.DoesNotContain("pet", wrong, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_is_read_by_the_version_in_which_it_was_said()
    {
        var renamed = Made(Three, new RenameClass("duck", "old duck"));
        var reused = Made(renamed, new AddClass(new LabelClass("duck")));
        var map = SchemaMap.Of(reused);
        Annotation[] said = [new ClassTag("duck")];
        Assert.Equal("old duck", map.Map(said, 1).Annotations.Single().Class);
        Assert.Equal("duck", map.Map(said, 3).Annotations.Single().Class);
        Assert.Equal("duck", map.Reused(said, 1));
        Assert.Null(map.Reused(said, 3));
        Assert.Null(map.Reused([new ClassTag("cat")], 1));
    }

    [Fact]
    public void A_schema_of_any_version_is_the_first_of_another_dataset()
    {
        var newest = Made(Made(Three, new RenameClass("cat", "tabby")), new RetireClass("dog"), new AddClass(new LabelClass("eel")));
        Assert.NotNull(newest.CheckNew());
        var first = newest.AsFirst();
        Assert.Null(first.CheckNew());
        Assert.Null(first.Check());
        Assert.Equal(["tabby", "duck", "eel"], first.Classes.Select(c => c.Name));
        Assert.Same(Three, Three.AsFirst());
    }

    private static readonly LabelSchema Shapes = new() { Classes = [new("cat"), new("dog")], Geometries = [.. Enum.GetValues<Geometry>()] };

    private static string? Wrong(Annotation one) => AnnotationRules.Check([one], Shapes);

    [Fact]
    public void What_has_no_area_and_no_length_is_refused_as_a_box_without_one_is()
    {
        foreach (var flat in new double[][] { [1, 1, 1, 1, 1, 1], [0, 0, 5, 5, 9, 9], [3, 3, 3.0005, 3, 3, 3.0005] })
        {
            Assert.Contains("needs an area", Wrong(new PolygonAnnotation("cat", flat)), StringComparison.Ordinal);
            Assert.Contains("needs an area", Wrong(new TextAnnotation("cat", flat, "stop")), StringComparison.Ordinal);
            Assert.Contains("needs an area",
                Wrong(new PolygonAnnotation("cat", [0, 0, 9, 0, 9, 9]) { Rings = [flat] }), StringComparison.Ordinal);
        }
        Assert.Contains("needs a length", Wrong(new PolylineAnnotation("cat", [4, 4, 4, 4])), StringComparison.Ordinal);
        // An eight covers something, though its corners add up to nothing.
        Assert.Null(Wrong(new PolygonAnnotation("cat", [0, 0, 10, 10, 10, 0, 0, 10])));
        Assert.Null(Wrong(new PolylineAnnotation("cat", [4, 4, 4, 4.5, 4, 4])));
    }

    [Fact]
    public void What_a_region_reads_is_kept_to_the_character_or_refused()
    {
        foreach (var text in new[] { "two\r\nlines\n", "\u05D0\u200F\u202Bx\u202C", "tab\there", "", "\u2028" })
        {
            var said = new TextAnnotation("cat", [0, 0, 5, 0, 5, 5], text);
            Assert.Null(Wrong(said));
            var kept = new Decision { Kind = DecisionKind.Label, Annotations = [said] }.Cleaned();
            Assert.Equal(text, Assert.IsType<TextAnnotation>(kept.Annotations.Single()).Text);
        }
        foreach (var text in new[] { "\e[2J", "a\0b", "half \uD800" })
            Assert.Contains("at place", Wrong(new TextAnnotation("cat", [0, 0, 5, 0, 5, 5], text)), StringComparison.Ordinal);
    }
}
