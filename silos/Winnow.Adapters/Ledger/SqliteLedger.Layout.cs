using System.Text.Json;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;

namespace Winnow.Adapters.Ledger;

/// <summary>Which shards hold a dataset, what its label schema is, and what becomes of those that do no longer.</summary>
public sealed partial class SqliteLedger
{
    /// <summary>Rows of each table that go in one transaction: others that write wait for milliseconds.</summary>
    private const int RemovedAtOnce = 2_000;

    private const string Of = "WHERE dataset = (SELECT id FROM dataset WHERE name = ?1) AND shard = ?2";

    private static readonly string[] Removals =
    [
        // The first ordinals of the shard, without looking for them.
        $"DELETE FROM image {Of} AND ordinal < ?3 + (SELECT min(ordinal) FROM image {Of})",
        $"DELETE FROM quarantine {Of} AND ordinal IN (SELECT ordinal FROM quarantine {Of} LIMIT ?3)",
        $"DELETE FROM task {Of} AND ordinal IN (SELECT ordinal FROM task {Of} LIMIT ?3)",
        $"DELETE FROM operation {Of} AND operation IN (SELECT operation FROM operation {Of} LIMIT ?3)",
        // What only grows stays, as history does.
        $"DELETE FROM fact WHERE id IN (SELECT id FROM fact {Of} AND grows = 0 LIMIT ?3)",
        $"DELETE FROM reservation {Of}",
        $"DELETE FROM segment {Of}",
    ];

    /// <inheritdoc/>
    public Task<bool> SetLayoutAsync(string dataset, ShardLayout known, ShardLayout next, CancellationToken cancellationToken) =>
        _writer.WriteAsync(1, session =>
        {
            var find = session.Prepare("SELECT info FROM dataset WHERE name = ?1").Bind(1, dataset);
            if (!find.Step()) throw new KeyNotFoundException($"The ledger has no dataset '{dataset}'.");
            var info = JsonSerializer.Deserialize(find.Bytes(0), ModelJson.Default.DatasetInfo)!;
            var json = StoredDatasets.WithLayout(find.Bytes(0), next);
            find.Reset();
            if (info.Shards != known) return new Written<bool>(false, false);
            session.Prepare("UPDATE dataset SET info = ?2 WHERE name = ?1").Bind(1, dataset).Bind(2, json).Run();
            return new Written<bool>(true, true);
        }, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> SetSchemaAsync(string dataset, LabelSchema next, CancellationToken cancellationToken) =>
        _writer.WriteAsync(1, session =>
        {
            var find = session.Prepare("SELECT info FROM dataset WHERE name = ?1").Bind(1, dataset);
            if (!find.Step()) throw new KeyNotFoundException($"The ledger has no dataset '{dataset}'.");
            var stands = JsonSerializer.Deserialize(find.Bytes(0), ModelJson.Default.DatasetInfo)!.Schema.Number;
            var json = StoredDatasets.WithSchema(find.Bytes(0), next);
            find.Reset();
            if (stands != next.Number - 1) return new Written<bool>(stands >= next.Number, false);
            session.Prepare("UPDATE dataset SET info = ?2 WHERE name = ?1").Bind(1, dataset).Bind(2, json).Run();
            return new Written<bool>(true, true);
        }, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> RemoveShardRowsAsync(ShardKey shard, CancellationToken cancellationToken) =>
        _writer.WriteAsync(RemovedAtOnce, session =>
        {
            session.Prepare($"UPDATE shard SET epoch = {ShardEpochs.Next("epoch")}, images = 0 {Of} AND images <> 0")
                .Bind(1, shard.Dataset).Bind(2, shard.Shard).Run();
            return new Written<bool>(Remove(session, shard, Removals) > 0, true);
        }, cancellationToken);

    private static long Remove(SqliteSession session, ShardKey shard, IEnumerable<string> removals)
    {
        var removed = 0L;
        foreach (var removal in removals)
        {
            var statement = session.Prepare(removal).Bind(1, shard.Dataset).Bind(2, shard.Shard);
            if (removal.Contains("?3", StringComparison.Ordinal)) statement.Bind(3, RemovedAtOnce);
            removed += statement.Run();
        }
        return removed;
    }
}
