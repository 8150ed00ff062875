using System.Globalization;
using Winnow.Model.Names;

namespace Winnow.Model;

/// <summary>
/// What members of records must keep to. Each rule answers with a sentence that begins with the member's name, or with null where the
/// member is sound, so that rules can be joined by <c>??</c>. A record's own <c>Check</c> is made of them, and whoever takes in such a
/// record asks that one: the API, a restore, and a server that reads what it stored.
/// </summary>
public static class MemberRules
{
    /// <summary>Winnow is younger: no record of it was made before.</summary>
    public static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How far the clock of another machine may be ahead of this one's.</summary>
    public static readonly TimeSpan ClocksApart = TimeSpan.FromDays(1);

    /// <summary>A whole number within limits.</summary>
    public static string? Number(string member, long value, long least, long most) =>
        value >= least && value <= most ? null
            : string.Create(CultureInfo.InvariantCulture, $"{member} must be {least} to {most}, not {value}.");

    /// <summary>A number within limits. Neither infinity nor NaN ever is.</summary>
    public static string? Number(string member, double value, double least, double most) =>
        double.IsFinite(value) && value >= least && value <= most
            ? null : string.Create(CultureInfo.InvariantCulture, $"{member} must be a number from {least} to {most}, not {value}.");

    /// <summary>A share, or none.</summary>
    public static string? Share(string member, double? value) => value is { } share ? Number(member, share, 0, 1) : null;

    /// <summary>A text that can be shown as it is.</summary>
    public static string? Text(string member, string? text, int most, int least = 0) =>
        text is null ? $"{member} is missing."
        : text.Length < least || text.Length > most
            ? string.Create(CultureInfo.InvariantCulture, $"{member} must have {least} to {most} characters, not {text.Length}.")
        // Stored texts too, among them those that earlier releases took.
        : !ShownText.HoldsObeyed(text) ? null : $"{member} has characters that cannot be shown: {ShownText.Quote(text)}.";

    /// <summary>The same of a text of several lines.</summary>
    public static string? Lines(string member, string? text, int most) =>
        text?.Contains('\n', StringComparison.Ordinal) == true && text.Length <= most
            ? Text(member, text.Replace('\n', ' '), most) : Text(member, text, most);

    /// <summary>A text that can be shown as it is, or none.</summary>
    public static string? TextOrNone(string member, string? text, int most) => text is null ? null : Text(member, text, most);

    /// <summary>A moment between Winnow's beginning and the latest that there can be.</summary>
    public static string? Date(string member, DateTimeOffset at, DateTimeOffset latest) =>
        at >= Earliest && at <= latest ? null
            : string.Create(CultureInfo.InvariantCulture, $"{member} must lie between {Earliest:yyyy-MM-dd} and now, and is {at:u}.");

    /// <summary>A moment, or none: records of early releases have the zero of time in its place.</summary>
    public static string? DateOrNone(string member, DateTimeOffset? at, DateTimeOffset latest) =>
        at is not { } moment || moment == default ? null : Date(member, moment, latest);

    /// <summary>A SHA-256 as it is written everywhere: 64 digits, lower-case hex.</summary>
    public static string? Sha256(string member, string? text) =>
        text is { Length: 64 } && text.All(c => char.IsAsciiDigit(c) || c is >= 'a' and <= 'f') ? null
            : $"{member} must be a SHA-256 of 64 digits in lower-case hex, not {ShownText.Quote(text)}.";

    /// <summary>An id that somebody chose.</summary>
    public static string? Id(string member, Guid id) => id == Guid.Empty ? $"{member} must be a UUID other than zero." : null;

    /// <summary>A word of a vocabulary.</summary>
    public static string? Word<T>(string member, T value) where T : struct, Enum => Enum.IsDefined(value) ? null
        : $"{member} is none of the words that are known.";

    /// <summary>What is wrong with a member that is a record itself, by its whole name.</summary>
    public static string? Within(string member, string? wrong) => wrong is null ? null : $"{member}.{wrong}";

    /// <summary>The first of a list that is wrong, by its place.</summary>
    public static string? Each<T>(string member, IReadOnlyList<T>? list, Func<T, string?> check)
    {
        if (list is null) return $"{member} is missing.";
        for (var i = 0; i < list.Count; i++)
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"{member}[{i}]");
            if (list[i] is not { } item) return $"{at} is null.";
            if (check(item) is { } wrong) return $"{at}.{wrong}";
        }
        return null;
    }
}
