using Winnow.Abstractions.Datasets;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Ledger;

/// <summary>Applies a shard's commit within the writer's transaction.</summary>
internal static class ShardCommits
{
    private const string Fence =
        "UPDATE shard SET images = images + ?1 WHERE dataset = (SELECT id FROM dataset WHERE name = ?2) AND shard = ?3 AND epoch = ?4 "
        + "RETURNING dataset, images, (SELECT level FROM cluster)";
    private const string Operation =
        "INSERT INTO operation (dataset, shard, operation, first, count, actor, content) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) " +
        "ON CONFLICT DO NOTHING";
    private const string OtherOperation =
        "SELECT 1 FROM operation WHERE dataset = ?1 AND operation = ?2 AND actor IS NOT NULL AND (actor <> ?3 OR content <> ?4) LIMIT 1";
    private const string Image = "INSERT INTO image VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
    private const string Quarantine =
        "INSERT INTO quarantine VALUES (?1, ?2, ?3, ?4) ON CONFLICT (dataset, shard, ordinal) DO UPDATE SET reason = excluded.reason";
    private const string ReviewTask = "INSERT INTO task VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
    private const string WithdrawnTask = "DELETE FROM task WHERE dataset = ?1 AND shard = ?2 AND ordinal = ?3 AND arm = ?4";
    private const string NoTaskLeft = "DELETE FROM reservation WHERE dataset = ?1 AND shard = ?2 AND ordinal = ?3 " +
        "AND NOT EXISTS (SELECT 1 FROM task WHERE dataset = ?1 AND shard = ?2 AND ordinal = ?3)";
    private const string Reservation =
        "INSERT INTO reservation SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM task WHERE dataset = ?1 AND shard = ?2 AND "
        + "ordinal = ?3) " +
        "ON CONFLICT (dataset, shard, ordinal) DO UPDATE SET until = excluded.until";
    private const string Unreserve = "DELETE FROM reservation WHERE dataset = ?1 AND shard = ?2 AND ordinal = ?3 RETURNING until";
    private const string ReserveTasks =
        "UPDATE task SET reserved_until = ?4 WHERE dataset = ?1 AND shard = ?2 AND ordinal = ?3 AND reserved_until <> ?4";
    private const string History =
        "INSERT INTO history (dataset, image, version, shard, ordinal, operation, label, closes, stage, entry) SELECT ?1, ?2, ?3, ?4, ?5, "
        + "?6, ?7, ?8, ?9, ?10 " +
        "WHERE ?3 = 1 + (SELECT coalesce(max(version), 0) FROM history WHERE dataset = ?1 AND shard = ?4 AND image = ?2) " +
        "AND NOT EXISTS (SELECT 1 FROM history WHERE dataset = ?1 AND shard = ?4 AND image = ?2 AND operation = ?6)";
    private const string Withdrawal = "DELETE FROM segment WHERE dataset = ?1 AND shard = ?2 AND kind = ?3 AND version = ?4";
    private const string Segment =
        "INSERT INTO segment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) " +
        "ON CONFLICT (dataset, shard, kind, version, first) DO UPDATE SET count = excluded.count, object = excluded.object";

    /// <summary>Rows that a commit writes.</summary>
    public static int RowsOf(ShardCommit commit) =>
        1 + commit.Operations.Count + commit.Images.Count + commit.Quarantined.Count + commit.Tasks.Count + commit.WithdrawnTasks.Count +
        commit.Reservations.Count + commit.History.Count + commit.Segments.Count + commit.WithdrawnSegments.Count + commit.Facts.Count +
        commit.Acts.Count;

    /// <summary>Makes all changes of a commit, or says why not; then the caller rolls back to its savepoint.</summary>
    /// <param name="session">The writer's.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="newest">The highest level that this silo knows.</param>
    public static Written<ShardCommitStatus> Apply(SqliteSession session, ShardCommit commit, int newest)
    {
        // The fence comes first: a writer that was replaced learns that, whatever else it brings.
        var fence = session.Prepare(Fence).Bind(1, commit.Images.Count).Bind(2, commit.Shard.Dataset).Bind(3, commit.Shard.Shard)
            .Bind(4, commit.Epoch);
        if (!fence.Step()) return new(ShardCommitStatus.Fenced, false);
        var dataset = fence.Long(0);
        var first = fence.Int(1) - commit.Images.Count;
        var level = fence.Int(2);
        fence.Reset();
        if (level > newest) return new(ShardCommitStatus.SiloTooOld, false);
        if (commit.Level > level) return new(ShardCommitStatus.LevelTooLow, false);

        var shard = commit.Shard.Shard;
        if (commit.OperationId != Guid.Empty)
        {
            if (commit.Stamp is { } stamp && IsOther(session, dataset, commit.OperationId, stamp))
                return new(ShardCommitStatus.OtherOperation, false);
            var own = new OperationRow(commit.OperationId, new OrdinalRange(first, commit.Images.Count), commit.Stamp);
            if (!InsertOperation(session, dataset, shard, own)) return new(ShardCommitStatus.AlreadyApplied, false);
        }

        foreach (var operation in commit.Operations) InsertOperation(session, dataset, shard, operation);

        if (!InsertImages(session, dataset, shard, first, commit.Images)) return new(ShardCommitStatus.Conflict, false);
        if (!InsertHistory(session, dataset, shard, commit.History)) return new(ShardCommitStatus.Conflict, false);
        if (!FactCommits.Apply(session, dataset, shard, commit.Facts)) return new(ShardCommitStatus.Conflict, false);
        InsertWork(session, dataset, shard, commit);
        // Withdrawn before published: a commit that names one version in both replaces its segments.
        foreach (var (kind, version) in commit.WithdrawnSegments)
            session.Prepare(Withdrawal).Bind(1, dataset).Bind(2, shard).Bind(3, kind).Bind(4, version).Run();
        foreach (var segment in commit.Segments)
            session.Prepare(Segment).Bind(1, dataset).Bind(2, shard).Bind(3, segment.Kind).Bind(4, segment.Version)
                .Bind(5, segment.First).Bind(6, segment.Count).Bind(7, segment.ObjectKey).Run();
        ActCommits.Append(session, dataset, shard, commit.Acts);
        return new(ShardCommitStatus.Committed, true);
    }

    /// <summary>Whether the dataset knows an operation by another stamp, in any of its shards.</summary>
    private static bool IsOther(SqliteSession session, long dataset, Guid operationId, OperationStamp stamp)
    {
        var query = session.Prepare(OtherOperation).Bind(1, dataset).Bind(2, operationId).Bind(3, stamp.Actor).Bind(4, stamp.Content);
        if (!query.Step()) return false;
        query.Reset();
        return true;
    }

    private static bool InsertOperation(SqliteSession session, long dataset, int shard, in OperationRow row)
    {
        var insert = session.Prepare(Operation).Bind(1, dataset).Bind(2, shard).Bind(3, row.OperationId)
            .Bind(4, row.Rows.First).Bind(5, row.Rows.Count);
        if (row.Stamp is { } stamp) insert.Bind(6, stamp.Actor).Bind(7, stamp.Content);
        else insert.BindNull(6).BindNull(7);
        return insert.Run() > 0;
    }

    private static bool InsertImages(SqliteSession session, long dataset, int shard, int first, IReadOnlyList<ImageRow> images)
    {
        if (images.Count == 0) return true;
        var insert = session.Prepare(Image).Bind(1, dataset).Bind(2, shard);
        for (var i = 0; i < images.Count; i++)
        {
            var (ordinal, row, receivedAt, receivedBy) = images[i];
            if (ordinal != first + i) return false;
            insert.Bind(3, ordinal).Bind(4, row.Id).Bind(5, row.Name).Bind(6, row.Format).Bind(7, row.Width).Bind(8, row.Height)
                .Bind(9, row.Frames).Bind(10, row.Bytes).Bind(11, (int)row.Partition).Bind(12, row.Label).Bind(13, row.Reason)
                .Bind(14, LedgerTime.ToTicks(receivedAt)).Bind(15, receivedBy).Bind(16, row.Orientation).Run();
        }
        return true;
    }

    private static bool InsertHistory(SqliteSession session, long dataset, int shard, IReadOnlyList<HistoryRow> history)
    {
        if (history.Count == 0) return true;
        var insert = session.Prepare(History).Bind(1, dataset).Bind(4, shard);
        var unreserve = session.Prepare(Unreserve).Bind(1, dataset).Bind(2, shard);
        foreach (var row in history)
        {
            insert.Bind(2, row.Image).Bind(3, row.Version).Bind(5, row.Ordinal);
            // NULL is never equal to NULL: entries without an operation do not exclude each other.
            if (row.OperationId == Guid.Empty) insert.BindNull(6);
            else insert.Bind(6, row.OperationId);
            if (insert.Bind(7, row.Label).Bind(8, row.Closes ? 1 : 0).Bind(9, (int)row.Stage).BindBlob(10, row.EntryJson).Run() == 0)
                return false;
            if (row.Closes) unreserve.Bind(3, row.Ordinal).Run();
        }
        return true;
    }

    private static void InsertWork(SqliteSession session, long dataset, int shard, ShardCommit commit)
    {
        foreach (var row in commit.Quarantined)
            session.Prepare(Quarantine).Bind(1, dataset).Bind(2, shard).Bind(3, row.Ordinal).Bind(4, row.Reason).Run();
        foreach (var row in commit.WithdrawnTasks)
        {
            session.Prepare(WithdrawnTask).Bind(1, dataset).Bind(2, shard).Bind(3, row.Ordinal).Bind(4, row.Arm).Run();
            session.Prepare(NoTaskLeft).Bind(1, dataset).Bind(2, shard).Bind(3, row.Ordinal).Run();
        }
        foreach (var row in commit.Tasks)
        {
            // A reservation is of the tasks that there were: it becomes theirs before there is another.
            if (Taken(session, dataset, shard, row.Ordinal) is { } until)
                session.Prepare(ReserveTasks).Bind(1, dataset).Bind(2, shard).Bind(3, row.Ordinal).Bind(4, until).Run();
            session.Prepare(ReviewTask).Bind(1, dataset).Bind(2, shard).Bind(3, row.Ordinal).Bind(4, row.Arm).Bind(5, row.Round)
                .Bind(6, row.Priority).Bind(7, LedgerTime.ToTicks(row.ReservedUntil)).Run();
        }
        foreach (var row in commit.Reservations)
        {
            var until = LedgerTime.ToTicks(row.Until);
            var reserve = session.Prepare(until > 0 ? Reservation : ReserveTasks).Bind(1, dataset).Bind(2, shard).Bind(3, row.Ordinal)
                .Bind(4, until);
            reserve.Run();
            if (until <= 0) Taken(session, dataset, shard, row.Ordinal);
        }
    }

    /// <summary>Takes a reservation away; until when it was.</summary>
    private static long? Taken(SqliteSession session, long dataset, int shard, int ordinal)
    {
        var unreserve = session.Prepare(Unreserve).Bind(1, dataset).Bind(2, shard).Bind(3, ordinal);
        if (!unreserve.Step()) return null;
        var until = unreserve.Long(0);
        unreserve.Reset();
        return until;
    }
}

/// <summary>Times as the ledger writes them: ticks of 100 ns since 1970-01-01 UTC.</summary>
internal static class LedgerTime
{
    public static long ToTicks(DateTimeOffset time) => time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;

    /// <summary>A moment that was stored; the first or the last that there is where it lies beyond those.</summary>
    public static DateTimeOffset FromTicks(long ticks) => new(
        Math.Clamp(ticks, -DateTimeOffset.UnixEpoch.Ticks, DateTimeOffset.MaxValue.Ticks - DateTimeOffset.UnixEpoch.Ticks)
            + DateTimeOffset.UnixEpoch.Ticks, TimeSpan.Zero);
}
