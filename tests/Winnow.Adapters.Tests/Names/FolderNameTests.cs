using System.Text;
using CsCheck;
using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Adapters.Tests.Names;

/// <summary>Every class has a folder, on every system, and gets its name back from it.</summary>
public sealed class FolderNameTests
{
    private static readonly string[] Devices = ["CON", "PRN", "AUX", "NUL", "COM1", "LPT9", "com\u00B9", "CONIN$"];

    [Theory]
    [InlineData("cat", "cat")]
    [InlineData("two words", "two words")]
    [InlineData("100%", "100%")]
    [InlineData("50% off", "50% off")]
    [InlineData("Cafe\u0301", "Caf\u00E9")]
    [InlineData("a/b", "a%2Fb")]
    [InlineData("a\\b", "a%5Cb")]
    [InlineData("what?", "what%3F")]
    [InlineData("12:30", "12%3A30")]
    [InlineData(".", "%2E")]
    [InlineData("..", "%2E%2E")]
    [InlineData(".hidden", "%2Ehidden")]
    [InlineData("etc.", "etc%2E")]
    [InlineData("blank ", "blank%20")]
    [InlineData("CON", "%43ON")]
    [InlineData("nul.txt", "%6Eul.txt")]
    [InlineData("console", "console")]
    [InlineData("a%3Ab", "a%253Ab")]
    [InlineData("__MACOSX", "%5F_MACOSX")]
    public void A_class_has_the_folder_of_its_name_where_that_can_be(string name, string folder)
    {
        Assert.Equal(folder, FolderName.Of(name));
        Assert.Equal(TextForm.Composed(name), FolderName.ToClass(folder));
    }

    [Theory]
    [InlineData("my%20photos")]
    [InlineData("%41bc")]
    [InlineData("a%2fb")]
    [InlineData("%")]
    [InlineData("%FF")]
    public void Percent_signs_of_others_are_left_alone(string folder) => Assert.Equal(folder, FolderName.ToClass(folder));

    private static readonly Gen<string> Names = Gen.OneOf(
        Gen.String[Gen.OneOf(Gen.Char[" .%/\\:*?\"<>|~aZ\u00E9e\u0301_#'$09AFaf"], Gen.Char['\0', '\uD7FF'], Gen.Char['\u0300', '\u036F']),
            1, 100],
        Gen.Select(Gen.OneOfConst(Devices), Gen.String[Gen.Char[". aZ%\u0301"], 0, 4], (device, end) => device + end),
        Gen.String[Gen.Char['\u4E00', '\u9FFF'], 70, 100]);

    [Fact]
    public void Every_name_gets_a_folder_that_all_systems_take_and_comes_back_from_it() => Names.Sample(name =>
    {
        var folder = FolderName.Of(name);
        AssertTaken(folder);
        if (!FolderName.IsCut(folder)) Assert.Equal(TextForm.Composed(name), FolderName.ToClass(folder));
        else Assert.Equal(folder, FolderName.ToClass(folder));
        Assert.True(FolderName.IsWritten(folder), folder);
    }, iter: 20_000);

    [Fact]
    public void A_cut_name_is_known_as_one_that_is_written() => Names.Sample(name =>
    {
        // Two that differ in case alone: the second is cut, however short.
        var folders = new ClassIndex(new LabelSchema { Classes = [new("x" + name), new("X" + name)] }).Folders;
        Assert.True(FolderName.IsCut(folders[1]), folders[1]);
        Assert.All(folders, f => Assert.True(FolderName.IsWritten(f), f));
    }, iter: 5_000);

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData(".git")]
    [InlineData("__MACOSX")]
    [InlineData("CON")]
    [InlineData("a\\b")]
    [InlineData("a\u001Bb")]
    [InlineData("a\u202Eb")]
    [InlineData("blank ")]
    [InlineData("%2e")]
    [InlineData("%41bc")]
    [InlineData("%FF")]
    [InlineData("%~0123456789abcdef")]
    [InlineData(".git%~0123456789abcdef")]
    public void What_no_class_has_is_not_written(string folder)
    {
        Assert.False(FolderName.IsWritten(folder));
        Assert.False(FolderName.IsWritten(folder + new string('x', 300)));
    }

    /// <summary>What Windows, macOS and Linux say about names of files, written down once more.</summary>
    private static void AssertTaken(string folder)
    {
        Assert.InRange(Encoding.UTF8.GetByteCount(folder), 1, 255);
        Assert.DoesNotContain(folder, c => c is < ' ' or '\u007F' or '<' or '>' or ':' or '"' or '/' or '\\' or '|' or '?' or '*');
        Assert.False(folder.StartsWith('.') || folder.StartsWith(' ') || folder.EndsWith('.') || folder.EndsWith(' '), folder);
        Assert.DoesNotContain(folder.Split('.')[0].TrimEnd(), Devices, StringComparer.OrdinalIgnoreCase);
    }

    [Fact]
    public void Folders_of_a_schema_are_apart_on_every_system_and_found_again()
    {
        var longName = new string('\u6F22', 99);
        // A schema of before such classes were refused.
        string[] names = ["cat", "Cat", "CAT", "Caf\u00E9", "Cafe\u0301", longName + "\u5B57", longName + "\u540D"];
        var schema = new LabelSchema { Classes = [.. names.Select(n => new LabelClass(n))] };
        var classes = new ClassIndex(schema);
        Assert.Equal("cat", classes.Folders[0]);
        Assert.Equal(schema.Classes.Count, classes.Folders.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(classes.Folders, AssertTaken);
        foreach (var i in new[] { 0, 1, 2, 3, 5, 6 }) Assert.Equal(i, classes.Find(FolderName.ToClass(classes.Folders[i])));
    }
}
