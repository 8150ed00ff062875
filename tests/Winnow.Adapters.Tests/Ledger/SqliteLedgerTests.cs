using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Winnow.Abstractions.Health;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Tests.Support;
using Winnow.Grains.Ports;
using Winnow.Testing;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>What is SQLite's own: the file, its lock, its layout, a full disk.</summary>
public sealed partial class SqliteLedgerTests : IDisposable
{
    private static readonly CancellationToken Never = CancellationToken.None;
    private static readonly ShardKey Shard = new("cats", 1);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string DatabasePath => _folder.At("data/ledger.db");

    private SqliteLedger Open(Action<LedgerOptions>? configure = null, string? path = null)
    {
        var options = new LedgerOptions { Path = path ?? DatabasePath };
        configure?.Invoke(options);
        return SqliteLedger.Open(options, NullLogger<SqliteLedger>.Instance);
    }

    private static async Task<long> OpenShardAsync(SqliteLedger ledger)
    {
        await ledger.AddDatasetAsync(Dataset(), Never);
        return (await ledger.OpenShardAsync(Shard, Never)).Epoch;
    }

    private static Task<List<ImageRow>> ImagesAsync(SqliteLedger ledger) =>
        ToListAsync(ledger.ReadImagesAsync(Shard, 0, int.MaxValue, Never));

    private void Execute(string sql, string? path = null)
    {
        using var connection = new SqliteConnection($"Data Source={path ?? DatabasePath};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    [Theory]
    [InlineData(nameof(LedgerOptions.Path))]
    [InlineData(nameof(LedgerOptions.MaxGroup))]
    [InlineData(nameof(LedgerOptions.MaxGroupRows))]
    [InlineData(nameof(LedgerOptions.QueueCapacity))]
    [InlineData(nameof(LedgerOptions.CacheMebibytes))]
    [InlineData(nameof(LedgerOptions.Readers))]
    public void A_wrong_setting_is_named(string setting)
    {
        var options = new LedgerOptions { Path = DatabasePath };
        var property = typeof(LedgerOptions).GetProperty(setting)!;
        property.SetValue(options, property.PropertyType == typeof(int) ? 0 : " ");
        Assert.Contains($"LedgerOptions.{setting}",
            Assert.Throws<ArgumentException>(() => SqliteLedger.Open(options, NullLogger<SqliteLedger>.Instance)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_process_is_refused_with_what_to_do_and_let_in_afterwards()
    {
        await using (Open())
        {
            using var second = CrashingProcess.Start("open", DatabasePath);
            var (code, said) = await second.WaitAsync();
            Assert.Equal(3, code);
            Assert.Contains("in use by another process", said, StringComparison.Ordinal);
            Assert.Contains(DatabasePath, said, StringComparison.Ordinal);
            Assert.Throws<LedgerUnavailableException>(() => Open());
        }
        using var third = CrashingProcess.Start("open", DatabasePath);
        Assert.Equal(0, (await third.WaitAsync()).Code);
    }

    [Fact]
    public async Task Every_commit_is_synced_by_the_write_ahead_log()
    {
        await using var ledger = Open();
        using var session = SqliteSession.OpenReader(DatabasePath);
        var journal = session.Prepare("PRAGMA journal_mode");
        Assert.True(journal.Step());
        Assert.Equal("wal", journal.Text(0));
        using var folder = new TemporaryFolder();
        using var writer = SqliteSession.OpenWriter(folder.At("x.db"), 1);
        Assert.Equal(2, writer.Scalar("PRAGMA synchronous")); // FULL
    }

    [Fact]
    public async Task The_log_stays_small_however_much_is_written_and_shrinks_after_a_long_read()
    {
        const int Mebibyte = 1 << 20;
        const long Most = 64 * Mebibyte;
        await using var ledger = Open();
        var text = Encoding.UTF8.GetBytes($"\"{new string('x', Mebibyte)}\"");
        var written = 0;
        async Task WriteAsync(int mebibytes)
        {
            for (var i = 0; i < mebibytes; i++)
                Assert.Equal(1, await ((IGrainStateStore)ledger)
                    .WriteAsync(new GrainStateKey("t", $"{written++}", "s"), null, text, Never));
        }

        long Log() => new FileInfo(DatabasePath + "-wal").Length;
        await WriteAsync(160);
        Assert.InRange(Log(), 1, Most);
        using (var reader = SqliteSession.OpenReader(DatabasePath))
        {
            reader.Execute("BEGIN");
            Assert.Equal(160, reader.Scalar("SELECT count(*) FROM grain_state"));
            await WriteAsync(100);
            Assert.True(Log() > Most);
            Assert.Equal(160, reader.Scalar("SELECT count(*) FROM grain_state"));
        }
        await Until.TrueAsync(async () =>
        {
            await WriteAsync(1);
            return Log() <= Most;
        }, TimeSpan.FromMinutes(1), () => $"the log is small again; it has {Log()} bytes");
        using var after = SqliteSession.OpenReader(DatabasePath);
        Assert.Equal(written, after.Scalar("SELECT count(*) FROM grain_state"));
    }

    [Fact]
    public async Task Closing_writes_what_was_handed_over_and_takes_no_more()
    {
        var ledger = Open(o => o.MaxGroup = 3);
        var epoch = await OpenShardAsync(ledger);
        var commits = Enumerable.Range(0, 200)
            .Select(i => ledger.CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(i, 1) }, Never)).ToArray();
        await ledger.DisposeAsync();
        Assert.All(await Task.WhenAll(commits), status => Assert.Equal(ShardCommitStatus.Committed, status));
        await Assert.ThrowsAsync<ObjectDisposedException>(() =>
            ledger.CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(200, 1) }, Never));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ledger.ListDatasetsAsync(Never));
        await using var again = Open();
        Assert.Equal(200, (await ImagesAsync(again)).Count);
    }

    [Fact]
    public async Task Callers_that_give_up_leave_whole_commits_only()
    {
        await using var ledger = Open(o => (o.MaxGroup, o.QueueCapacity) = (2, 4));
        await ledger.AddDatasetAsync(Dataset(), Never);
        using var giveUp = new CancellationTokenSource();
        // Each its own shard, so that one caller's giving up is no gap for the next.
        var keys = Enumerable.Range(0, 100).Select(s => Shard with { Shard = s }).ToArray();
        var epochs = await Task.WhenAll(keys.Select(k => ledger.OpenShardAsync(k, Never)));
        var commits = keys.Select((k, i) =>
            ledger.CommitAsync(new() { Shard = k, Epoch = epochs[i].Epoch, Images = Rows(0, 20) }, giveUp.Token)).ToArray();
        await giveUp.CancelAsync();
        var landed = 0;
        for (var i = 0; i < commits.Length; i++)
        {
            var committed = true;
            try
            {
                Assert.Equal(ShardCommitStatus.Committed, await commits[i]);
            }
            catch (OperationCanceledException)
            {
                committed = false;
            }
            var rows = (await ToListAsync(ledger.ReadImagesAsync(keys[i], 0, 100, Never))).Count;
            Assert.Equal(committed ? 20 : 0, rows);
            landed += committed ? 1 : 0;
        }
        Assert.True(landed < commits.Length, "No caller gave up in time; the test shows nothing.");
    }

    [Fact]
    public async Task A_faulty_commit_fails_alone()
    {
        await using var ledger = Open();
        var epoch = await OpenShardAsync(ledger);
        var faulty = Rows(0, 1)[0] with { ReceivedBy = null! };
        var other = Shard with { Shard = 2 };
        var opened = await ledger.OpenShardAsync(other, Never);
        var bad = ledger.CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = [faulty] }, Never);
        var good = ledger.CommitAsync(new() { Shard = other, Epoch = opened.Epoch, Images = Rows(0, 1) }, Never);
        Assert.Contains("received_by", (await Assert.ThrowsAsync<SqliteException>(() => bad)).Message, StringComparison.Ordinal);
        Assert.Equal(ShardCommitStatus.Committed, await good);
        Assert.Equal(ShardCommitStatus.Committed,
            await ledger.CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(0, 1) }, Never));
    }

    [SmallDiskFact]
    public async Task A_full_disk_is_said_and_survived()
    {
        using var disk = new SmallDisk(mebibytes: 8);
        await using var ledger = Open(path: disk.At("ledger.db"));
        var epoch = await OpenShardAsync(ledger);
        var next = 0;
        Task<ShardCommitStatus> CommitAsync(int rows) =>
            ledger.CommitAsync(new() { Shard = Shard, Epoch = epoch, OperationId = Operation(next), Images = Rows(next, rows) }, Never);
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(100));
        next += 100;
        using (disk.Fill(leave: 300_000))
        {
            var full = await Assert.ThrowsAsync<StorageFullException>(async () =>
            {
                while (true)
                {
                    Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(1_000));
                    next += 1_000;
                }
            });
            Assert.StartsWith("The disk of the ledger is full", full.Message, StringComparison.Ordinal);
            // Reading goes on, and shows exactly what was acknowledged.
            Assert.Equal(next, (await ImagesAsync(ledger)).Count);
        }
        Assert.Null(await ((IStorageHealth)ledger).CheckAsync(Never));
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(1_000));
        Assert.Equal(Rows(0, next + 1_000), await ImagesAsync(ledger));
    }

    [SmallDiskFact]
    public async Task The_health_check_says_that_the_disk_is_full_and_when_it_is_well_again()
    {
        using var disk = new SmallDisk(mebibytes: 8);
        await using var ledger = Open(path: disk.At("ledger.db"));
        var health = (IStorageHealth)ledger;
        Assert.Equal(("ledger", null), (health.Name, await health.CheckAsync(Never)));
        using (disk.Fill())
        {
            // The first checks may still find room that the log has already.
            string? said = null;
            for (var check = 0; check < 20 && said is null; check++) said = await health.CheckAsync(Never);
            Assert.Contains("is full", said ?? "well", StringComparison.Ordinal);
        }
        Assert.Null(await health.CheckAsync(Never));
    }
}
