using Winnow.Model.Health;

namespace Winnow.Abstractions.Health;

/// <summary>
/// What shards have found that only they find, since only they read all their rows. Kept in memory: whoever finds it again says it again,
/// and what nobody has found for a while is forgotten. Key: 0.
/// </summary>
[Alias("winnow.set-aside-notes")]
public interface ISetAsideNotesGrain : IGrainWithIntegerKey
{
    /// <summary>Something was found.</summary>
    [Alias("note")]
    Task NoteAsync(SetAsideItem item, CancellationToken cancellationToken);

    /// <summary>It is well again, or gone.</summary>
    [Alias("forget")]
    Task ForgetAsync(SetAsideKind kind, string name, CancellationToken cancellationToken);

    /// <summary>A dataset is gone, with all that was found in it.</summary>
    [Alias("forget-dataset")]
    Task ForgetDatasetAsync(string dataset, CancellationToken cancellationToken);

    /// <summary>All that was found lately.</summary>
    [Alias("list")]
    Task<SetAsideItem[]> ListAsync(CancellationToken cancellationToken);
}

/// <summary>Everything that is stored and cannot be worked with: what it is, why, and an end of it.</summary>
public interface ISetAsideStore
{
    /// <summary>All of it, by kind and name. Asked often, it reads the ledger now and then.</summary>
    /// <param name="anew">Whether the ledger is to be read now, unless somebody had it read a second ago.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    Task<IReadOnlyList<SetAsideItem>> ListAsync(bool anew, CancellationToken cancellationToken);

    /// <summary>Deletes something that is set aside, so that its name is free again. Repeated after a failure, it goes on.</summary>
    /// <param name="thing">Which.</param>
    /// <param name="actor">Who wants it so.</param>
    /// <param name="cancellationToken">Gives up; what was begun is finished by a repetition.</param>
    /// <returns>What it was; null when nothing of that name is set aside.</returns>
    Task<SetAsideItem?> DiscardAsync(DiscardSetAside thing, string actor, CancellationToken cancellationToken);
}
