using System.Globalization;

namespace Winnow.Model.Names;

/// <summary>
/// Who acted, as history has it: a principal, <c>PRINCIPAL for NAME</c>, or the bare name on a server without keys, in any script
/// (<see cref="Security.ActingName"/>). What a backup tells of its actors is kept apart from what this server has seen itself: where a text
/// names who acted and nothing stands beside it, <c>told:N ACTOR</c> says that restoration number N of the dataset told it.
/// </summary>
public static class ActorName
{
    /// <summary>Most characters: a principal that acts for a name of 100.</summary>
    public const int MaxLength = 250;

    private const string Told = "told:";

    /// <summary>What is wrong with a name, as a sentence; null when nothing is.</summary>
    public static string? Check(string member, string? actor) => MemberRules.Text(member, actor, MaxLength, least: 1);

    /// <summary>A name that a restoration told.</summary>
    public static string WriteTold(string actor, int restoration) =>
        string.Create(CultureInfo.InvariantCulture, $"{Told}{restoration} {actor}");

    /// <summary>The name, and the number of the restoration that told it; null where this server knows it by itself.</summary>
    public static (string Actor, int? Told) Read(string text)
    {
        var blank = text.IndexOf(' ');
        return text.StartsWith(Told, StringComparison.Ordinal) && blank > 0 && blank < text.Length - 1
            && int.TryParse(text.AsSpan(Told.Length, blank - Told.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var told)
                && told > 0
            ? (text[(blank + 1)..], told) : (text, null);
    }
}
