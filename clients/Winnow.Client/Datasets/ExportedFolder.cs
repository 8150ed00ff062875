using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Client;

/// <summary>
/// An export in folders, read again: its images lie below the folders of their partitions. It is known by its list, and where that was
/// left behind by the names of its images.
/// </summary>
internal static class ExportedFolder
{
    private static readonly EnumerationOptions ClassFolders = new()
    {
        RecurseSubdirectories = true,
        MaxRecursionDepth = 1,
        IgnoreInaccessible = true,
    };

    /// <summary>The folders of the partitions; none where no export was made.</summary>
    public static IReadOnlyList<string> PartitionsOf(string folder)
    {
        string[] there = [.. new[] { ExportNames.Pool, ExportNames.Holdout }.Select(p => Path.Join(folder, p)).Where(Directory.Exists)];
        return there.Length == 0 || !IsExport(folder) ? [] : there;
    }

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

    /// <summary>Why one file is left out, as a sentence; null when it is read.</summary>
    /// <param name="partition">What the images are read for.</param>
    /// <param name="place">Where the file lies itself, with '/': below the holdout of an export it is never learned from.</param>
    /// <param name="name">Its path below the folder that is read: who names the folder of a partition asks for just that.</param>
    public static string? LeaveOut(Partition partition, string place, string name) => partition switch
    {
        Partition.Pool when ExportNames.PartitionOf(place) == Partition.Holdout =>
            "An export holds it to measure models on. Import the folder that it lies in by itself, as the holdout (--holdout).",
        Partition.Holdout when ExportNames.PartitionOf(name) == Partition.Pool =>
            "An export holds it for models to learn from. Import the folder that it lies in by itself.",
        _ => null,
    };

    private static bool IsExport(string folder) =>
        FileFacts.Of(Path.Join(folder, ExportNames.List)).Kind == FileKind.File
        || Directory.Exists(Path.Join(folder, ExportNames.Pool)) && HoldsExported(Path.Join(folder, ExportNames.Holdout));

    private static bool HoldsExported(string holdout) => Directory.Exists(holdout)
        && Directory.EnumerateFiles(holdout, "img-*", ClassFolders).Any(f => ExportNames.ImageOf(Path.GetFileName(f)) is not null);
}
