using Winnow.Abstractions.Health;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;

namespace Winnow.Grains.Ports;

/// <summary>The stored state of a control grain, for a dataset that comes as a whole.</summary>
public sealed record ControlState(string GrainType, string GrainKey, string Name, byte[] Json);

/// <summary>
/// The rows of datasets and the states of their control grains. A change is on disk when its task completes, all of it or nothing.
/// </summary>
public interface IDatasetLedger
{
    /// <summary>Adds a dataset. False when one of that name is there; it is left as it is.</summary>
    Task<bool> AddDatasetAsync(DatasetInfo dataset, CancellationToken cancellationToken);

    /// <summary>
    /// Gives a staged dataset its name and its grains their states, all in one transaction. False when the name is taken; nothing is
    /// changed then.
    /// </summary>
    /// <param name="staged">The name that it bears until now, of <see cref="StagedDatasets"/>.</param>
    /// <param name="dataset">The dataset as it is to be.</param>
    /// <param name="states">States that are not there yet, or were cleared.</param>
    /// <param name="cancellationToken">Gives up while the change waits.</param>
    Task<bool> PublishDatasetAsync(string staged, DatasetInfo dataset, IReadOnlyList<ControlState> states,
        CancellationToken cancellationToken);

    /// <summary>
    /// All datasets, by name; staged ones left out, and those whose row cannot be read: one of them must not keep the others from anybody.
    /// </summary>
    Task<IReadOnlyList<DatasetInfo>> ListDatasetsAsync(CancellationToken cancellationToken);

    /// <summary>The datasets that <see cref="ListDatasetsAsync"/> leaves out because their row cannot be read.</summary>
    Task<IReadOnlyList<UnreadableDataset>> ListUnreadableAsync(CancellationToken cancellationToken);

    /// <summary>The states of control grains that cannot be read. One that was found sound is read again when it has changed.</summary>
    Task<IReadOnlyList<UnreadableState>> ListUnreadableStatesAsync(CancellationToken cancellationToken);

    /// <summary>The keys of the grains of a kind that have a state, readable or not.</summary>
    Task<IReadOnlyList<string>> ListStatesAsync(string grainType, CancellationToken cancellationToken);

    /// <summary>
    /// Clears a state that cannot be read. False when there is none, when it can be read, or when somebody wrote it meanwhile.
    /// </summary>
    /// <param name="grainType">The kind of grain.</param>
    /// <param name="grainKey">Which of them.</param>
    /// <param name="instead">The JSON that takes its place; null for nothing.</param>
    /// <param name="cancellationToken">Gives up while the change waits.</param>
    Task<bool> DiscardStateAsync(string grainType, string grainKey, byte[]? instead, CancellationToken cancellationToken);

    /// <summary>One dataset, or null.</summary>
    /// <exception cref="SetAsideException">Its row cannot be read.</exception>
    Task<DatasetInfo?> FindDatasetAsync(string name, CancellationToken cancellationToken);

    /// <summary>The numbers of a dataset's shards that were ever opened.</summary>
    Task<IReadOnlyList<int>> ListShardsAsync(string dataset, CancellationToken cancellationToken);

    /// <summary>
    /// Says which shards hold a dataset from now on. False when it is held otherwise than <paramref name="known"/> says; nothing is changed
    /// then.
    /// </summary>
    /// <exception cref="KeyNotFoundException">The ledger has no such dataset.</exception>
    Task<bool> SetLayoutAsync(string dataset, ShardLayout known, ShardLayout next, CancellationToken cancellationToken);

    /// <summary>
    /// Says what the dataset's label schema is from now on: the version after the one that stands. One that stands already, or a later
    /// one, is left. False where it is a later one still; nothing is changed then.
    /// </summary>
    /// <exception cref="KeyNotFoundException">The ledger has no such dataset.</exception>
    Task<bool> SetSchemaAsync(string dataset, LabelSchema next, CancellationToken cancellationToken);
}
