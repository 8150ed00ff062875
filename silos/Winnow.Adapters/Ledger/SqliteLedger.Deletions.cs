using Winnow.Grains;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;

namespace Winnow.Adapters.Ledger;

/// <summary>
/// How a dataset goes. Numbers of datasets are never given twice, so nothing that is remembered of one can be taken for another's.
/// </summary>
public sealed partial class SqliteLedger
{
    private const string NextId =
        "1 + max((SELECT coalesce(max(id), 0) FROM dataset), (SELECT coalesce(max(id), 0) FROM deletion))";
    private const string Add = $"INSERT INTO dataset (id, name, info) SELECT {NextId}, ?1, ?2 WHERE true ON CONFLICT (name) DO NOTHING";
    private const string Deletions =
        "SELECT id, dataset, name, deleted_by, deleted_at, removed_objects, removed_rows, ended_at FROM deletion";
    private const string OwnStates = "WHERE grain_type = ?1 AND (grain_key = ?2 OR substr(grain_key, 1, length(?2) + 1) = ?2 || '/')";
    private const string ClearStates =
        $"UPDATE grain_state SET version = {GrainStateQueries.NextVersion}, state = NULL {OwnStates} AND state IS NOT NULL";
    private const string KeepAccess =
        "UPDATE deletion SET access = (SELECT state FROM grain_state WHERE grain_type = 'access' AND grain_key = ?2 AND name = 'access') "
        + "WHERE id = ?1 AND access IS NULL";
    private const string RemoveHistory =
        $"DELETE FROM history WHERE rowid IN (SELECT rowid FROM history {Of} LIMIT ?3)";
    private const string RemoveFacts = $"DELETE FROM fact WHERE id IN (SELECT id FROM fact {Of} LIMIT ?3)";
    // It is no shard's: it goes with the first.
    private const string RemoveErasures = "DELETE FROM erasure WHERE dataset = (SELECT id FROM dataset WHERE name = ?1) AND ?2 >= 0";
    // What backups told is no shard's either.
    private const string RemoveActs = "DELETE FROM act WHERE id IN (SELECT id FROM act WHERE dataset = (SELECT id FROM dataset "
        + "WHERE name = ?1) AND (shard = ?2 OR shard < 0) LIMIT ?3)";
    private const string OfDeleted = "IN (SELECT dataset FROM deletion WHERE id = ?1 UNION SELECT ?1)";

    private static readonly string[] RowTables =
        ["image", "quarantine", "task", "reservation", "history", "segment", "operation", "fact", "erasure", "act"];

    Task<StoredDeletion?> IDeletions.BeginAsync(string dataset, string actor, DateTimeOffset at, CancellationToken cancellationToken) =>
        _writer.WriteAsync(1, session =>
        {
            var find = session.Prepare($"SELECT id FROM dataset WHERE name = ?1 AND info <> '{StoredDatasets.NameHeld}'").Bind(1, dataset);
            if (!find.Step()) return new Written<StoredDeletion?>(Running(session, dataset), false);
            var id = find.Long(0);
            find.Reset();
            session.Prepare("UPDATE dataset SET name = ?2 WHERE id = ?1").Bind(1, id).Bind(2, StagedDatasets.DeletedNameOf(id)).Run();
            session.Prepare(Add).Bind(1, dataset).Bind(2, StoredDatasets.NameHeld).Run();
            session.Prepare($"UPDATE shard SET epoch = {ShardEpochs.Next("epoch")} WHERE dataset = ?1").Bind(1, id).Run();
            session.Prepare(
                "INSERT INTO deletion (id, dataset, name, deleted_by, deleted_at) SELECT id, ?2, ?1, ?3, ?4 FROM dataset WHERE name = ?1")
                .Bind(1, dataset).Bind(2, id).Bind(3, actor).Bind(4, LedgerTime.ToTicks(at)).Run();
            // What looks a number up at this moment sees that it did so too early.
            Interlocked.Increment(ref _deletions);
            _datasets.TryRemove(dataset, out _);
            return new Written<StoredDeletion?>(Running(session, dataset), true);
        }, cancellationToken);

    Task<StoredDeletion?> IDeletions.FindAsync(string dataset, CancellationToken cancellationToken) =>
        _readers.ReadAsync(session => Latest(session, dataset), cancellationToken);

    async Task<IReadOnlyList<StoredDeletion>> IDeletions.ListAsync(CancellationToken cancellationToken) =>
        await _readers.ReadAsync(static session => ReadDeletions(session.Prepare($"{Deletions} ORDER BY id")), cancellationToken)
            .ConfigureAwait(false);

    Task IDeletions.CountObjectsAsync(StoredDeletion deletion, int removed, CancellationToken cancellationToken) =>
        _writer.WriteAsync(1, session => new Written<int>(
            session.Prepare("UPDATE deletion SET removed_objects = removed_objects + ?2 WHERE id = ?1")
                .Bind(1, deletion.Id).Bind(2, removed).Run(), true), cancellationToken);

    Task<bool> IDeletions.RemoveRowsAsync(StoredDeletion deletion, int shard, CancellationToken cancellationToken) =>
        _writer.WriteAsync(RemovedAtOnce, session =>
        {
            string[] removals = [.. Removals, RemoveHistory, RemoveFacts, RemoveErasures, RemoveActs];
            var removed = Remove(session, new ShardKey(deletion.Left, shard), removals);
            session.Prepare("UPDATE deletion SET removed_rows = removed_rows + ?2 WHERE id = ?1")
                .Bind(1, deletion.Id).Bind(2, removed).Run();
            return new Written<bool>(removed > 0, removed > 0);
        }, cancellationToken);

    Task IDeletions.ClearStatesAsync(StoredDeletion deletion, CancellationToken cancellationToken) =>
        _writer.WriteAsync(1, session =>
        {
            session.Prepare(KeepAccess).Bind(1, deletion.Id).Bind(2, deletion.Told.Dataset).Run();
            foreach (var type in ControlStates.OfDataset) session.Prepare(ClearStates).Bind(1, type).Bind(2, deletion.Told.Dataset).Run();
            return new Written<bool>(true, true);
        }, cancellationToken);

    Task IDeletions.RemoveStatesAsync(StoredDeletion deletion, CancellationToken cancellationToken) =>
        _writer.WriteAsync(1, session =>
        {
            RemoveStates(session, deletion);
            return new Written<bool>(true, true);
        }, cancellationToken);

    private static void RemoveStates(SqliteSession session, StoredDeletion deletion)
    {
        foreach (var type in ControlStates.OfDataset)
            session.Prepare($"DELETE FROM grain_state {OwnStates}").Bind(1, type).Bind(2, deletion.Told.Dataset).Run();
    }

    Task<bool> IDeletions.EndAsync(StoredDeletion deletion, DateTimeOffset at, CancellationToken cancellationToken) =>
        _writer.WriteAsync(1, session =>
        {
            if (RowsLeft(session, deletion) > 0) return new Written<bool>(false, false);
            RemoveStates(session, deletion);
            session.Prepare($"DELETE FROM shard WHERE dataset {OfDeleted}").Bind(1, deletion.Id).Run();
            session.Prepare($"DELETE FROM dataset WHERE id {OfDeleted}").Bind(1, deletion.Id).Run();
            session.Prepare("UPDATE deletion SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL")
                .Bind(1, deletion.Id).Bind(2, LedgerTime.ToTicks(at)).Run();
            Interlocked.Increment(ref _deletions);
            _datasets.TryRemove(deletion.Told.Dataset, out _);
            _datasets.TryRemove(deletion.Left, out _);
            return new Written<bool>(true, true);
        }, cancellationToken);

    Task<long> IDeletions.CountRowsAsync(StoredDeletion deletion, CancellationToken cancellationToken) =>
        _readers.ReadAsync(session => RowsLeft(session, deletion), cancellationToken);

    private static long RowsLeft(SqliteSession session, StoredDeletion deletion)
    {
        var left = 0L;
        foreach (var table in RowTables)
        {
            var count = session.Prepare($"SELECT count(*) FROM {table} WHERE dataset {OfDeleted}").Bind(1, deletion.Id);
            count.Step();
            left += count.Long(0);
            count.Reset();
        }
        return left;
    }

    private static StoredDeletion? Running(SqliteSession session, string dataset) =>
        Latest(session, dataset) is { IsRunning: true } running ? running : null;

    private static StoredDeletion? Latest(SqliteSession session, string dataset)
    {
        var found = ReadDeletions(session.Prepare($"{Deletions} WHERE name = ?1 ORDER BY id DESC LIMIT 1").Bind(1, dataset));
        return found.Count == 0 ? null : found[0];
    }

    private static List<StoredDeletion> ReadDeletions(SqliteStatement query)
    {
        var found = new List<StoredDeletion>();
        while (query.Step())
        {
            var ended = query.IsNull(7) ? (DateTimeOffset?)null : LedgerTime.FromTicks(query.Long(7));
            var told = new DatasetDeletion(
                query.Text(2), query.Text(3), LedgerTime.FromTicks(query.Long(4)), query.Long(5), query.Long(6), ended, null);
            found.Add(new StoredDeletion(query.Long(0), StagedDatasets.DeletedNameOf(query.Long(1)), told));
        }
        return found;
    }
}
