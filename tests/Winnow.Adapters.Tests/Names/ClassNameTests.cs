using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Adapters.Tests.Names;

/// <summary>Which classes a schema may have together, and by which names they are found.</summary>
public sealed class ClassNameTests
{
    private static LabelSchema Schema(params string[] names) => new() { Classes = [.. names.Select(n => new LabelClass(n))] };

    [Theory]
    [InlineData("only in case", "cat", "Cat")]
    [InlineData("only in case", "cat", "dog", "DOG")]
    [InlineData("only in case", "stra\u00DFe", "STRASSE")]
    [InlineData("only in case or in marks that are not seen", "cat", "ca\u200Ct")]
    [InlineData("'ca\\u200Bt' must have 1 to 100 printable", "cat", "ca\u200Bt")]
    [InlineData("look alike", "Caf\u00E9", "Cafe\u0301")]
    [InlineData("look alike", "cat", " cat")]
    [InlineData("look alike", "cat", "cat\u00A0")]
    [InlineData("stands twice", "cat", "cat")]
    [InlineData("that nobody can see", "cat", "\u200B")]
    [InlineData("that nobody can see", "cat", " ")]
    [InlineData("printable", "cat", "a\tb")]
    [InlineData("printable", "cat", "")]
    [InlineData("no name", "cat", null)]
    public void Classes_that_people_would_mistake_for_each_other_are_refused(string why, params string?[] names) =>
        Assert.Contains(why, Schema(names!).Check()!, StringComparison.Ordinal);

    [Fact]
    public void Half_a_pair_is_no_character() => Assert.Contains("printable", Schema("cat", "a\uD800b").Check()!, StringComparison.Ordinal);

    [Fact]
    public void Any_other_name_may_be_a_class() =>
        Assert.Null(Schema("cat", "a/b", "..", "CON", "x:y", "caf\u00E9", "cafe", "=SUM(A1)", "\uD83D\uDC31", "100 %").Check());

    [Fact]
    public void A_class_is_found_by_its_name_in_any_form_and_in_no_other_case()
    {
        var schema = Schema("Cafe\u0301", "dog", " bird");
        foreach (var find in new Func<string, int>[] { schema.IndexOf, new ClassIndex(schema).Find })
        {
            Assert.Equal(0, find("Caf\u00E9"));
            Assert.Equal(0, find("Cafe\u0301"));
            Assert.Equal(1, find(" dog "));
            Assert.Equal(2, find("bird"));
            Assert.Equal(-1, find("Dog"));
            Assert.Equal(-1, find("cat"));
        }
        Assert.Null(AnnotationRules.Check([new ClassTag("Caf\u00E9")], schema));
        Assert.Equal("Caf\u00E9", schema.Composed().Classes[0].Name);
    }

    [Theory]
    [InlineData("cta", "cat")]
    [InlineData("Cat", "cat")]
    [InlineData("brid", "bird")]
    [InlineData("elephant", null)]
    public void A_slip_of_the_pen_is_recognised(string written, string? meant) =>
        Assert.Equal(meant, new ClassIndex(Schema("cat", "dog", "bird")).Nearest(written));

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("-5", "'-5")]
    [InlineData("+49", "'+49")]
    [InlineData("@home", "'@home")]
    [InlineData("\uFF1D1", "'\uFF1D1")]
    [InlineData("'tis", "''tis")]
    [InlineData("''", "'''")]
    [InlineData("plain=text", "plain=text")]
    [InlineData("", "")]
    public void Cells_that_a_spreadsheet_would_run_are_text_and_come_back(string text, string cell)
    {
        Assert.Equal(cell, CsvText.Neutralised(text));
        Assert.Equal(text, CsvText.Restored(cell, ours: true));
    }

    [Fact]
    public void Apostrophes_of_others_stay() => Assert.Equal("''tis", CsvText.Restored("''tis", ours: false));
}
