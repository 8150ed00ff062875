using Winnow.Abstractions.Images;
using Winnow.Model.Datasets;

namespace Winnow.Abstractions.Datasets;

/// <summary>Takes whole datasets out and in again, and holds their rows against their objects.</summary>
public interface IDatasetBackup
{
    /// <summary>
    /// Writes a dataset as a tar stream while it is worked with. Everything that was acknowledged before the call is in it. Access and
    /// bucket sources are not: they belong to the cluster.
    /// </summary>
    /// <exception cref="Security.ForbiddenException">The caller may not take originals.</exception>
    Task WriteAsync(DatasetInfo dataset, ContentCaller caller, Stream destination, CancellationToken cancellationToken);

    /// <summary>
    /// Reads a backup into a dataset that does not exist yet. Nobody sees the dataset before all of it is there; a try that failed may be
    /// repeated.
    /// </summary>
    /// <param name="name">Its name; null for the one that it had.</param>
    /// <param name="alikeClasses">
    /// Whether to take classes that differ only in case or Unicode form, which are refused to new datasets.
    /// </param>
    /// <param name="actor">Who restores it: recorded with the dataset.</param>
    /// <param name="source">The archive. Read once, from front to end.</param>
    /// <param name="cancellationToken">Gives up, as long as the archive is not read to its end.</param>
    /// <exception cref="RefusedException">The name is not sound or is taken, or classes are alike.</exception>
    /// <exception cref="InvalidDataException">
    /// The archive is cut off, damaged, of another layout, no backup, or holds what cannot be; the message names file, line and member.
    /// </exception>
    /// <exception cref="Health.BusyException">As many restores as may be at once are under way.</exception>
    Task<RestoredDataset> RestoreAsync(string? name, bool alikeClasses, string actor, Stream source, CancellationToken cancellationToken);

    /// <summary>Finds rows without their object and objects without their row. Changes nothing, unless it is asked to repair.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="hash">Whether to read all bytes and hold them against their hashes.</param>
    /// <param name="repairDerived">Whether to have damaged and missing segments made again. Nothing that people said is ever
    /// touched.</param>
    /// <param name="cancellationToken">Gives up.</param>
    IAsyncEnumerable<VerificationStep> VerifyAsync(DatasetInfo dataset, bool hash, bool repairDerived, CancellationToken cancellationToken);

    /// <summary>Finds what is left of a dataset that was deleted; null when none of that name was.</summary>
    Task<VerificationReport?> VerifyDeletedAsync(string name, CancellationToken cancellationToken);
}
