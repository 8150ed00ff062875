using Winnow.Model.Datasets;

namespace Winnow.Client;

/// <summary>A folder that an export in folders has made, read again: its images lie below the folders of their partitions.</summary>
internal static class ExportedFolder
{
    /// <summary>The folders of the partitions; none where no export was made.</summary>
    public static IReadOnlyList<string> PartitionsOf(string folder) =>
        FileFacts.Of(Path.Join(folder, ExportNames.List)).Kind != FileKind.File ? []
            : [.. new[] { ExportNames.Pool, ExportNames.Holdout }.Select(p => Path.Join(folder, p)).Where(Directory.Exists)];

    /// <summary>
    /// Why its images cannot be taken in all at once: models would learn from what they are to be measured on. Null otherwise.
    /// </summary>
    public static string? Refuse(string folder)
    {
        var holdout = Path.Join(folder, ExportNames.Holdout);
        return PartitionsOf(folder).Contains(holdout)
            ? $"'{folder}' is an export, and what its models are measured on lies in '{holdout}'. Import "
                + $"'{Path.Join(folder, ExportNames.Pool)}' and '{holdout}' one by one, the latter as the holdout (--holdout)."
            : null;
    }
}
