using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Winnow.Cli;

/// <summary>Times as people write them: 90s, 30m, 2h, 7d, or hh:mm:ss. A bare number is refused, as nobody can tell of what.</summary>
internal static class Durations
{
    private static readonly (string Unit, TimeSpan One)[] Units =
    [
        ("s", TimeSpan.FromSeconds(1)), ("m", TimeSpan.FromMinutes(1)), ("h", TimeSpan.FromHours(1)), ("d", TimeSpan.FromDays(1)),
    ];

    /// <summary>An option that takes a time.</summary>
    public static Option<TimeSpan?> Option(string name, string description) =>
        new(name) { Description = $"{description} Such as 90s, 30m, 2h, 7d.", CustomParser = Parse };

    private static TimeSpan? Parse(ArgumentResult result)
    {
        var text = result.Tokens is [var token] ? token.Value : "";
        if (TryParse(text, out var time)) return time;
        result.AddError($"'{text}' is not a time: write a number with s, m, h or d behind it, such as 30m.");
        return null;
    }

    /// <summary>Reads one; false when it is none, or longer than any time there is.</summary>
    public static bool TryParse(string text, out TimeSpan time)
    {
        foreach (var (unit, one) in Units)
        {
            if (!text.EndsWith(unit, StringComparison.Ordinal)) continue;
            time = default;
            if (!double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return false;
            // The class library takes NaN and infinities whatever a number may look like.
            if (!(number >= 0 && number * one.TotalSeconds < TimeSpan.MaxValue.TotalSeconds)) return false;
            time = number * one;
            return true;
        }
        return TimeSpan.TryParseExact(text, ["h\\:mm\\:ss", "d\\.hh\\:mm\\:ss"], CultureInfo.InvariantCulture, out time);
    }

    /// <summary>In the largest unit that says it without a fraction.</summary>
    public static string Say(TimeSpan time)
    {
        foreach (var (unit, one) in Units.Reverse())
            if (time >= one && time.Ticks % one.Ticks == 0)
                return string.Create(CultureInfo.InvariantCulture, $"{time.Ticks / one.Ticks}{unit}");
        return string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds}s");
    }
}
