using Winnow.Model.Datasets;
using Winnow.Model.Images.Buckets;
using Winnow.Model.Labels;
using Winnow.Model.Names;
using Winnow.Model.Review;
using Winnow.Testing;

namespace Winnow.Adapters.Tests.Names;

/// <summary>The rule for texts of others: what is refused, what is kept of the rest, and what each place that shows them makes of
/// them.</summary>
[Trait("kind", "security")]
public sealed class TextRuleTests
{
    private static readonly TextAttribute Name = TextRule.Default;
    private static readonly TextAttribute Free = new(TextKind.Free, 40);
    private static readonly TextAttribute Exact = new(TextKind.Exact, 40);

    [Theory, MemberData(nameof(HostileTexts.Kinds), MemberType = typeof(HostileTexts))]
    public void Names_are_refused_and_free_texts_kept_without_what_is_obeyed(string kind)
    {
        var text = HostileTexts.All[kind];
        var refused = TextRule.Check(text, Name);
        Assert.NotNull(refused);
        Assert.Null(HostileTexts.Obeyed(refused));
        Assert.Null(TextRule.Check(text, Free));
        Assert.Null(TextRule.Check(text, Exact));

        string[] shown =
        [
            ShownText.Clean(text), ShownText.Escaped(text), ShownText.Told(text), ShownText.Quote(text), CsvText.Neutralised(text),
            ImageName.Kept(text), FolderName.Of(text), MemberRules(text),
        ];
        foreach (var each in shown)
        {
            Assert.Null(HostileTexts.Obeyed(each));
            Assert.Contains(HostileTexts.Seen, each, StringComparison.Ordinal);
        }
        Assert.Contains("\\u", ShownText.Escaped(text), StringComparison.Ordinal);
    }

    private static string MemberRules(string text) => Winnow.Model.MemberRules.Text("member", text, 100)!;

    [Fact]
    public void Half_a_pair_is_no_name_and_goes_nowhere()
    {
        Assert.NotNull(TextRule.Check("seen\uD800", Name));
        string[] all =
            [ShownText.Clean("a\uD800"), ShownText.Escaped("a\uDC00"), ShownText.Told("a\uD800b"), CsvText.Neutralised("\uDC00=")];
        foreach (var shown in all) Assert.Null(HostileTexts.Obeyed(shown));
    }

    [Fact]
    public void Lengths_are_those_of_what_is_kept()
    {
        Assert.Null(TextRule.Check(new string('x', 40) + "\e\0\u202E", Free));
        Assert.Contains("41 characters; at most 40", TextRule.Check(new string('x', 41), Free)!, StringComparison.Ordinal);
        Assert.Contains("41 characters; at most 40", TextRule.Check(new string('x', 41), Exact)!, StringComparison.Ordinal);
        Assert.NotNull(TextRule.Check(new string('x', TextRule.MaxName + 1), Name));
        Assert.Equal(1_001, ShownText.Told(new string('x', 1_000_000)).Length);
        var pairs = ShownText.Told("x" + string.Concat(Enumerable.Repeat("\uD83D\uDC31", 1_000)));
        Assert.Null(HostileTexts.Obeyed(pairs));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("caf\u00E9 \u6F22\u5B57 \u0639\u0631\u0628\u064A")]
    [InlineData("\uD83D\uDC68\u200D\uD83D\uDC69\u200D\uD83D\uDC67")]
    [InlineData("\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645")]
    public void Other_scripts_are_left_as_they_are(string text)
    {
        Assert.Null(TextRule.Check(text, Name));
        Assert.Same(text, ShownText.Clean(text));
        Assert.Same(text, ShownText.Escaped(text));
    }

    [Theory]
    [InlineData("=cmd|' /C calc'!A0")]
    [InlineData("@SUM(1+1)*cmd|' /C calc'!A0")]
    [InlineData("+1")]
    [InlineData("-1+1")]
    [InlineData(" =1+1")]
    [InlineData("\t=1+1")]
    [InlineData("\u00A0@x")]
    [InlineData("\e=1+1")]
    [InlineData("\u202E=1+1")]
    [InlineData("\uFF1D1")]
    [InlineData("\u200B=1+1")]
    public void No_cell_is_a_formula(string text)
    {
        var cell = CsvText.Neutralised(text);
        Assert.StartsWith("'", cell, StringComparison.Ordinal);
        Assert.Equal(ShownText.Clean(text), CsvText.Restored(cell, ours: true));
    }

    [Theory]
    [InlineData("a;=1+1;b.png", "a;'=1+1;b.png")]
    [InlineData("a; =1+1", "a;' =1+1")]
    [InlineData("a;\"=1+1\"", "a;'\"=1+1\"")]
    [InlineData("a;'=1+1", "a;''=1+1")]
    [InlineData("=1;+2|@x", "'=1;'+2|'@x")]
    [InlineData("a;b.png", "a;b.png")]
    [InlineData("it;'s", "it;'s")]
    public void No_part_of_a_cell_is_a_formula_where_programs_split_at_other_signs(string text, string cell)
    {
        Assert.Equal(cell, CsvText.Neutralised(text));
        Assert.True(CsvText.IsSplit(cell));
        Assert.Equal(text, CsvText.Restored(cell, ours: true));
    }

    [Theory]
    [InlineData("se\u200Ben")]
    [InlineData("seen\u2060")]
    [InlineData("se\uFEFFen")]
    [InlineData("se\u00ADen")]
    [InlineData("\u2063seen")]
    [InlineData("seen\u3164")]
    public void What_nobody_sees_makes_no_other_name_and_stands_in_no_note(string text)
    {
        Assert.NotNull(TextRule.Check(text, Name));
        Assert.NotNull(new LabelSchema { Classes = [new LabelClass(text), new LabelClass("dog")] }.Check());
        Assert.Equal("seen", ShownText.Clean(text));
        Assert.Contains("\\u", ShownText.Escaped(text), StringComparison.Ordinal);
    }

    [Fact]
    public void A_class_that_an_earlier_release_took_is_read_and_has_a_folder()
    {
        var schema = new LabelSchema { Classes = [new LabelClass("se\u200Ben"), new LabelClass("se\u00ADen", "ti\u200Btle")] };
        Assert.Null(schema.CheckStored());
        Assert.All(schema.Classes, c => Assert.Equal(c.Name, FolderName.ToClass(FolderName.Of(c.Name))));
    }

    [Theory]
    [InlineData("#1f77b4", true)]
    [InlineData("#abc", true)]
    [InlineData("#11223344", true)]
    [InlineData("teal", true)]
    [InlineData("#12345", false)]
    [InlineData("#gggggg", false)]
    [InlineData("", false)]
    [InlineData("red;background:url(http://evil.example)", false)]
    [InlineData("expression(alert(1))", false)]
    public void A_colour_has_a_form(string colour, bool sound)
    {
        var schema = new LabelSchema { Classes = [new LabelClass("cat", Color: colour), new LabelClass("dog")] };
        Assert.Equal(sound, schema.Check() is null);
    }

    [Fact]
    public void A_title_has_a_length()
    {
        LabelSchema Of(int length) => new() { Classes = [new LabelClass("cat", new string('x', length)), new LabelClass("dog")] };
        Assert.Null(Of(LabelClass.MaxTitle).Check());
        Assert.Contains("title of class 'cat'", Of(LabelClass.MaxTitle + 1).Check()!, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(HostileTexts.Kinds), MemberType = typeof(HostileTexts))]
    public void Identifiers_of_the_model_refuse_them_in_a_sentence_that_can_be_shown(string kind)
    {
        var text = HostileTexts.All[kind];
        string?[] refusals =
        [
            new LabelSchema { Classes = [new LabelClass(text), new LabelClass("dog")] }.Check(),
            new BucketSource("source", "bucket", text).Check(),
            new BucketSource(text, "bucket").Check(),
            new DatasetSettings { Backbone = text }.Check(),
        ];
        Assert.All(refusals, refusal => Assert.NotNull(refusal));
        Assert.Null(HostileTexts.Obeyed(refusals[0]!));
    }

    [Fact]
    public void A_comment_is_cleaned_with_the_rest_of_its_decision()
    {
        var decision = new Decision { Kind = DecisionKind.Reject, Comment = "two\nlines\e[31m" };
        IFreeText sent = new SubmitDecision(default, Guid.NewGuid(), decision);
        Assert.Equal("two lines[31m", ((SubmitDecision)sent.Cleaned()).Decision.Comment);
    }
}
