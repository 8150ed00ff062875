using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Winnow.Abstractions.Acts;
using Winnow.Adapters.Ledger;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>What lies under the path already: a ledger of another release, or something else.</summary>
public sealed partial class SqliteLedgerTests
{
    [Fact]
    public async Task A_newer_database_is_refused()
    {
        await Open().DisposeAsync();
        Execute($"PRAGMA user_version = {LedgerMigrations.Newest + 1}; UPDATE cluster SET opens_from = {LedgerMigrations.Newest + 1}");
        var refused = Assert.Throws<LedgerUnavailableException>(() => Open());
        Assert.Contains($"layout {LedgerMigrations.Newest + 1}", refused.Message, StringComparison.Ordinal);
        // A refusal keeps nobody out: the lock is free again.
        Execute($"PRAGMA user_version = {LedgerMigrations.Newest}; UPDATE cluster SET opens_from = {LedgerMigrations.Newest}");
        await Open().DisposeAsync();
    }

    [Fact]
    public async Task What_the_first_layout_held_is_there_in_the_newest()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(DatabasePath)!);
        await using (var first = typeof(SqliteLedger).Assembly.GetManifestResourceStream("migrations/0001-ledger.sql")!)
        using (var reader = new StreamReader(first))
            Execute(await reader.ReadToEndAsync());
        var id = Convert.ToHexString(Id(3).ToBytes());
        // As the ledger binds it.
        var operation = Convert.ToHexString(Operation(1).ToByteArray(bigEndian: true));
        Execute($$"""
            PRAGMA application_id = 0x574E4E57; PRAGMA user_version = 1;
            INSERT INTO dataset VALUES (7, 'cats', '{{JsonSerializer.Serialize(Dataset(), ModelJson.Default.DatasetInfo)}}');
            INSERT INTO shard VALUES (7, 1, 4, 0);
            INSERT INTO operation VALUES (7, 1, x'{{operation}}', 0, 0);
            INSERT INTO history VALUES (7, x'{{id}}', 1, 1, 3, x'{{operation}}', 1, 0, 2, CAST('{"a":1}' AS BLOB)),
                (7, x'{{id}}', 2, 1, 3, NULL, 0, 1, 3, CAST('{"b":2}' AS BLOB));
            INSERT INTO task VALUES (7, 1, 4, 'main', 1, 0.5, {{LedgerTime.ToTicks(Noon)}});
            """);
        await using var ledger = Open();
        var history = await ledger.ReadHistoryAsync(Shard, Id(3), Never);
        Assert.Equal([(1, 1, false, "{\"a\":1}"), (2, 0, true, "{\"b\":2}")],
            history.Select(h => (h.Version, h.Label, h.Closes, Encoding.UTF8.GetString(h.EntryJson))));
        Assert.Equal(Guid.Empty, history[1].OperationId);
        Assert.Equal(new ShardLayout(0, 4), (await ledger.FindDatasetAsync("cats", Never))!.Shards);
        Assert.Equal(new TaskRow(4, "main", 1, 0.5f, Noon), Assert.Single(await ToListAsync(ledger.ReadTasksAsync(Shard, Never))));
        await OperationsOfBefore.CheckAsync(ledger, Shard, Operation(1), new OrdinalRange(0, 0));
        // The next entry, and no other, is taken.
        var opened = await ledger.OpenShardAsync(Shard, Never);
        Task<ShardCommitStatus> AppendAsync(int version) =>
            ledger.CommitAsync(new ShardCommit { Shard = Shard, Epoch = opened.Epoch, History = [History(3, version, 9)] }, Never);
        Assert.Equal(ShardCommitStatus.Conflict, await AppendAsync(2));
        Assert.Equal(ShardCommitStatus.Committed, await AppendAsync(3));
        // What was written before the rule is under it too.
        string[] changes =
        [
            "UPDATE history SET label = 0 WHERE version = 1", "DELETE FROM history WHERE version = 2",
            $"REPLACE INTO history {HistoryAgain("version", "NULL")}", $"REPLACE INTO history {HistoryAgain("9", "operation")}",
        ];
        foreach (var sql in changes)
            Assert.Contains("History only grows", Assert.Throws<SqliteException>(() => Execute(sql)).Message, StringComparison.Ordinal);
        Assert.Equal(3, (await ledger.ReadHistoryAsync(Shard, Id(3), Never)).Count);
    }

    /// <summary>The first entry once more, under another version or operation.</summary>
    private static string HistoryAgain(string version, string operation) =>
        $"SELECT dataset, shard, image, {version}, ordinal, {operation}, label, closes, stage, entry FROM history WHERE version = 1";

    [Theory]
    [InlineData("REPLACE INTO act SELECT id, dataset, shard, sequence, at, x'00', actor, object FROM act", "Acts only grow")]
    [InlineData("REPLACE INTO act SELECT 9, dataset, shard, sequence, at, x'00', actor, object FROM act", "Acts only grow")]
    // The next of its stream, in the place of another one.
    [InlineData("REPLACE INTO act SELECT id, dataset, shard, sequence + 1, at, record, actor, object FROM act", "Acts only grow")]
    // Where no place is named a trigger sees -1, which nobody may take.
    [InlineData("INSERT INTO act SELECT -1, dataset, shard, sequence + 1, at, record, actor, object FROM act", "CHECK")]
    public async Task Acts_are_replaced_by_nobody(string sql, string said)
    {
        await using var ledger = Open();
        await ((IClusterLevel)ledger).RaiseAsync(ClusterLevels.Acts, Never);
        var act = new ActRecord(Noon, "{}"u8.ToArray(), [1], [2]);
        Assert.True(await ledger.AppendAsync(ActStream.Cluster, [act], Never));
        Assert.Contains(said, Assert.Throws<SqliteException>(() => Execute(sql)).Message, StringComparison.Ordinal);
        Assert.Equal("{}"u8.ToArray(), Assert.Single(await ledger.ReadActsAsync(ActStream.Cluster, 0, 10, Never)).Act.Record);
        Assert.True(await ledger.AppendAsync(ActStream.Cluster, [act], Never));
        Assert.Equal(2, await ledger.LastActAsync(ActStream.Cluster, Never));
    }

    [Fact]
    public async Task Reservations_go_with_their_tasks()
    {
        await using var ledger = Open();
        var epoch = await OpenShardAsync(ledger);
        var empty = new ShardCommit { Shard = Shard, Epoch = epoch };
        async Task CommitAsync(ShardCommit commit) => Assert.Equal(ShardCommitStatus.Committed, await ledger.CommitAsync(commit, Never));
        await CommitAsync(empty with
        {
            Images = Rows(0, 4),
            Tasks = [.. Enumerable.Range(0, 4).Select(o => new TaskRow(o, "main", 1, 0, DateTimeOffset.UnixEpoch))]
        });
        await CommitAsync(empty with { Reservations = [.. Enumerable.Range(0, 4).Select(o => new ReservationRow(o, Noon))] });
        using var session = SqliteSession.OpenReader(DatabasePath);
        Assert.Equal(4, session.Scalar("SELECT count(*) FROM reservation"));
        // The first entry leaves the image open, the second closes it.
        await CommitAsync(empty with { History = [History(0, 1, 1), History(1, 1, 2), History(1, 2, 3)] });
        await CommitAsync(empty with { Reservations = [new ReservationRow(2, DateTimeOffset.UnixEpoch)] });
        Assert.Equal(3, session.Scalar("SELECT sum(ordinal) FROM reservation"));
        Assert.Equal(2, session.Scalar("SELECT count(*) FROM reservation"));
        while (await ledger.RemoveShardRowsAsync(Shard, Never)) { }
        Assert.Equal(0, session.Scalar("SELECT count(*) FROM reservation"));
    }

    [Fact]
    public void Another_programs_file_is_refused_and_left_alone()
    {
        var other = _folder.At("other.db");
        Execute("CREATE TABLE t (x)", other);
        Assert.Contains("no ledger", Assert.Throws<LedgerUnavailableException>(() => Open(path: other)).Message, StringComparison.Ordinal);
        Execute("INSERT INTO t VALUES (1)", other);
        var text = _folder.At("text.db");
        File.WriteAllText(text, new string('x', 5_000));
        Assert.Contains("no SQLite database", Assert.Throws<LedgerUnavailableException>(() => Open(path: text)).Message,
            StringComparison.Ordinal);
        Assert.Equal(new string('x', 5_000), File.ReadAllText(text));
    }
}
