using Winnow.Model.Datasets;

namespace Winnow.Client;

/// <summary>How an export is written.</summary>
public sealed record ExportOptions
{
    /// <summary>
    /// Whether an export may take the place of an earlier one in the same folder. What the new version has not is removed; what no export
    /// wrote, or was changed since, never is. Default false: the folder must be new or empty.
    /// </summary>
    public bool Replace { get; init; }
}

/// <summary>A version as it was written into a folder.</summary>
/// <param name="Files">Files written.</param>
/// <param name="Removed">Files of an earlier export that were removed.</param>
public sealed record ExportedVersion(int Files, int Removed)
{
    /// <summary>Images of the version that the server could not read, each with the reason: without them the export is not whole.</summary>
    public IReadOnlyList<MissingObject> Missing { get; init; } = [];
}
