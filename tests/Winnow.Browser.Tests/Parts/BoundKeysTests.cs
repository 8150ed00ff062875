using Winnow.Model.Security;
using Winnow.Studio.Label;
using Winnow.Studio.Shell;

namespace Winnow.Browser.Tests.Parts;

public sealed class BoundKeysTests
{
    private static readonly KeyTable Table = new("page", "Page",
        [new("yes", ["a"], "yes"), new("no", ["x", "Delete"], "no"), new("undo", ["Backspace"], "undo")]);

    [Fact]
    public void A_key_of_ones_own_takes_the_place_of_those_that_the_studio_comes_with()
    {
        var bound = new BoundKeys(Table, [new OwnKey("page.yes", "q"), new OwnKey("other.no", "z")]);
        Assert.Equal("yes", bound.ActOf("q")?.Name);
        Assert.Null(bound.ActOf("a"));
        Assert.Null(bound.ActOf("z"));
        Assert.Equal(["x", "Delete"], bound.Of(Table.Acts[1]));
        Assert.Equal("q", bound.ShownFor("a", Table));
        Assert.Equal("x", bound.ShownFor("x", Table));
    }

    [Fact]
    public void No_key_works_two_acts()
    {
        // What the server keeps may be of a studio whose acts had other keys.
        var bound = new BoundKeys(Table, [new OwnKey("page.yes", "x")]);
        Assert.Equal("yes", bound.ActOf("x")?.Name);
        Assert.Equal(["Delete"], bound.Of(Table.Acts[1]));
        Assert.Equal("Delete", bound.ShownFor("x", Table));
        Assert.Equal(["x", "Delete", "Backspace"], bound.All);
        var all = new BoundKeys(LabelKeys.Table, []).All.ToList();
        Assert.Equal(all.Count, all.Distinct().Count());
        Assert.Equal(LabelKeys.Names.Order(), all.Order());
    }
}
