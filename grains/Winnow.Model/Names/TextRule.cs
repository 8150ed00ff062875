using System.Globalization;

namespace Winnow.Model.Names;

/// <summary>What becomes of a text of others where it comes in.</summary>
public enum TextKind
{
    /// <summary>It names something: one with a character that cannot be shown is refused; without it, it would be another.</summary>
    Name = 0,
    /// <summary>A person wrote it for people: it is kept without what cannot be shown, in one line.</summary>
    Free = 1,
    /// <summary>
    /// It is held against something that is there, and must be the same to the character: a class of a schema, a key of a bucket. It is
    /// neither changed nor refused; whoever shows it cleans it.
    /// </summary>
    Exact = 2,
}

/// <summary>
/// What a text of a request may be. Texts without it are names of at most <see cref="TextRule.MaxName"/> characters, so that a member
/// nobody thought of lets nothing in.
/// </summary>
/// <param name="kind">What becomes of it.</param>
/// <param name="most">Most characters.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class TextAttribute(TextKind kind, int most = TextRule.MaxName) : Attribute
{
    /// <summary>What becomes of it.</summary>
    public TextKind Kind => kind;

    /// <summary>Most characters, as they are kept.</summary>
    public int Most => most;
}

/// <summary>
/// The one rule for texts that come from others: a length, one line, and no character that is obeyed rather than shown
/// (<see cref="ShownText.IsShown"/>). No text of the model has several lines.
/// </summary>
public static class TextRule
{
    /// <summary>Most characters of a text of which nothing else is said.</summary>
    public const int MaxName = 1_024;

    /// <summary>Texts without a rule of their own.</summary>
    public static readonly TextAttribute Default = new(TextKind.Name);

    /// <summary>What is wrong with a text as it came, as a sentence that goes on behind its place; null when nothing is.</summary>
    public static string? Check(string text, TextAttribute rule)
    {
        var kept = rule.Kind == TextKind.Free ? ShownText.Clean(text) : text;
        if (kept.Length > rule.Most)
            return string.Create(CultureInfo.InvariantCulture, $"it has {kept.Length} characters; at most {rule.Most} are taken.");
        if (rule.Kind != TextKind.Name || ShownText.IsClean(kept)) return null;
        return "it has characters that cannot be shown, such as control characters and line ends: "
            + $"{ShownText.Quote(kept)}. Leave them out.";
    }
}

/// <summary>A record with texts that people wrote for people.</summary>
public interface IFreeText
{
    /// <summary>The same with these texts as they are kept: see <see cref="TextKind.Free"/>.</summary>
    IFreeText Cleaned();
}
