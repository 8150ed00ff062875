using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Winnow.Algorithms.Numerics;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Policies;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Cluster.Tests.Failover.Soak;

/// <summary>
/// Three silos on PostgreSQL (fsync on) and S3 under load, silos killed and stopped at random: whatever was acknowledged is there, once,
/// and the cluster answers again within seconds.
/// </summary>
[Trait("needs", "postgres")]
[Trait("needs", "s3")]
[Collection(ProcessesCollection.Name)]
public sealed class SoakTests(ITestOutputHelper output)
{
    private const string Dataset = "soak";
    private static readonly TimeSpan RecoveryLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan SettleLimit = TimeSpan.FromMinutes(2);

    private static readonly CreateDataset Creation = SoakDataset.Named(Dataset, 8, leaseSeconds: 30);

    [Fact]
    public async Task Nothing_acknowledged_is_lost_or_repeated()
    {
        var plan = SoakPlan.FromEnvironment();
        await using var postgres = await PostgresServer.StartPrivateAsync();
        await using var s3 = await S3Server.StartOwnAsync();
        var database = await postgres.CreateDatabaseAsync();
        await using var cluster = new SiloCluster(database, s3, S3Server.NewBucket());
        try
        {
            // Shards go back to a silo soon after it is back: the next one to be hit is one that holds some.
            await cluster.StartAsync(3, ["--Scoring:Workers", "1", "--Shard:RebalanceAfter", "00:00:01", .. RarePaths.LogOptions]);
            var (record, load, kills, hangs) = await RunAsync(cluster, database, plan);
            using var auditor = cluster.NewClient("auditor");
            Say(await RecordCheck.VerifyAsync(auditor, Dataset, record));
            Say(RarePaths.Check(cluster, load, plan.MeetsAll));
            Report("kill", kills, plan.MedianAfterKill);
            Report("hang", hangs, plan.MedianAfterHang);
        }
        catch
        {
            Say(cluster.Output());
            throw;
        }
    }

    private async Task<(SoakRecord Record, SoakLoad Load, List<TimeSpan> Kills, List<TimeSpan> Hangs)> RunAsync(
        SiloCluster cluster, string database, SoakPlan plan)
    {
        using var client = cluster.NewClient("engineer");
        var record = await SoakDataset.CreateAsync(client, Creation, 300);
        await client.ChangePoliciesAsync(Dataset, new ChangePolicies { VerifyShare = 0.4 });
        var load = new SoakLoad(cluster, Dataset, record);

        var started = Stopwatch.GetTimestamp();
        using var running = RunningLoad.StartWatched(load);
        // Review too is in full swing when the first silo is hit.
        await Until.TrueAsync(running.While(() => record.Decisions.Count > 20), SettleLimit, () => "people review");
        var (kills, hangs) = await DisturbAsync(cluster, database, plan, record, running.Ended);
        await Until.TrueAsync(running.While(() => Stopwatch.GetElapsedTime(started) > plan.AtLeast), plan.AtLeast * 2,
            () => "the load has gone on for its time");
        await running.StopAsync();
        Say(string.Create(CultureInfo.InvariantCulture,
            $"{Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s, {record.Images.Count} images, {record.Decisions.Count} decisions, "
            + $"{load.Rounds} rounds; seed {plan.Seed}"));
        return (record, load, kills, hangs);
    }

    private async Task<(List<TimeSpan> Kills, List<TimeSpan> Hangs)> DisturbAsync(
        SiloCluster cluster, string database, SoakPlan plan, SoakRecord record, Task ended)
    {
        var random = new SeededRandom(plan.Seed);
        var events = Enumerable.Repeat(true, plan.Kills).Concat(Enumerable.Repeat(false, plan.Hangs)).ToArray();
        random.Shuffle<bool>(events);
        List<TimeSpan> kills = [], hangs = [];
        for (var i = 0; i < events.Length && !ended.IsCompleted; i++)
        {
            var kill = events[i];
            var victim = random.Next(cluster.Silos.Count);
            var (silo, other) = (cluster.Silos[victim], cluster.Silos[(victim + 1) % cluster.Silos.Count]);
            await SeesAsync(other, cluster.Silos.Count - 1);
            if (plan.Doubles && i == events.Length / 2) await DoubleAsync(cluster);
            await Until.TrueAsync(async () => (await silo.ReportAsync())?.Grains.GetValueOrDefault("shard") > 0, SettleLimit,
                () => $"silo {victim} holds a shard");
            // At any moment of the work, not at its quiet points: shards may be on their way still.
            await Task.WhenAny(ended, Task.Delay(TimeSpan.FromMilliseconds(200 + random.Next(1_500)), TimeProvider.System));
            using var probe = new SoakProbe(other.Url, Dataset, OneOfEachShard(record));
            var failed = Stopwatch.GetTimestamp();
            record.Hit(TimeProvider.System.GetUtcNow());
            if (kill) await silo.KillAsync();
            else silo.Suspend();
            var took = await probe.RecoverAsync(failed, RecoveryLimit);
            (kill ? kills : hangs).Add(took);
            Say(string.Create(CultureInfo.InvariantCulture,
                $"{(kill ? "kill" : "hang")} of silo {victim}: all calls succeed after {took.TotalSeconds:F2} s; {Slowest(probe)}"));
            if (!kill)
            {
                // It comes back when the others have given it up, believing that it is still one of them; it finds out, and ends.
                await SeesAsync(other, cluster.Silos.Count - 2);
                silo.Resume();
                await Until.TrueAsync(() => Task.FromResult(silo.HasExited), SettleLimit,
                    () => "the silo that was declared dead has ended");
            }
            await silo.StartAgainAsync();
            await OpenBehindAsync(database, random.Next(1_000));
        }
        return (kills, hangs);
    }

    private static async Task DoubleAsync(SiloCluster cluster)
    {
        using var client = cluster.NewClient("engineer");
        await client.SplitAsync(Dataset, 2 * Creation.Settings!.Shards);
    }

    /// <summary>
    /// Opens a shard behind the back of the silo that holds it, as one does that others have not heard of yet. A silo that hung ends so
    /// soon after it goes on that it seldom writes before it knows. While shards are doubled it may be one of the new ones.
    /// </summary>
    private static async Task OpenBehindAsync(string database, int which)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(OneLater, connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = which });
        await command.ExecuteNonQueryAsync();
    }

    private const string OneLater = """
        UPDATE shard SET epoch = epoch + 1 WHERE (dataset, shard) =
            (SELECT dataset, shard FROM shard ORDER BY dataset, shard LIMIT 1 OFFSET $1 % (SELECT count(*) FROM shard))
        """;

    private static async Task SeesAsync(SiloProcess silo, int others)
    {
        int? seen = null;
        await Until.TrueAsync(async () => (seen = (await silo.ReportAsync())?.Successors) == others, SettleLimit,
            () => $"the silo at {silo.Url} knows {others} others and not {seen}");
    }

    /// <summary>To the test's output, and at once to the file that <c>tests/run soak</c> shows.</summary>
    private void Say(string line)
    {
        output.WriteLine(line);
        if (Environment.GetEnvironmentVariable("WINNOW_SOAK_PROGRESS") is { Length: > 0 } file) File.AppendAllText(file, line + "\n");
    }

    private static string Slowest(SoakProbe probe)
    {
        var (call, began, took, failure) = probe.Slowest;
        return string.Create(CultureInfo.InvariantCulture,
            $"slowest was {call}, begun after {began.TotalSeconds:F2} s, {took.TotalSeconds:F2} s")
            + (failure is null ? "" : ": " + failure);
    }

    private static ImageId[] OneOfEachShard(SoakRecord record) =>
        [.. record.Images.Keys.GroupBy(i => ShardLayout.IndexOf(i, Creation.Settings!.Shards)).Select(g => g.First())];

    private void Report(string what, List<TimeSpan> times, TimeSpan limit)
    {
        if (times.Count == 0) return;
        times.Sort();
        var median = times[times.Count / 2];
        Say(string.Create(CultureInfo.InvariantCulture,
            $"{times.Count} x {what}: median {median.TotalSeconds:F2} s, least {times[0].TotalSeconds:F2} s, most "
            + $"{times[^1].TotalSeconds:F2} s"));
        Assert.True(median <= limit,
            $"after a {what} all calls succeed within {median}, at the median of {times.Count}; {limit} is the limit");
    }
}
