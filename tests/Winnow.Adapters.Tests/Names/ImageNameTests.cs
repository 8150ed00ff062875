using CsCheck;
using Winnow.Model.Names;
using Winnow.Testing;

namespace Winnow.Adapters.Tests.Names;

/// <summary>Every image has a name that can be shown in one line, and images of different names keep different ones.</summary>
public sealed class ImageNameTests
{
    [Theory]
    [InlineData("a/b c.png", "a/b c.png")]
    [InlineData("./a//b.png", "%2E/a/%2Fb.png")]
    [InlineData("/lead.png", "%2Flead.png")]
    [InlineData("//a///b/", "%2F%2Fa/%2F%2Fb%2F")]
    [InlineData("/ a /", "%2F%20a%20%2F")]
    [InlineData("/\u0301.png", "%2F%CC%81.png")]
    [InlineData("%2Flead.png", "%252Flead.png")]
    [InlineData("a/%2Fb%2F", "a/%252Fb%252F")]
    [InlineData("b%5Cc.png", "b%5Cc.png")]
    [InlineData("/", "%2F")]
    [InlineData("C:\\pictures\\cat.png", "C:/pictures/cat.png")]
    [InlineData("../a.png", "%2E%2E/a.png")]
    [InlineData("a\nb.png", "a%0Ab.png")]
    [InlineData(" lead.png", "%20lead.png")]
    [InlineData("f /trail.png ", "f%20/trail.png%20")]
    [InlineData("a\u202Eb.png", "a%E2%80%AEb.png")]
    [InlineData("100%.png", "100%.png")]
    [InlineData("my%2Ffolder.png", "my%2Ffolder.png")]
    [InlineData("my%20photos/1.png", "my%20photos/1.png")]
    [InlineData("my%20/1.png", "my%2520/1.png")]
    [InlineData("a%0Ab.png", "a%250Ab.png")]
    [InlineData("a%250Ab.png", "a%25250Ab.png")]
    [InlineData("%~0123.png", "%25~0123.png")]
    [InlineData("a\n\u0301.png", "a%0A%CC%81.png")]
    [InlineData("Cafe\u0301.png", "Cafe\u0301.png")]
    [InlineData("", "unnamed")]
    public void A_name_is_kept_with_what_cannot_be_shown_as_its_code(string given, string kept)
    {
        Assert.Equal(kept, ImageName.Kept(given));
        Assert.Equal(kept, ImageName.Stored(kept));
    }

    [Fact]
    public void Keys_of_a_bucket_that_differ_are_kept_apart()
    {
        string[] keys =
        [
            "d/x.png", "d\\x.png", "d//x.png", "d/./x.png", "d%5Cx.png", "d%255Cx.png", "d/%2Fx.png", "d/%2E/x.png", "d%2Fx.png", "x.png",
            "/x.png", "./x.png", "\\x.png", "//x.png", ".//x.png", "%2Fx.png", "x.png/", "x.png%2F", "/", ".", "./", "\\", " /x.png",
        ];
        var names = keys.ToDictionary(k => k, ImageName.KeptKey);
        Assert.True(names.Values.Distinct().Count() == keys.Length, string.Join('\n', names));
        Assert.Equal(("d%5Cx.png", "d%255Cx.png", "d/%2Fx.png", "d/%2E/x.png"),
            (names["d\\x.png"], names["d%5Cx.png"], names["d//x.png"], names["d/./x.png"]));
        Assert.All(names.Values, name => Assert.Equal(name, ImageName.Stored(name)));
    }

    [Theory]
    [InlineData("a//./b\\c.png", "a/b/c.png")]
    [InlineData("my%20photos/a%0Ab.png", "my%20photos/a%0Ab.png")]
    [InlineData(" a\u202Eb.png", "%20a%E2%80%AEb.png")]
    public void What_a_row_of_an_earlier_release_holds_keeps_its_percent_signs(string row, string stored) =>
        Assert.Equal(stored, ImageName.Stored(row));

    private static readonly Gen<string> Files = Gen.OneOf(
        Gen.String[Gen.OneOf(Gen.Char[" .%~/0AE28\u00E9e\u0301\n\u202E"], Gen.Char['\0', '\uD7FF']), 1, 60],
        Gen.Select(Gen.String[Gen.Char["ab \u0301%\n/"], 1, 20], Gen.Int[1_000, 1_060], (s, n) => s + new string('x', n) + "/" + s));

    [Fact]
    public void Every_name_can_be_shown_and_comes_back() => Files.Sample(file =>
    {
        var kept = ImageName.Kept(file);
        Assert.True(kept.Length is > 0 and <= ImageName.MaxLength && ShownText.IsClean(kept));
        Assert.Null(HostileTexts.Obeyed(kept));
        Assert.Equal(kept, ImageName.Stored(kept));
        if (kept.StartsWith("%~", StringComparison.Ordinal)) return;
        var steps = file.Replace('\\', '/');
        // A long name is kept composed where it then fits.
        Assert.Equal(TextForm.Composed(steps), TextForm.Composed(ImageName.Given(kept)));
        if (steps.Length < 60) Assert.Equal(steps, ImageName.Given(kept));
    }, iter: 20_000);

    [Fact]
    public void A_long_name_keeps_its_end_and_stays_another()
    {
        string Path(string first) => first + string.Concat(Enumerable.Repeat("/" + new string('y', 200), 18)) + "/ caf\u00E9\n.png";
        var (one, other) = (ImageName.Kept(Path("one")), ImageName.Kept(Path("other")));
        Assert.NotEqual(one, other);
        Assert.All([one, other], n => Assert.EndsWith("/%20caf\u00E9%0A.png", n, StringComparison.Ordinal));
        Assert.Equal(one, ImageName.Kept(Path("one").Replace("\u00E9", "e\u0301", StringComparison.Ordinal)));
        Assert.NotEqual(ImageName.Kept(new string('a', 2_000)), ImageName.Kept(new string('a', 2_001)));
        Assert.Equal(ImageName.MaxLength, ImageName.Kept(new string('a', ImageName.MaxSent)).Length);
    }
}
