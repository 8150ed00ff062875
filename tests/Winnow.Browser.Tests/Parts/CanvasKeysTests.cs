using Winnow.Studio.Label;
using Winnow.Studio.Label.Shapes;

namespace Winnow.Browser.Tests.Parts;

public sealed class CanvasKeysTests
{
    [Fact]
    public void Each_key_of_the_canvas_means_one_thing_and_leaves_the_page_what_it_needs_always()
    {
        var acts = CanvasKeys.Acts();
        Assert.Equal(CanvasKeys.All.Sum(a => a.Keys.Length) + LabelKeys.Digits, acts.Count);
        Assert.Equal(("arrow", "class:0", "class:19"), (acts["Ctrl+ArrowLeft"], acts["1"], acts["Shift+0"]));
        // What answers, and what shows all keys, the canvas never takes.
        LabelAct[] always =
            [LabelAct.Accept, LabelAct.Reject, LabelAct.Skip, LabelAct.Next, LabelAct.Previous, LabelAct.Find, LabelAct.Keys];
        foreach (var act in always)
            Assert.All(LabelKeys.All.Single(a => a.Act == act).Keys.Where(k => !k.StartsWith("Ctrl+Arrow", StringComparison.Ordinal)),
                k => Assert.DoesNotContain(k, acts.Keys));
    }
}
