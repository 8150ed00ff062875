namespace Winnow.Studio.Label.Shapes;

/// <summary>
/// Which key does what on the canvas, in one table: the script hears keys by it, and the dialog shows it. An act that means nothing at the
/// moment leaves its key to the page, so that Backspace takes back the last shape and then the last answer.
/// </summary>
internal static class CanvasKeys
{
    private static readonly string[] Sides = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];

    public static readonly IReadOnlyList<(string Act, string[] Keys, string Says)> All =
    [
        ("new", ["n", "r"], "new shape; of a mask a filled polygon"),
        ("polygon", ["p"], "polygon"),
        ("polyline", ["l"], "line"),
        ("keypoints", ["k"], "keypoints"),
        ("text", ["t"], "region of text"),
        ("paint", ["b"], "brush"),
        ("erase", ["e"], "eraser"),
        ("fill", ["g"], "polygon into the mask"),
        ("smaller", ["["], "smaller brush"),
        ("larger", ["]"], "larger brush"),
        ("set", ["Enter"], "set a place at the cross, twice there: done; a corner after the one that is held"),
        ("leave", ["Escape"], "leave the drawing, let go of the corner, select nothing"),
        ("select", ["v"], "select"),
        ("next", ["Tab"], "next shape, and zoom to it"),
        ("previous", ["Shift+Tab"], "previous shape"),
        ("arrow", [.. Sides], "move the shape, its corner or the cross by 1 pixel"),
        ("arrow", [.. Sides.Select(s => $"Shift+{s}")], "by 10"),
        ("arrow", [.. Sides.Select(s => $"Ctrl+{s}")], "wider, narrower, taller, lower; the cross by 100"),
        ("arrow", [.. Sides.Select(s => $"Alt+{s}"), .. Sides.Select(s => $"Alt+Shift+{s}")], "turn a box by 1°, with Shift by 10°"),
        ("grab", ["c"], "grab the next corner"),
        ("grab-back", ["Shift+c"], "grab the previous corner"),
        ("remove", ["Delete"], "remove the corner that is held, else the shape"),
        ("back", ["Backspace"], "remove the shape that is selected, else undo"),
        ("undo", ["Ctrl+z"], "undo within the picture, then the last answer"),
        ("redo", ["Ctrl+Shift+z", "Ctrl+y"], "do it again"),
        ("copy", ["Ctrl+d"], "copy the shape"),
        ("unseen", ["o"], "keypoint: hidden"),
        ("absent", ["u"], "keypoint: not there"),
        ("alone", ["h"], "hide the others"),
        ("hidden", ["Shift+h"], "hide all"),
        ("cross", ["i"], "crosshair"),
        ("zoom", ["z"], "zoom to the shape"),
        ("whole", ["Home"], "whole picture"),
        ("closer", ["+", "="], "closer; the wheel does so too"),
        ("farther", ["-"], "farther"),
        ("darker", [","], "darker"),
        ("brighter", ["."], "brighter"),
        ("flatter", ["Shift+,", "<", ";"], "less contrast"),
        ("stronger", ["Shift+.", ">", ":"], "more contrast"),
    ];

    /// <summary>What the script is given: the act of each key, digits among them.</summary>
    public static Dictionary<string, string> Acts()
    {
        var acts = All.SelectMany(a => a.Keys.Select(k => (k, a.Act))).ToDictionary(a => a.k, a => a.Act);
        for (var place = 0; place < LabelKeys.Digits; place++) acts.Add(LabelKeys.DigitOf(place), $"class:{place}");
        return acts;
    }
}
