using System.Collections.Concurrent;
using Winnow.Abstractions.Health;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Ledger.Postgres;
using Winnow.Adapters.Tests.Support;
using Winnow.CrashHost;
using Winnow.Grains.Ports;
using Winnow.Testing;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger.Postgres;

/// <summary>A server of the test's own is stopped, killed, filled and robbed of its sessions while shards and grains write.</summary>
[Trait("needs", "postgres")]
public sealed class PostgresOutageTests : IAsyncLifetime
{
    private static readonly CancellationToken Never = CancellationToken.None;

    private PostgresServer _server = null!;

    public async Task InitializeAsync() => _server = await PostgresServer.StartPrivateAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    /// <summary>
    /// Writes numbered operations of each shard and versions of each state until it is told to end; what it could not write it tries again.
    /// </summary>
    private sealed class Load(PostgresLedger ledger)
    {
        private readonly ConcurrentQueue<string> _failures = [];
        private volatile bool _ending;

        public ConcurrentDictionary<int, int> Acknowledged { get; } = [];
        public long[] States { get; } = new long[4];
        public IReadOnlyCollection<string> Failures => _failures;
        public int Total => Acknowledged.Values.Sum();

        public async Task RunAsync()
        {
            // Each operation comes with its act.
            await ((IClusterLevel)ledger).RaiseAsync(ClusterLevels.Newest, Never);
            await ledger.AddDatasetAsync(Dataset(LedgerLoad.Dataset), Never);
            await Task.WhenAll(Enumerable.Range(0, LedgerLoad.Shards).Select(s => Task.Run(() => RunShardAsync(s)))
                .Concat(Enumerable.Range(0, States.Length).Select(s => Task.Run(() => RunStateAsync(s)))));
        }

        public void End() => _ending = true;

        private async Task RunShardAsync(int shard)
        {
            while (!_ending)
            {
                try
                {
                    // As a grain does after a failure: open again, and go on from what the ledger has.
                    var opened = await ledger.OpenShardAsync(new ShardKey(LedgerLoad.Dataset, shard), Never);
                    var stored = opened.Images / LedgerLoad.RowsPerOperation;
                    // At most the one whose acknowledgement was lost.
                    if (stored < Acknowledged.GetValueOrDefault(shard))
                        throw new InvalidOperationException($"Shard {shard} has lost acknowledged rows.");
                    for (var number = stored; !_ending; number++)
                    {
                        // Every second one without an operation id: only the fences protect it.
                        var commit = LedgerLoad.Commit(shard, opened.Epoch,
                            number) with
                        { OperationId = number % 2 == 0 ? LedgerLoad.OperationId(shard, number) : Guid.Empty };
                        var status = await ledger.CommitAsync(commit, Never);
                        if (status != ShardCommitStatus.Committed)
                            throw new InvalidOperationException($"Operation {number} of shard {shard} came out as {status}.");
                        Acknowledged[shard] = number + 1;
                    }
                }
                catch (Exception problem) when (problem is LedgerWriteException or LedgerUnavailableException or StorageFullException)
                {
                    _failures.Enqueue(problem.Message);
                }
            }
        }

        private async Task RunStateAsync(int number)
        {
            var key = new GrainStateKey("load", $"{number}", "state");
            var store = (IGrainStateStore)ledger;
            long? version = null;
            while (!_ending)
            {
                try
                {
                    version = await store.WriteAsync(key, version, System.Text.Encoding.UTF8.GetBytes($"{version ?? 0}"), Never)
                        ?? throw new InvalidOperationException($"State {number} was written by somebody else after version {version}.");
                    States[number] = version.Value;
                }
                catch (Exception problem) when (problem is LedgerWriteException or StorageFullException)
                {
                    _failures.Enqueue(problem.Message);
                    version = await ReadVersionAsync(store, key, version);
                }
            }
        }

        private async Task<long?> ReadVersionAsync(IGrainStateStore store, GrainStateKey key, long? version)
        {
            while (!_ending)
            {
                try
                {
                    var stored = (await store.ReadAsync(key, Never))?.Version;
                    if ((stored ?? 0) < (version ?? 0)) throw new InvalidOperationException("A state has lost an acknowledged version.");
                    return stored;
                }
                catch (LedgerUnavailableException problem)
                {
                    _failures.Enqueue(problem.Message);
                }
            }
            return version;
        }

        /// <summary>Every acknowledged operation is there, whole, once, and nothing else but the last that was under way.</summary>
        public async Task CheckAsync()
        {
            for (var shard = 0; shard < LedgerLoad.Shards; shard++)
            {
                var key = new ShardKey(LedgerLoad.Dataset, shard);
                var images = await ToListAsync(ledger.ReadImagesAsync(key, 0, int.MaxValue, Never));
                var operations = images.Count / LedgerLoad.RowsPerOperation;
                Assert.Equal(0, images.Count % LedgerLoad.RowsPerOperation);
                Assert.InRange(operations, Acknowledged[shard], Acknowledged[shard] + 1);
                Assert.Equal(Enumerable.Range(0, operations).SelectMany(n => LedgerLoad.Commit(shard, 1, n).Images), images);
                var history = await ToListAsync(ledger.ReadShardHistoryAsync(key, Never));
                Assert.Equal(Enumerable.Range(0, operations).Select(n => LedgerLoad.OperationId(shard, n)),
                    history.OrderBy(h => h.Ordinal).Select(h => h.OperationId));
            }
        }
    }

    private static async Task UntilAsync(Func<bool> condition, string what, Task running)
    {
        await Until.TrueAsync(async () =>
        {
            if (running.IsFaulted) await running;
            return condition();
        }, TimeSpan.FromMinutes(2), () => what);
    }

    [Fact]
    public async Task A_server_that_stops_or_crashes_and_comes_back_has_everything_that_was_acknowledged()
    {
        // Shorter than the outage, so that callers are told as well.
        await using var ledger = await PostgresLedgerFixture.OpenAsync(_server.ConnectionString, o => o.RetrySeconds = 1);
        var load = new Load(ledger);
        var running = load.RunAsync();
        await UntilAsync(() => load.Total > 50, "The load", running);
        for (var outage = 0; outage < 4; outage++)
        {
            await (outage % 2 == 0 ? _server.StopAsync() : _server.CrashAsync());
            var failures = load.Failures.Count;
            await UntilAsync(() => load.Failures.Count > failures, "Being told of the outage", running);
            Assert.Contains(_server.ConnectionString.Split(';')[1].Split('=')[1],
                await ((IStorageHealth)ledger).CheckAsync(Never) ?? "well", StringComparison.Ordinal);
            await _server.StartAsync();
            var total = load.Total;
            await UntilAsync(() => load.Total > total + 50, "Going on", running);
            Assert.Null(await ((IStorageHealth)ledger).CheckAsync(Never));
        }
        load.End();
        await running;
        Assert.NotEmpty(load.Failures);
        await load.CheckAsync();
    }

    [Fact]
    public async Task Sessions_that_are_ended_in_the_middle_of_the_load_cost_nobody_anything()
    {
        await using var ledger = await PostgresLedgerFixture.OpenAsync(_server.ConnectionString, o => o.RetrySeconds = 30);
        var load = new Load(ledger);
        var running = load.RunAsync();
        await UntilAsync(() => load.Total > 20, "The load", running);
        for (var kill = 0; kill < 40; kill++)
        {
            await _server.ExecuteAsync(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'winnow%' AND pid <> pg_backend_pid()");
            var total = load.Total;
            await UntilAsync(() => load.Total > total + 3, "Going on", running);
        }
        load.End();
        await running;
        // Not one call failed: the ledger found out what had become of each transaction.
        Assert.Empty(load.Failures);
        await load.CheckAsync();
        for (var i = 0; i < load.States.Length; i++)
            Assert.Equal(load.States[i],
                (await ((IGrainStateStore)ledger).ReadAsync(new GrainStateKey("load", $"{i}", "state"), Never))!.Version);
    }

    [SmallDiskFact]
    public async Task A_full_disk_is_said_and_survived()
    {
        using var disk = new SmallDisk(mebibytes: 200);
        // The server owns a folder below the mount point.
        await using var server = await PostgresServer.StartPrivateAsync(disk.At("data"));
        await using var ledger = await PostgresLedgerFixture.OpenAsync(server.ConnectionString, o => o.RetrySeconds = 1);
        var load = new Load(ledger);
        var running = load.RunAsync();
        await UntilAsync(() => load.Total > 20, "The load", running);
        using (disk.Fill(leave: 8_000_000))
            await UntilAsync(() => load.Failures.Count > 3, "Being told of the full disk", running);
        Assert.Contains(load.Failures, f =>
            f.Contains("is full", StringComparison.Ordinal) || f.Contains("cannot be", StringComparison.Ordinal));
        // Without room for its log the server ends itself; a supervisor would start it again.
        await server.StartAsync();
        var total = load.Total;
        await UntilAsync(() => load.Total > total + 20, "Going on", running);
        load.End();
        await running;
        await load.CheckAsync();
    }
}
