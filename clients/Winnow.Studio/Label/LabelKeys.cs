using System.Text.Json;
using Winnow.Studio.Shell;

namespace Winnow.Studio.Label;

/// <summary>What can be done on the label page.</summary>
public enum LabelAct
{
    Accept,
    Reject,
    Skip,
    Undo,
    Next,
    Previous,
    Find,
    Done,
    Leave,
    Keys,
}

/// <summary>
/// Which key does what, in one table: keys are heard by it, and shown by it. Digits are classes, 1 to 9 and 0 for the first ten, with Shift
/// for the next ten.
/// </summary>
internal static class LabelKeys
{
    public const int Digits = 20;

    public static readonly IReadOnlyList<(LabelAct Act, string[] Keys, string Says)> All =
    [
        (LabelAct.Accept, ["a"], "accept what is proposed"),
        (LabelAct.Reject, ["x"], "reject: no class fits, or the picture is of no use"),
        (LabelAct.Skip, ["Space"], "skip: somebody else is asked"),
        (LabelAct.Undo, ["Backspace", "Ctrl+z"], "undo the last answer, ten at most"),
        (LabelAct.Next, ["f", "Ctrl+ArrowRight"], "next, without an answer"),
        (LabelAct.Previous, ["d", "Ctrl+ArrowLeft"], "previous that waits for an answer"),
        (LabelAct.Find, ["/"], "find a class"),
        (LabelAct.Done, ["Enter", "Ctrl+Enter"], "take the class that was found; several: done"),
        (LabelAct.Leave, ["Escape"], "close, leave the search"),
        (LabelAct.Keys, ["F1", "?"], "all keys"),
    ];

    /// <summary>Names of all keys that mean something.</summary>
    public static IEnumerable<string> Names => All.SelectMany(a => a.Keys).Concat(Enumerable.Range(0, Digits).Select(DigitOf));

    /// <summary>The same for whoever has keys of their own.</summary>
    public static readonly KeyTable Table = new("label", "Label",
    [
        .. All.Select(a => new KeyAct(JsonNamingPolicy.KebabCaseLower.ConvertName(a.Act.ToString()), a.Keys, a.Says)),
        .. KeyNames.Classes(Digits, "class"),
    ]);

    /// <summary>The key of a class by its place, from 0.</summary>
    public static string DigitOf(int place) => KeyNames.DigitOf(place);

    /// <summary>The place of a class by its key; -1 where it is no digit.</summary>
    public static int PlaceOf(string key) => KeyNames.PlaceOf(key);

    public static LabelAct? ActOf(string key)
    {
        foreach (var (act, keys, _) in All)
            if (keys.Contains(key)) return act;
        return null;
    }

    /// <summary>As it is printed on a key.</summary>
    public static string Shown(string key) => KeyNames.Shown(key);
}
