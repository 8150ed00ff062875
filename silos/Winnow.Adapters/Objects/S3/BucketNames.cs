using System.Diagnostics.CodeAnalysis;

namespace Winnow.Adapters.Objects.S3;

/// <summary>Names of buckets. They become a part of addresses, so the rule is strict.</summary>
internal static class BucketNames
{
    /// <summary>What a name must look like, as a sentence.</summary>
    public const string Rule =
        "A bucket's name has 3 to 63 characters of a–z, 0–9, '.' and '-', begins and ends with a letter or digit, and has no two "
        + "dots in a row.";

    /// <summary>Whether a name may be used.</summary>
    public static bool IsValid([NotNullWhen(true)] string? name) =>
        name is { Length: >= 3 and <= 63 } && name.All(c => IsPlain(c) || c is '.' or '-') && IsPlain(name[0]) && IsPlain(name[^1])
        && !name.Contains("..", StringComparison.Ordinal);

    private static bool IsPlain(char c) => c is >= 'a' and <= 'z' or >= '0' and <= '9';
}
