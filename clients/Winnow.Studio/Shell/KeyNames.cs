namespace Winnow.Studio.Shell;

/// <summary>
/// Names of keys, and how they are printed. Digits stand for places: 1 to 9 and 0 for the first ten, with Shift for the next.
/// </summary>
internal static class KeyNames
{
    /// <summary>The key of a place, from 0.</summary>
    public static string DigitOf(int place)
    {
        var digit = ((place % 10) + 1) % 10;
        return place < 10 ? $"{digit}" : $"Shift+{digit}";
    }

    /// <summary>The place of a key; -1 where it is no digit.</summary>
    public static int PlaceOf(string key)
    {
        var (shift, digit) = key.StartsWith("Shift+", StringComparison.Ordinal) ? (10, key[6..]) : (0, key);
        return digit is [>= '0' and <= '9'] ? shift + ((digit[0] - '0' + 9) % 10) : -1;
    }

    /// <summary>As it is printed on a key.</summary>
    public static string Shown(string key) => string.Join(' ', key.Split('+').Select(p => p switch
    {
        "Backspace" => "⌫",
        "ArrowRight" => "→",
        "ArrowLeft" => "←",
        "ArrowUp" => "↑",
        "ArrowDown" => "↓",
        "Delete" => "Del",
        "Escape" => "Esc",
        "Shift" => "⇧",
        { Length: 1 } one => one.ToUpperInvariant(),
        _ => p,
    }));

    /// <summary>Acts for the classes at the first places.</summary>
    public static IEnumerable<KeyAct> Classes(int count, string says) =>
        Enumerable.Range(0, count).Select(place => new KeyAct($"class-{place + 1}", [DigitOf(place)], $"{says} {place + 1}"));
}
