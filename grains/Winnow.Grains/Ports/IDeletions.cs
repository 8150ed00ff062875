using Winnow.Abstractions.Datasets;
using Winnow.Model.Datasets;

namespace Winnow.Grains.Ports;

/// <summary>A deletion as the ledger has it.</summary>
/// <param name="Id">Grows from one to the next.</param>
/// <param name="Left">The name under which the dataset's rows stand until they are gone: one of <see cref="StagedDatasets"/>.</param>
/// <param name="Told">What is told of it.</param>
public sealed record StoredDeletion(long Id, string Left, DatasetDeletion Told)
{
    /// <summary>Whether something may be left.</summary>
    public bool IsRunning => Told.EndedAt is null;
}

/// <summary>
/// Datasets that go. The first step hides one and shuts its shards, and is on disk when it returns; the others may each be done again.
/// While one goes its name is nobody's, so that what comes later cannot be taken for a part of it.
/// </summary>
public interface IDeletions
{
    /// <summary>
    /// Hides a dataset: it is found no more and its name is not free, and nobody commits to its shards. Where that was done before,
    /// nothing is changed.
    /// </summary>
    /// <returns>The deletion that runs; null when there is neither a dataset of that name nor such a deletion.</returns>
    Task<StoredDeletion?> BeginAsync(string dataset, string actor, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>The latest deletion of a dataset of that name, running or ended; null when there was none.</summary>
    Task<StoredDeletion?> FindAsync(string dataset, CancellationToken cancellationToken);

    /// <summary>All deletions, oldest first.</summary>
    Task<IReadOnlyList<StoredDeletion>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Counts objects that were removed.</summary>
    Task CountObjectsAsync(StoredDeletion deletion, int removed, CancellationToken cancellationToken);

    /// <summary>Removes some thousands of a shard's rows, those of people too. False when none is left.</summary>
    Task<bool> RemoveRowsAsync(StoredDeletion deletion, int shard, CancellationToken cancellationToken);

    /// <summary>Clears the states of the dataset's grains, and keeps with the deletion who had access and who changed that.</summary>
    Task ClearStatesAsync(StoredDeletion deletion, CancellationToken cancellationToken);

    /// <summary>
    /// Removes the states that are cleared: whoever wakes from here on finds none, and may write the first of the next of that name.
    /// </summary>
    Task RemoveStatesAsync(StoredDeletion deletion, CancellationToken cancellationToken);

    /// <summary>Removes what named the dataset, and so frees its name. False while any row is left; nothing is changed then.</summary>
    Task<bool> EndAsync(StoredDeletion deletion, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>How many rows are left of a dataset that was deleted.</summary>
    Task<long> CountRowsAsync(StoredDeletion deletion, CancellationToken cancellationToken);
}

/// <summary>What is said where the name of a dataset that goes is wanted.</summary>
public static class DeletionWords
{
    /// <summary>The refusal of its name.</summary>
    public static RefusedException NameHeld(string dataset) =>
        new($"A dataset '{dataset}' is being deleted, and its name is free when that has ended. Try again later, or choose another name.");
}
