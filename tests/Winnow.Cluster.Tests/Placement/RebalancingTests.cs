using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Winnow.Client;
using Winnow.Cluster.Tests.Failover;
using Winnow.Cluster.Tests.Failover.Soak;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Cluster.Tests.Placement;

/// <summary>
/// Silos that come and go while people work: each holds its share of the shards soon after, and who reads meanwhile waits at most.
/// </summary>
[Trait("needs", "postgres")]
[Trait("needs", "s3")]
[Trait("kind", "failover")]
[Collection(ProcessesCollection.Name)]
public sealed class RebalancingTests(ITestOutputHelper output)
{
    private const string Dataset = "spread";
    private const int Shards = 16;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly string[] Arguments =
        ["--Scoring:Workers", "1", "--Shard:RebalanceAfter", "00:00:01", "--Logging:LogLevel:Winnow.Grains", "Information"];

    [Fact]
    public async Task A_silo_that_joins_gets_its_share_and_one_that_leaves_gives_it_back()
    {
        await using var postgres = await PostgresServer.StartPrivateAsync();
        await using var s3 = await S3Server.StartOwnAsync();
        await using var cluster = new SiloCluster(await postgres.CreateDatabaseAsync(), s3, S3Server.NewBucket());
        try
        {
            await cluster.StartAsync(2, Arguments);
            using var client = cluster.NewClient("engineer");
            var record = await SoakDataset.CreateAsync(client, SoakDataset.Named(Dataset, Shards), 400);
            await EvenAsync(cluster, [8, 8]);
            var third = cluster.Add(Arguments);
            using var running = RunningLoad.Start(new SoakLoad(cluster, Dataset, record));
            await GoesOnAsync(running, record);

            using (var reader = new Reader(cluster.Silos[0].Url, record))
            {
                await third.StartAgainAsync();
                Say($"spread over three silos {await EvenAsync(cluster, [5, 5, 6])} after the third was ready");
                await GoesOnAsync(running, record);
                Say(await reader.StopAsync());
            }
            Assert.All(cluster.Silos.Take(2), s => Assert.Contains("shards of this silo moved", s.Output, StringComparison.Ordinal));
            // Each was closed before it was opened elsewhere.
            Assert.All(cluster.Silos, s => Assert.DoesNotContain("lost its ledger epoch", s.Output, StringComparison.Ordinal));

            await third.KillAsync();
            Say($"spread over two silos {await EvenAsync(cluster, [8, 8])} after the third was killed");
            await GoesOnAsync(running, record);
            await third.StartAgainAsync();
            await EvenAsync(cluster, [5, 5, 6]);
            Assert.Equal(0, await third.TerminateAsync());
            await EvenAsync(cluster, [8, 8]);
            await GoesOnAsync(running, record);
            await running.StopAsync();
            Say(await RecordCheck.VerifyAsync(client, Dataset, record));
        }
        catch
        {
            output.WriteLine(cluster.Output());
            throw;
        }
    }

    private void Say(string line)
    {
        output.WriteLine(line);
        if (Environment.GetEnvironmentVariable("WINNOW_SOAK_PROGRESS") is { Length: > 0 } file) File.AppendAllText(file, line + "\n");
    }

    private static async Task<TimeSpan> EvenAsync(SiloCluster cluster, int[] expected)
    {
        int[] held = [];
        return await Until.TrueAsync(async () => (held = await HeldAsync(cluster)).SequenceEqual(expected), Limit,
            () => $"silos hold {string.Join(", ", expected)} shards and not {string.Join(", ", held)}");
    }

    /// <summary>How many shards each silo holds, fewest first.</summary>
    private static async Task<int[]> HeldAsync(SiloCluster cluster)
    {
        var reports = await Task.WhenAll(cluster.Silos.Where(s => !s.HasExited).Select(s => s.ReportAsync()));
        return [.. reports.Select(r => r?.Grains.GetValueOrDefault("shard") ?? -1).Order()];
    }

    private static async Task GoesOnAsync(RunningLoad running, SoakRecord record)
    {
        var (images, decisions) = (record.Images.Count, record.Decisions.Count);
        await Until.TrueAsync(running.While(() => record.Images.Count > images + 80 && record.Decisions.Count > decisions + 15), Limit,
            () => "imports and reviews go on");
    }

    /// <summary>Somebody who looks at an image of every shard again and again, and repeats nothing.</summary>
    private sealed class Reader : IDisposable
    {
        private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);
        private readonly CancellationTokenSource _stop = new();
        private readonly WinnowClient _client;
        private readonly ConcurrentBag<TimeSpan> _waits = [];
        private readonly Task _work;

        public Reader(Uri address, SoakRecord record)
        {
            _client = new WinnowClient(
                new WinnowClientOptions { Address = address, Actor = "reader", RetryAttempts = 0, Timeout = TimeSpan.FromSeconds(10) });
            _work = Task.WhenAll(record.Images.Keys.GroupBy(i => ShardLayout.IndexOf(i, Shards)).Select(g => LookAsync(g.First())));
        }

        public async Task<string> StopAsync()
        {
            await _stop.CancelAsync();
            await _work;
            return string.Create(CultureInfo.InvariantCulture,
                $"{_waits.Count} looks, the longest took {_waits.Max().TotalMilliseconds:F0} ms");
        }

        public void Dispose()
        {
            _client.Dispose();
            _stop.Dispose();
        }

        private async Task LookAsync(ImageId image)
        {
            while (!_stop.IsCancellationRequested)
            {
                var started = Stopwatch.GetTimestamp();
                await _client.GetImageAsync(Dataset, image);
                _waits.Add(Stopwatch.GetElapsedTime(started));
                await Task.WhenAny(Task.Delay(Pace, TimeProvider.System, _stop.Token));
            }
        }
    }
}
