using System.Runtime.CompilerServices;
using System.Text.Json;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;

namespace Winnow.Adapters.Ledger;

/// <summary>What a backup reads and a restore publishes, and what is known of operations.</summary>
public sealed partial class SqliteLedger
{
    /// <inheritdoc/>
    public Task<bool> PublishDatasetAsync(string staged, DatasetInfo dataset, IReadOnlyList<ControlState> states,
        CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(dataset, ModelJson.Default.DatasetInfo);
        return _writer.WriteAsync(1 + states.Count, session =>
        {
            var named = session.Prepare("UPDATE OR IGNORE dataset SET name = ?2, info = ?3 WHERE name = ?1").Bind(1, staged)
                .Bind(2, dataset.Name).BindText(3, json).Run() > 0;
            if (!named) return new Written<bool>(false, false);
            foreach (var state in states)
                if (!GrainStateQueries.Place(session, new GrainStateKey(state.GrainType, state.GrainKey, state.Name), state.Json))
                    return new Written<bool>(false, false);
            return new Written<bool>(true, true);
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<int> CountImagesAsync(ShardKey shard, CancellationToken cancellationToken) =>
        ReadAsync(shard, 0, (session, dataset) => ShardQueries.Count(session, dataset, shard.Shard), cancellationToken);

    /// <inheritdoc/>
    public Task<OperationRow?> FindOperationAsync(ShardKey shard, Guid operationId, CancellationToken cancellationToken) =>
        ReadAsync(
            shard, (OperationRow?)null, (session, dataset) => ShardQueries.OperationOf(session, dataset, shard.Shard, operationId),
            cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<OperationRow> ReadOperationsAsync(ShardKey shard,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Guid? after = null;
        while (true)
        {
            var last = after;
            var page = await ReadAsync(shard, [], (session, dataset) =>
                ShardQueries.Operations(session, dataset, shard.Shard, last, PageRows), cancellationToken).ConfigureAwait(false);
            foreach (var row in page) yield return row;
            if (page.Count < PageRows) yield break;
            after = page[^1].OperationId;
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<HistoryRow> ReadShardEntriesAsync(ShardKey shard, CancellationToken cancellationToken) =>
        HistoryAsync(shard, entries: true, cancellationToken);

    private async IAsyncEnumerable<HistoryRow> HistoryAsync(ShardKey shard, bool entries,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        HistoryRow? after = null;
        while (true)
        {
            var last = after;
            var page = await ReadAsync(shard, [], (session, dataset) =>
                ShardQueries.History(session, dataset, shard.Shard, last, PageRows, entries), cancellationToken).ConfigureAwait(false);
            foreach (var row in page) yield return row;
            if (page.Count < PageRows) yield break;
            after = page[^1];
        }
    }
}
