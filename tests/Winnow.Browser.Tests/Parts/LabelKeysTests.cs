using Winnow.Studio.Label;

namespace Winnow.Browser.Tests.Parts;

public sealed class LabelKeysTests
{
    [Fact]
    public void Each_key_means_one_thing()
    {
        var names = LabelKeys.Names.ToList();
        Assert.Equal(names.Count, names.Distinct().Count());
        for (var place = 0; place < LabelKeys.Digits; place++) Assert.Equal(place, LabelKeys.PlaceOf(LabelKeys.DigitOf(place)));
        Assert.Equal(("1", "0", "Shift+1", "Shift+0"),
            (LabelKeys.DigitOf(0), LabelKeys.DigitOf(9), LabelKeys.DigitOf(10), LabelKeys.DigitOf(19)));
        Assert.All(LabelKeys.All.SelectMany(a => a.Keys), k => Assert.Equal(-1, LabelKeys.PlaceOf(k)));
        Assert.Null(LabelKeys.ActOf("q"));
        Assert.Equal(LabelAct.Undo, LabelKeys.ActOf("Ctrl+z"));
        Assert.Equal("Ctrl →", LabelKeys.Shown("Ctrl+ArrowRight"));
    }
}
