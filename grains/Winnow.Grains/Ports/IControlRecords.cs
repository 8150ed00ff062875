namespace Winnow.Grains.Ports;

/// <summary>One of many small states of a kind, each stored by itself.</summary>
/// <param name="Key">The owner's name, '/', and what tells it from the others.</param>
/// <param name="Version">Counts its writes; whoever replaces it names the one that it replaces.</param>
/// <param name="State">What is stored.</param>
public sealed record ControlRecord<T>(string Key, long Version, T State);

/// <summary>
/// States that grow in number and not in size: one that changes is written alone, however many there are. They are control states like
/// those
/// of grains, in the same list (<c>ControlStates</c>): what checks, backs up, restores and deletes those does so with these.
/// </summary>
public interface IControlRecords
{
    /// <summary>One of a kind; null when there is none.</summary>
    /// <exception cref="Winnow.Abstractions.Health.SetAsideException">It cannot be read.</exception>
    Task<ControlRecord<T>?> ReadAsync<T>(string kind, string key, CancellationToken cancellationToken) where T : class;

    /// <summary>All of a kind that an owner has, by key.</summary>
    /// <exception cref="Winnow.Abstractions.Health.SetAsideException">One of them cannot be read.</exception>
    Task<IReadOnlyList<ControlRecord<T>>> ReadAllAsync<T>(string kind, string owner, CancellationToken cancellationToken) where T : class;

    /// <summary>Writes one, durably, and says its new version.</summary>
    /// <param name="kind">Its kind, of <c>ControlStorage</c>.</param>
    /// <param name="key">Which.</param>
    /// <param name="known">The version that is replaced; null: there must be none.</param>
    /// <param name="state">What is to be stored.</param>
    /// <param name="cancellationToken">Gives up while the write waits.</param>
    /// <exception cref="Orleans.Storage.InconsistentStateException">Another version is stored, and stays.</exception>
    Task<long> WriteAsync<T>(string kind, string key, long? known, T state, CancellationToken cancellationToken) where T : class;
}
