using Winnow.Grains.Ports;

namespace Winnow.Adapters.Ledger;

/// <summary>Writes one <see cref="ShardCommit"/>: fence first, then whatever it holds.</summary>
internal static class ShardCommitJob
{
    public static (bool Keep, ShardCommitStatus Answer) Apply(SqliteStatements sql, ShardCommit commit)
    {
        var dataset = sql.Dataset(commit.Shard.Dataset);
        var shard = commit.Shard.Shard;
        if (commit.OperationId != Guid.Empty && sql.Scalar("SELECT 1 FROM operation WHERE dataset = $1 AND shard = $2 AND operation = $3", dataset, shard, commit.OperationId.ToByteArray()) is not null)
            return (false, ShardCommitStatus.AlreadyApplied);
        if (sql.Execute("UPDATE shard SET images = images + $4 WHERE dataset = $1 AND shard = $2 AND epoch = $3", dataset, shard, commit.Epoch, commit.Images.Count) == 0)
            return (false, ShardCommitStatus.Fenced);
        if (commit.Images.Count > 0 && !InsertImages(sql, dataset, shard, commit)) return (false, ShardCommitStatus.Conflict);
        if (commit.OperationId != Guid.Empty)
            sql.Execute("INSERT INTO operation VALUES ($1, $2, $3, $4, $5)", dataset, shard, commit.OperationId.ToByteArray(), commit.Images.Count == 0 ? 0 : commit.Images[0].Ordinal, commit.Images.Count);
        foreach (var row in commit.History)
            if (!InsertHistory(sql, dataset, shard, row)) return (false, ShardCommitStatus.Conflict);
        foreach (var row in commit.Quarantined) sql.Execute("INSERT INTO quarantine VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", dataset, shard, row.Ordinal, row.Reason);
        foreach (var row in commit.Tasks)
        {
            sql.Execute("INSERT INTO task VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING", dataset, shard, row.Arm, row.Ordinal, row.Round, row.Priority);
            if (row.ReservedUntil > DateTimeOffset.UnixEpoch) Reserve(sql, dataset, shard, row.Ordinal, row.ReservedUntil);
        }
        foreach (var row in commit.Reservations) Reserve(sql, dataset, shard, row.Ordinal, row.Until);
        foreach (var (kind, version) in commit.WithdrawnSegments) sql.Execute("DELETE FROM segment WHERE dataset = $1 AND shard = $2 AND kind = $3 AND version = $4", dataset, shard, kind, version);
        foreach (var row in commit.Segments) sql.Execute("INSERT OR REPLACE INTO segment VALUES ($1, $2, $3, $4, $5, $6, $7)", dataset, shard, row.Kind, row.Version, row.First, row.Count, row.ObjectKey);
        return (true, ShardCommitStatus.Committed);
    }

    private static bool InsertImages(SqliteStatements sql, int dataset, int shard, ShardCommit commit)
    {
        var after = (long)sql.Scalar("SELECT images FROM shard WHERE dataset = $1 AND shard = $2", dataset, shard)!;
        for (var i = 0; i < commit.Images.Count; i++)
        {
            var image = commit.Images[i];
            if (image.Ordinal != after - commit.Images.Count + i) return false;
            var row = image.Row;
            sql.Execute(
                "INSERT INTO image VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
                dataset, shard, image.Ordinal, row.Id.ToBytes(), row.Name, row.Format, row.Width, row.Height, row.Frames, row.Bytes, (int)row.Partition, row.Label, row.Reason,
                image.ReceivedAt.ToUnixTimeMilliseconds(), image.ReceivedBy);
        }
        return true;
    }

    private static bool InsertHistory(SqliteStatements sql, int dataset, int shard, in HistoryRow row) => sql.Execute(
        """
        INSERT INTO history
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
        WHERE $3 = 1 + coalesce((SELECT max(version) FROM history WHERE dataset = $1 AND image = $2), 0)
        ON CONFLICT DO NOTHING
        """,
        dataset, row.Image.ToBytes(), row.Version, shard, row.Ordinal, row.OperationId.ToByteArray(), row.Label, row.Closes ? 1 : 0, (int)row.Stage, row.EntryJson) == 1;

    private static void Reserve(SqliteStatements sql, int dataset, int shard, int ordinal, DateTimeOffset until) =>
        sql.Execute("INSERT OR REPLACE INTO reservation VALUES ($1, $2, $3, $4)", dataset, shard, ordinal, until.ToUnixTimeMilliseconds());
}
