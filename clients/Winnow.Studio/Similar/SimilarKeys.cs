using Winnow.Studio.Shell;

namespace Winnow.Studio.Similar;

/// <summary>The acts of the pages on which people say yes or no, to many images or to one.</summary>
internal static class SimilarKeys
{
    /// <summary>Classes that have a digit here; Shift is for nothing.</summary>
    public const int Digits = 10;

    public static readonly KeyTable Alike = new("similar", "Similar images",
    [
        new("rest", ["a"], "the rest are of this class"),
        new("mark", ["x"], "mark or unmark the one at the cursor"),
        new("leave", ["Space"], "leave this lot to others"),
        new("undo", ["Backspace", "Ctrl+z"], "undo the last lot"),
        new("left", ["ArrowLeft"], "go left"), new("right", ["ArrowRight"], "go right"),
        new("up", ["ArrowUp"], "go up"), new("down", ["ArrowDown"], "go down"),
        new("enlarge", ["z"], "enlarge"),
        new("keys", ["F1", "?"], "all keys"),
        .. KeyNames.Classes(Digits, "mark it, and say that it is class"),
    ]);

    public static readonly KeyTable Verify = new("verify", "Verify",
    [
        new("yes", ["a"], "yes"), new("no", ["x"], "no"),
        new("skip", ["Space"], "cannot tell"),
        new("undo", ["Backspace", "Ctrl+z"], "undo the last answer"),
        new("keys", ["F1", "?"], "all keys"),
        .. KeyNames.Classes(Digits, "no, but class"),
    ]);
}
