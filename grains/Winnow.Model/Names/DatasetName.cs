using System.Diagnostics.CodeAnalysis;

namespace Winnow.Model.Names;

/// <summary>Rules for a dataset's name.</summary>
public static class DatasetName
{
    /// <summary>What a name must look like, as a sentence.</summary>
    public const string Rule = "A dataset name has 1 to 63 characters of a–z, 0–9 and '-', and starts with a letter or digit.";

    /// <summary>Whether a name may be used. Names become folder names and URL segments, so the rule is strict.</summary>
    public static bool IsValid([NotNullWhen(true)] string? name) =>
        name is { Length: >= 1 and <= 63 } && name[0] != '-' && name.All(c => c is >= 'a' and <= 'z' or >= '0' and <= '9' or '-');

    /// <summary>What is wrong with a name, as a sentence; null when nothing is.</summary>
    public static string? Check(string member, string? name) => IsValid(name) ? null
        : $"{member} cannot be {ShownText.Quote(name)}. {Rule}";
}
