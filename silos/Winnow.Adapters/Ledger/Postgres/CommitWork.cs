using Npgsql;
using NpgsqlTypes;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>Writes tasks, reservations, quarantine and segments, turn by turn: see <see cref="CommitPlan.Stages"/>.</summary>
internal static class CommitWork
{
    private const string Quarantine =
        "INSERT INTO quarantine (dataset, shard, ordinal, reason) SELECT * FROM unnest($1, $2, $3, $4) ON CONFLICT (dataset, shard, "
        + "ordinal) DO UPDATE SET reason = excluded.reason";
    private const string Tasks =
        "INSERT INTO task (dataset, shard, ordinal, arm, round, priority, reserved_until) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, "
        + "$7) ON CONFLICT DO NOTHING";
    private const string WithdrawnTasks =
        "DELETE FROM task AS t USING unnest($1, $2, $3, $4) AS k (dataset, shard, ordinal, arm) " +
        "WHERE t.dataset = k.dataset AND t.shard = k.shard AND t.ordinal = k.ordinal AND t.arm = k.arm";
    private const string Reservations =
        "UPDATE task AS t SET reserved_until = k.until FROM unnest($1, $2, $3, $4) AS k (dataset, shard, ordinal, until) " +
        "WHERE t.dataset = k.dataset AND t.shard = k.shard AND t.ordinal = k.ordinal";
    private const string Withdrawals =
        "DELETE FROM segment AS s USING unnest($1, $2, $3, $4) AS k (dataset, shard, kind, version) " +
        "WHERE s.dataset = k.dataset AND s.shard = k.shard AND s.kind = k.kind AND s.version = k.version";
    private const string Segments =
        "INSERT INTO segment (dataset, shard, kind, version, first, count, object) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7) " +
        "ON CONFLICT (dataset, shard, kind, version, first) DO UPDATE SET count = excluded.count, object = excluded.object";

    public static void Add(NpgsqlBatch batch, CommitPlan plan)
    {
        var last = plan.Stages.Max();
        for (var stage = 0; stage <= last; stage++) Add(batch, plan, stage);
    }

    private static void Add(NpgsqlBatch batch, CommitPlan plan, int stage)
    {
        var quarantined = Last(CommitRows.Of(plan, c => c.Quarantined, stage), q => q.Ordinal);
        if (quarantined.Count > 0)
            batch.BatchCommands.Add(CommitRows.Keyed(Quarantine, quarantined)
                .Add(NpgsqlDbType.Integer, CommitRows.Column(quarantined, q => q.Ordinal))
                .Add(NpgsqlDbType.Text, CommitRows.Column(quarantined, q => PgColumns.Free(q.Reason))));
        var ended = CommitRows.Of(plan, c => c.WithdrawnTasks, stage);
        if (ended.Count > 0)
            batch.BatchCommands.Add(CommitRows.Keyed(WithdrawnTasks, ended)
                .Add(NpgsqlDbType.Integer, CommitRows.Column(ended, t => t.Ordinal))
                .Add(NpgsqlDbType.Text, CommitRows.Column(ended, t => PgColumns.Key(t.Arm))));
        var tasks = CommitRows.Of(plan, c => c.Tasks, stage);
        if (tasks.Count > 0)
            batch.BatchCommands.Add(CommitRows.Keyed(Tasks, tasks)
                .Add(NpgsqlDbType.Integer, CommitRows.Column(tasks, t => t.Ordinal))
                .Add(NpgsqlDbType.Text, CommitRows.Column(tasks, t => PgColumns.Key(t.Arm)))
                .Add(NpgsqlDbType.Integer, CommitRows.Column(tasks, t => t.Round))
                .Add(NpgsqlDbType.Real, CommitRows.Column(tasks, t => t.Priority))
                .Add(NpgsqlDbType.TimestampTz, CommitRows.Column(tasks, t => t.ReservedUntil.UtcDateTime)));
        var reservations = Last(CommitRows.Of(plan, c => c.Reservations, stage), r => r.Ordinal);
        if (reservations.Count > 0)
            batch.BatchCommands.Add(CommitRows.Keyed(Reservations, reservations)
                .Add(NpgsqlDbType.Integer, CommitRows.Column(reservations, r => r.Ordinal))
                .Add(NpgsqlDbType.TimestampTz, CommitRows.Column(reservations, r => r.Until.UtcDateTime)));
        // Withdrawn before published: a commit that names one version in both replaces its segments.
        var withdrawn = CommitRows.Of(plan, c => c.WithdrawnSegments, stage);
        if (withdrawn.Count > 0)
            batch.BatchCommands.Add(CommitRows.Keyed(Withdrawals, withdrawn)
                .Add(NpgsqlDbType.Text, CommitRows.Column(withdrawn, w => w.Kind))
                .Add(NpgsqlDbType.Text, CommitRows.Column(withdrawn, w => w.Version)));
        var segments = Last(CommitRows.Of(plan, c => c.Segments, stage), s => (s.Kind, s.Version, s.First));
        if (segments.Count > 0)
            batch.BatchCommands.Add(CommitRows.Keyed(Segments, segments)
                .Add(NpgsqlDbType.Text, CommitRows.Column(segments, s => PgColumns.Key(s.Kind)))
                .Add(NpgsqlDbType.Text, CommitRows.Column(segments, s => PgColumns.Key(s.Version)))
                .Add(NpgsqlDbType.Integer, CommitRows.Column(segments, s => s.First))
                .Add(NpgsqlDbType.Integer, CommitRows.Column(segments, s => s.Count))
                .Add(NpgsqlDbType.Text, CommitRows.Column(segments, s => PgColumns.Key(s.ObjectKey))));
    }

    /// <summary>
    /// Of several rows with one key the last stands, as if they had been written one by one; a statement may touch a row only once.
    /// </summary>
    private static List<(ShardId Shard, T Row)> Last<T, TKey>(List<(ShardId Shard, T Row)> rows, Func<T, TKey> key)
    {
        if (rows.Count < 2) return rows;
        var last = new Dictionary<(ShardId, TKey), T>();
        foreach (var (shard, row) in rows) last[(shard, key(row))] = row;
        return last.Count == rows.Count ? rows : [.. last.Select(l => (l.Key.Item1, l.Value))];
    }
}
