using System.Globalization;
using Winnow.Model.Datasets;

namespace Winnow.Adapters.Datasets;

/// <summary>A label in a few words, for whoever counts or reads: of a set, its classes, each once and in order of names.</summary>
internal static class LabelWords
{
    private const int MostNamed = 5;

    /// <summary>A set of which there is no room to say more.</summary>
    public const string Any = "(other)";

    /// <summary>A set with nothing in it.</summary>
    public const string Nothing = "(nothing)";

    /// <summary>The label of a row; null where it has none.</summary>
    public static string? Of(ManifestRow row)
    {
        if (row.Annotations is not { } set) return row.Label;
        string[] classes = [.. set.Select(a => a.Class).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return classes.Length == 0 ? Nothing
            : classes.Length > MostNamed ? string.Create(CultureInfo.InvariantCulture, $"({classes.Length} classes)")
            : string.Join(" + ", classes);
    }
}
