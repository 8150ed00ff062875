using Npgsql;
using NpgsqlTypes;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>
/// The second half of a group's transaction: everything that its commits bring, and the commit itself, in one round trip.
/// </summary>
internal static class CommitRows
{
    private const string Shards =
        "UPDATE shard AS s SET images = k.images, mark = $4 FROM unnest($1, $2, $3) AS k (dataset, shard, images) " +
        "WHERE s.dataset = k.dataset AND s.shard = k.shard";
    private const string Operations =
        "INSERT INTO operation (dataset, shard, operation, first, count, actor, content) " +
        "SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    private const string Images =
        "INSERT INTO image (dataset, shard, ordinal, id, name, format, width, height, frames, bytes, partition, label, reason, "
        + "received_at, received_by, orientation) " +
        "SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    private const string History =
        "INSERT INTO history (dataset, shard, image, version, ordinal, operation, label, closes, stage, entry) SELECT * FROM unnest($1, "
        + "$2, $3, $4, $5, $6, $7, $8, $9, $10)";

    // The shards are locked, so nobody else gives out numbers of their streams; where each ends is looked up once.
    private const string Acts =
        "WITH k AS MATERIALIZED (SELECT * FROM unnest($1, $2, $3, $4, $5, $6) WITH ORDINALITY AS u (dataset, shard, at, record, actor, "
        + "object, n)), last AS MATERIALIZED (SELECT d.dataset, d.shard, coalesce((SELECT max(a.sequence) FROM act AS a "
        + "WHERE a.dataset = d.dataset AND a.shard = d.shard), 0) AS sequence FROM (SELECT DISTINCT dataset, shard FROM k) AS d) "
        + "INSERT INTO act (dataset, shard, sequence, at, record, actor, object) SELECT k.dataset, k.shard, "
        + "last.sequence + row_number() OVER (PARTITION BY k.dataset, k.shard ORDER BY k.n), k.at, k.record, k.actor, k.object "
        + "FROM k JOIN last ON last.dataset = k.dataset AND last.shard = k.shard";

    /// <summary>Everything that the plan lets through, and the commit.</summary>
    public static NpgsqlBatch Build(NpgsqlConnection connection, CommitPlan plan)
    {
        var batch = new NpgsqlBatch(connection);
        AddShards(batch, plan);
        AddOperations(batch, plan);
        AddImages(batch, plan);
        AddHistory(batch, plan);
        FactRows.Add(batch, plan.Facts);
        CommitWork.Add(batch, plan);
        AddActs(batch, plan);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
        return batch;
    }

    /// <summary>All rows of one kind that go through, each with its shard.</summary>
    public static List<(ShardId Shard, T Row)> Of<T>(CommitPlan plan, Func<ShardCommit, IReadOnlyList<T>> rows, int? stage = null)
    {
        var list = new List<(ShardId, T)>();
        for (var i = 0; i < plan.Commits.Count; i++)
        {
            if (plan.Statuses[i] != ShardCommitStatus.Committed || (stage is { } only && plan.Stages[i] != only)) continue;
            foreach (var row in rows(plan.Commits[i])) list.Add((plan.Shards[i]!.Value, row));
        }
        return list;
    }

    /// <summary>One column of an insert.</summary>
    public static TColumn[] Column<T, TColumn>(List<(ShardId Shard, T Row)> rows, Func<T, TColumn> value)
    {
        var column = new TColumn[rows.Count];
        for (var i = 0; i < column.Length; i++) column[i] = value(rows[i].Row);
        return column;
    }

    /// <summary>A statement with its first two columns, which name the shard.</summary>
    public static NpgsqlBatchCommand Keyed<T>(string sql, List<(ShardId Shard, T Row)> rows)
    {
        var (datasets, shards) = (new int[rows.Count], new int[rows.Count]);
        for (var i = 0; i < datasets.Length; i++) (datasets[i], shards[i]) = rows[i].Shard;
        return new NpgsqlBatchCommand(sql).Add(NpgsqlDbType.Integer, datasets).Add(NpgsqlDbType.Integer, shards);
    }

    private static void AddShards(NpgsqlBatch batch, CommitPlan plan)
    {
        var changed = plan.Changed.Select(c => (c.Key, c.Value)).ToList();
        var command = Keyed(Shards, changed).Add(NpgsqlDbType.Integer, Column(changed, c => c));
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = plan.Mark });
        batch.BatchCommands.Add(command);
    }

    private static void AddOperations(NpgsqlBatch batch, CommitPlan plan)
    {
        var rows = new List<(ShardId, OperationRow Row)>();
        for (var i = 0; i < plan.Commits.Count; i++)
        {
            if (plan.Statuses[i] != ShardCommitStatus.Committed || plan.Commits[i].OperationId == Guid.Empty) continue;
            var range = new OrdinalRange(plan.FirstOrdinals[i], plan.Commits[i].Images.Count);
            rows.Add((plan.Shards[i]!.Value, new OperationRow(plan.Commits[i].OperationId, range, plan.Commits[i].Stamp)));
        }
        rows.AddRange(Of(plan, c => c.Operations));
        if (rows.Count == 0) return;
        batch.BatchCommands.Add(Keyed(Operations, rows)
            .Add(NpgsqlDbType.Uuid, Column(rows, o => o.OperationId))
            .Add(NpgsqlDbType.Integer, Column(rows, o => o.Rows.First))
            .Add(NpgsqlDbType.Integer, Column(rows, o => o.Rows.Count))
            .Add(NpgsqlDbType.Text, Column(rows, o => PgColumns.Free(o.Stamp?.Actor)))
            .Add(NpgsqlDbType.Uuid, Column(rows, o => o.Stamp?.Content)));
    }

    private static void AddImages(NpgsqlBatch batch, CommitPlan plan)
    {
        var rows = Of(plan, c => c.Images);
        if (rows.Count == 0) return;
        batch.BatchCommands.Add(Keyed(Images, rows)
            .Add(NpgsqlDbType.Integer, Column(rows, i => i.Ordinal))
            .Add(NpgsqlDbType.Bytea, Column(rows, i => i.Row.Id.ToBytes()))
            .Add(NpgsqlDbType.Text, Column(rows, i => PgColumns.Free(i.Row.Name)))
            .Add(NpgsqlDbType.Text, Column(rows, i => PgColumns.Free(i.Row.Format)))
            .Add(NpgsqlDbType.Integer, Column(rows, i => i.Row.Width))
            .Add(NpgsqlDbType.Integer, Column(rows, i => i.Row.Height))
            .Add(NpgsqlDbType.Integer, Column(rows, i => i.Row.Frames))
            .Add(NpgsqlDbType.Bigint, Column(rows, i => i.Row.Bytes))
            .Add(NpgsqlDbType.Smallint, Column(rows, i => (short)i.Row.Partition))
            .Add(NpgsqlDbType.Integer, Column(rows, i => i.Row.Label))
            .Add(NpgsqlDbType.Text, Column(rows, i => PgColumns.Free(i.Row.Reason)))
            .Add(NpgsqlDbType.TimestampTz, Column(rows, i => i.ReceivedAt.UtcDateTime))
            .Add(NpgsqlDbType.Text, Column(rows, i => PgColumns.Free(i.ReceivedBy)))
            .Add(NpgsqlDbType.Smallint, Column(rows, i => (short)i.Row.Orientation)));
    }

    private static void AddHistory(NpgsqlBatch batch, CommitPlan plan)
    {
        var rows = Of(plan, c => c.History);
        if (rows.Count == 0) return;
        batch.BatchCommands.Add(Keyed(History, rows)
            .Add(NpgsqlDbType.Bytea, Column(rows, h => h.Image.ToBytes()))
            .Add(NpgsqlDbType.Integer, Column(rows, h => h.Version))
            .Add(NpgsqlDbType.Integer, Column(rows, h => h.Ordinal))
            // NULL is never equal to NULL: entries without an operation do not exclude each other.
            .Add(NpgsqlDbType.Uuid, Column(rows, h => h.OperationId == Guid.Empty ? (Guid?)null : h.OperationId))
            .Add(NpgsqlDbType.Integer, Column(rows, h => h.Label))
            .Add(NpgsqlDbType.Boolean, Column(rows, h => h.Closes))
            .Add(NpgsqlDbType.Smallint, Column(rows, h => (short)h.Stage))
            .Add(NpgsqlDbType.Bytea, Column(rows, h => h.EntryJson)));
    }

    private static void AddActs(NpgsqlBatch batch, CommitPlan plan)
    {
        var rows = Of(plan, c => c.Acts);
        if (rows.Count == 0) return;
        batch.BatchCommands.Add(Keyed(Acts, rows)
            .Add(NpgsqlDbType.Bigint, Column(rows, a => LedgerTime.ToTicks(a.At)))
            .Add(NpgsqlDbType.Bytea, Column(rows, a => a.Record))
            .Add(NpgsqlDbType.Bytea, Column(rows, a => a.Actor))
            .Add(NpgsqlDbType.Bytea, Column(rows, a => a.Object)));
    }
}
