using System.Text.Json;
using CsCheck;
using Winnow.Model;
using Winnow.Model.Labels;

namespace Winnow.Adapters.Tests.Labels;

/// <summary>What was said under any version counts as the newest says, whatever happened in between.</summary>
public sealed class SchemaMapTests
{
    private static Annotation[] SetOf(IEnumerable<string> names) =>
        [.. names.Select((n, i) => i % 2 == 0 ? (Annotation)new ClassTag(n) : new BoxAnnotation(n, new Box(i, 0, 5, 5)))];

    private static ClassTag Posed(string name, IEnumerable<string> options) => new(name)
    {
        Attributes = new Dictionary<string, AttributeValue> { [SchemaHistory.Pose] = AttributeValue.Of([.. options]) },
    };

    private static string JsonOf(IReadOnlyList<Annotation> set) => JsonSerializer.Serialize(set, ModelJson.Default.IReadOnlyListAnnotation);

    [Fact]
    public void Labels_of_every_version_count_as_a_plain_model_says() => SchemaHistory.Steps.Sample(steps =>
    {
        var history = SchemaHistory.Of(steps);
        var map = SchemaMap.Of(history.Newest);
        for (var v = 0; v < history.Versions.Count; v++)
            foreach (var (name, thing) in history.Bearers[v])
            {
                var (mapped, ask) = map.Map([new ClassTag(name)], v + 1);
                Assert.Equal((thing.Now.Name, thing.Now.Asks), (mapped.Single().Class, ask));
                var place = map.FindClass(name, v + 1);
                Assert.Equal(name, map.NameAt(place, v + 1));
                Assert.Equal(thing.Now.Asks ? null : thing.Now.Name, map.NameOf(place));
                Assert.Equal(thing.Now.Gone ? -1 : history.Newest.IndexOf(thing.Now.Name), map.Learned(place));
            }
    });

    [Fact]
    public void Options_of_every_version_count_as_a_plain_model_says() => SchemaHistory.Steps.Sample(steps =>
    {
        var history = SchemaHistory.Of(steps);
        var map = SchemaMap.Of(history.Newest);
        for (var v = 0; v < history.Versions.Count; v++)
        {
            var (names, nobody) = (history.Options[v], history.Bearers[v].Keys.First());
            var mapped = map.Map([Posed(nobody, names.Keys)], v + 1).Annotations.Single();
            Assert.Equal(names.Values.Select(o => o.Now.Name).Distinct(), mapped.Attributes![SchemaHistory.Pose].Several!);
            Assert.Null(AnnotationRules.CheckEarlier([mapped], history.Newest));
        }
    });

    [Fact]
    public void To_map_to_one_version_and_on_to_a_later_one_is_to_map_to_the_later_one() =>
        Gen.Select(SchemaHistory.Steps, Gen.Int[0, 1_000], Gen.Int[0, 1_000]).Sample((steps, one, other) =>
        {
            var history = SchemaHistory.Of(steps);
            var first = one % history.Versions.Count;
            var second = first + other % (history.Versions.Count - first);
            Annotation[] said =
            [
                .. SetOf(history.Bearers[first].Keys), Posed(history.Bearers[first].Keys.First(), history.Options[first].Keys.Reverse()),
            ];
            var direct = SchemaMap.Of(history.Newest).Map(said, first + 1);
            var between = SchemaMap.Of(history.Versions[second]).Map(said, first + 1);
            var onwards = SchemaMap.Of(history.Newest).Map(between.Annotations, second + 1);
            Assert.Equal(JsonOf(direct.Annotations), JsonOf(onwards.Annotations));
            Assert.Equal(direct.Ask, onwards.Ask);
        });

    [Fact]
    public void What_is_mapped_already_is_the_same_object_when_it_is_mapped_again() => SchemaHistory.Steps.Sample(steps =>
    {
        var history = SchemaHistory.Of(steps);
        var map = SchemaMap.Of(history.Newest);
        var once = map.Map(SetOf(history.Bearers[0].Keys), 1).Annotations;
        Assert.Same(once, map.Map(once, history.Newest.Number).Annotations);
    });

    [Fact]
    public void Places_are_never_given_twice_and_every_version_is_sound() => SchemaHistory.Steps.Sample(steps =>
    {
        var history = SchemaHistory.Of(steps);
        for (var v = 0; v < history.Versions.Count; v++)
        {
            var (schema, number) = (history.Versions[v], v + 1);
            Assert.Null(schema.CheckStored());
            Assert.Equal((number, schema.Classes.Count), (schema.Number, history.Newest.ClassesAt(number)));
            Assert.Equal(schema.Classes.Select(c => c.Name), history.Newest.NamesAt(number));
            Assert.Equal(schema.Classes.Count, schema.Classes.Select(c => c.Name).Distinct().Count());
            // Each option stands where it was added, under the name that it bears.
            Assert.Equal(history.Options[v].Keys, schema.Attributes!.Single().Options);
            var json = JsonSerializer.Serialize(schema, ModelJson.Default.LabelSchema);
            Assert.True(schema.IsSame(JsonSerializer.Deserialize(json, ModelJson.Default.LabelSchema)!));
        }
    });

    [Fact]
    public void A_class_that_is_called_otherwise_and_back_is_the_same_to_models_and_labels()
    {
        var first = new LabelSchema { Classes = [new("cat"), new("dog")] };
        var there = SchemaEdit.Apply(first, [new RenameClass("cat", "puma")], out var wrong);
        Assert.Null(wrong);
        var back = SchemaEdit.Apply(there, [new RenameClass("puma", "cat"), new RecolourClass("cat", "teal")], out wrong);
        Assert.Null(wrong);
        Assert.True(back.Serves(null));
        var said = new[] { new ClassTag("cat") };
        Assert.Same(said, SchemaMap.Of(back).Map(said, 1).Annotations);
        Assert.Same(said, SchemaMap.Of(back).Map(said, 3).Annotations);
        Assert.Equal("cat", SchemaMap.Of(back).Map([new ClassTag("puma")], 2).Annotations.Single().Class);
        Assert.Equal([new FormerName("cat", 1), new FormerName("puma", 2)], back.Classes[0].Former);
    }

    [Fact]
    public void Of_two_classes_that_are_one_by_now_an_image_bears_one_and_shapes_stay_two()
    {
        var sets = new LabelSchema
        {
            Classes = [new("cat"), new("dog")],
            Geometries = [Geometry.Class, Geometry.Box],
            MultiLabel = true,
            Attributes = [new("wild", AttributeKind.Flag) { Classes = ["cat"], Required = true }],
        };
        var merged = SchemaEdit.Apply(sets, [new MergeClasses(["cat", "dog"], "pet"), new RenameAttribute("wild", "feral")], out var wrong);
        Assert.Null(wrong);
        var wild = new Dictionary<string, AttributeValue> { ["wild"] = AttributeValue.Of(true) };
        Annotation[] said =
        [
            new ClassTag("cat") { Attributes = wild }, new ClassTag("dog"),
            new BoxAnnotation("cat", new Box(0, 0, 1, 1)) { Attributes = wild }, new BoxAnnotation("dog", new Box(0, 0, 1, 1)),
        ];
        var mapped = SchemaMap.Of(merged).Map(said, 1).Annotations;
        Assert.Equal(["ClassTag pet", "BoxAnnotation pet", "BoxAnnotation pet"], mapped.Select(a => $"{a.GetType().Name} {a.Class}"));
        Assert.Equal("feral", mapped[0].Attributes!.Single().Key);
        // The attribute is required of what the class became, and what was said without it stands.
        Assert.Null(AnnotationRules.CheckEarlier(mapped, merged));
        Assert.Contains("must have attribute 'feral'", AnnotationRules.Check([new ClassTag("pet")], merged)!, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_says_a_class_of_before_is_told_what_became_of_it()
    {
        var first = new LabelSchema { Classes = [new("cat"), new("dog"), new("bird")] };
        var renamed = SchemaEdit.Apply(first, [new RenameClass("cat", "puma")], out _);
        var merged = SchemaEdit.Apply(renamed, [new MergeClasses(["dog"], "puma"), new SplitClass("bird", ["duck", "hen"])], out var wrong);
        Assert.Null(wrong);
        string Said(string name) => AnnotationRules.Check([new ClassTag(name)], merged)!;
        Assert.Contains("it is called 'puma' since version 2", Said("cat"), StringComparison.Ordinal);
        Assert.Contains("retired in version 3", Said("dog"), StringComparison.Ordinal);
        Assert.Contains("Say 'puma'.", Said("dog"), StringComparison.Ordinal);
        Assert.Contains("Say one of 'duck', 'hen'.", Said("bird"), StringComparison.Ordinal);
        Assert.Equal((-1, 0), (new ClassIndex(merged).Find("dog"), new ClassIndex(merged).Find("puma")));
    }

    [Fact]
    public void Who_chooses_an_option_of_before_is_told_what_became_of_it()
    {
        var first = new LabelSchema
        {
            Classes = [new("cat"), new("dog")],
            Attributes = [new("pose", AttributeKind.Choice) { Options = ["left", "right", "up"] }],
        };
        var made = SchemaEdit.Apply(first, [new RenameOption("pose", "left", "port")], out var wrong);
        Assert.Null(wrong);
        made = SchemaEdit.Apply(made, [new MergeOptions("pose", ["right"], "port"), new RetireOption("pose", "up")], out wrong);
        Assert.Null(wrong);
        Annotation Of(string option) => new ClassTag("cat")
        {
            Attributes = new Dictionary<string, AttributeValue> { ["pose"] = AttributeValue.Of(option) },
        };
        string? Said(string option) => AnnotationRules.Check([Of(option)], made);
        Assert.Contains("is called 'port' since version 2", Said("left")!, StringComparison.Ordinal);
        Assert.Contains("retired in version 3 of the label schema, and is chosen no more. Choose 'port'.", Said("right")!,
            StringComparison.Ordinal);
        Assert.EndsWith("chosen no more.", Said("up")!, StringComparison.Ordinal);
        Assert.EndsWith("its options are port.", Said("down")!, StringComparison.Ordinal);
        Assert.Null(Said("port"));
        // What was said stands, as what it counts as.
        string Read(string option, int version) =>
            SchemaMap.Of(made).Map([Of(option)], version).Annotations.Single().Attributes!["pose"].Text!;
        Assert.Equal(("port", "port", "up"), (Read("left", 1), Read("right", 1), Read("up", 2)));
        Assert.Null(AnnotationRules.CheckEarlier([Of("up")], made));
    }

    public static TheoryData<string, SchemaChange[]> RefusedOptions => new()
    {
        { "has no option 'down'", [new RenameOption("pose", "down", "below")] },
        { "Attribute 'size' is not in the label schema", [new RenameOption("size", "left", "port")] },
        { "Option 'right' of attribute 'pose' stands twice", [new RenameOption("pose", "left", "right")] },
        { "differ only in case", [new RenameOption("pose", "left", "RIGHT")] },
        { "alone is nothing to merge", [new MergeOptions("pose", ["left"], "left")] },
        { "'options' names none", [new MergeOptions("pose", [], "left")] },
        { "has no options", [new RetireOption("pose", "left"), new RetireOption("pose", "right")] },
        { "retired in version 2", [new RetireOption("pose", "left"), new RenameOption("pose", "left", "port")] },
        { "retired in version 2", [new RetireOption("pose", "left"), new MergeOptions("pose", ["right"], "left")] },
        { "is new in this version", [new AddOptions("pose", ["up"]), new RetireOption("pose", "up")] },
        { "has no past", [new AddAttribute(new LabelAttribute("size", AttributeKind.Choice)
            { Options = ["s"], OptionsPast = [new OptionPast(0) { Retired = 2 }] })] },
    };

    [Theory, MemberData(nameof(RefusedOptions))]
    public void A_change_of_options_that_cannot_be_made_says_why(string why, SchemaChange[] changes)
    {
        var schema = new LabelSchema
        {
            Classes = [new("cat"), new("dog")],
            Attributes = [new("pose", AttributeKind.Choice) { Options = ["left", "right"] }],
        };
        Assert.Same(schema, SchemaEdit.Apply(schema, changes, out var wrong));
        Assert.Contains(why, wrong!, StringComparison.Ordinal);
    }

    public static TheoryData<string, OptionPast[]> Unsound => new()
    {
        { "optionsPast must name options by their places", [new OptionPast(2)] },
        { "optionsPast must name options by their places", [new OptionPast(1), new OptionPast(1)] },
        { "optionsPast.retired must be", [new OptionPast(0) { Retired = 9 }] },
        { "is not retired", [new OptionPast(0) { Into = 1 }] },
        { "leads to no option", [new OptionPast(0) { Retired = 2, Into = 7 }] },
        { "leads to no option", [new OptionPast(0) { Retired = 2, Into = 0 }] },
        { "former has a name that none can have", [new OptionPast(0) { Former = [new FormerName("", 1)] }] },
        { "former.through must be", [new OptionPast(0) { Former = [new FormerName("west", 2)] }] },
    };

    [Theory, MemberData(nameof(Unsound))]
    public void A_stored_schema_whose_options_have_no_sound_past_is_not_read(string why, OptionPast[] pasts)
    {
        var schema = new LabelSchema
        {
            Version = 2,
            Classes = [new("cat"), new("dog")],
            Attributes = [new("pose", AttributeKind.Choice) { Options = ["left", "right"], OptionsPast = pasts }],
        };
        Assert.Contains(why, schema.CheckStored()!, StringComparison.Ordinal);
    }

    public static TheoryData<string, SchemaChange[]> Refused => new()
    {
        { "is not in the label schema", [new RenameClass("cow", "bull")] },
        { "stands twice", [new RenameClass("cat", "dog")] },
        { "differ only in case", [new AddClass(new LabelClass("CAT"))] },
        { "alone is nothing to merge", [new MergeClasses(["cat"], "cat")] },
        { "must name at least two", [new SplitClass("cat", ["tom"])] },
        { "cannot be a part of itself", [new SplitClass("cat", ["cat", "tom"])] },
        { "needs 2 to", [new RetireClass("cat"), new RetireClass("dog")] },
        { "retired in version 2", [new RetireClass("cat"), new RenameClass("cat", "tom")] },
        { "is new in this version", [new AddClass(new LabelClass("cow")), new RetireClass("cow")] },
        { "another kind of label", [new AddAttribute(new LabelAttribute("wild", AttributeKind.Flag))] },
        { "has no past", [new AddClass(new LabelClass("cow") { Since = 2 })] },
        { "needs 1 to 1000 changes", [] },
        { "cannot be 'no colour'", [new RecolourClass("cat", "no colour")] },
    };

    [Theory, MemberData(nameof(Refused))]
    public void A_version_is_made_whole_or_not_at_all(string why, SchemaChange[] changes)
    {
        var schema = new LabelSchema { Classes = [new("cat"), new("dog"), new("bird")] };
        var made = SchemaEdit.Apply(schema, changes, out var wrong);
        Assert.Same(schema, made);
        Assert.Contains(why, wrong!, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("kind", "security")]
    public void A_list_of_a_change_names_each_once_and_all_of_them_no_more_than_a_version_needs()
    {
        var schema = new LabelSchema { Classes = [.. Enumerable.Range(0, 1_000).Select(i => new LabelClass($"c{i}"))] };
        string? Wrong(params SchemaChange[] changes)
        {
            SchemaEdit.Apply(schema, changes, out var wrong);
            return wrong;
        }
        Assert.Contains("'classes' names ' c1' twice", Wrong(new MergeClasses(["c1", "c2", " c1"], "c0")), StringComparison.Ordinal);
        Assert.Contains("'into' names 'c1' twice", Wrong(new SplitClass("c0", ["c1", "c1"])), StringComparison.Ordinal);
        Assert.Contains("in all", Wrong(new MergeClasses([.. Enumerable.Range(0, SchemaEdit.MostNamed + 1).Select(i => $"x{i}")], "c0")),
            StringComparison.Ordinal);
        Assert.Null(Wrong(new MergeClasses([.. Enumerable.Range(0, 900).Select(c => $"c{c}")], "c999")));
        // Names are found as earlier changes left them.
        Assert.Null(Wrong(new RenameClass("c1", "tmp"), new RenameClass("c2", "c1"), new RenameClass("tmp", "c2"), new RetireClass("c2")));
        Assert.Contains("'tmp' is not in", Wrong(new RenameClass("c1", "tmp"), new RenameClass("tmp", "c1"), new RetireClass("tmp")),
            StringComparison.Ordinal);
    }
}
