using System.Diagnostics;
using System.Net.Sockets;
using Winnow.Client;
using Winnow.Cluster.Tests.Failover;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Cluster.Tests.Security;

/// <summary>
/// Strangers at the silo port: whatever they send, and however many they are, people's calls are answered and silos join.
/// </summary>
[Trait("kind", "security")]
[Trait("needs", "postgres")]
[Trait("needs", "s3")]
[Collection(ProcessesCollection.Name)]
public sealed class SiloPortTests(ITestOutputHelper output)
{
    private const int Silent = 80, Loops = 4, Calls = 200;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Noise_and_silence_disturb_nobody()
    {
        await using var cluster =
            new SiloCluster(await (await PostgresServer.SharedAsync()).CreateDatabaseAsync(), await S3Server.SharedAsync(),
                S3Server.NewBucket());
        try
        {
            await cluster.StartAsync(2, "--Scoring:Workers", "1");
            using var stop = new CancellationTokenSource();
            var noises = Enumerable.Range(0, Loops).Select(i => new Noise(cluster.Silos[i % 2].Silo, (ulong)i)).ToArray();
            var running = noises.Select(n => n.RunAsync(stop.Token)).ToArray();
            Socket[] silent = [.. Enumerable.Range(0, Silent).Select(_ => noises[0].Open())];
            await AnsweredAsync(cluster);
            // One that is of the cluster comes in beside them.
            await cluster.Add(["--Scoring:Workers", "1"]).StartAgainAsync();
            Assert.Equal(2, (await cluster.Silos[2].ReportAsync())?.Successors);
            // Nobody may stay without a word.
            using var limit = new CancellationTokenSource(Limit);
            foreach (var socket in silent) await Noise.EndedAsync(socket, limit.Token);
            Assert.All(running, r => Assert.False(r.IsCompleted));
            await stop.CancelAsync();
            await Task.WhenAll(running);
            foreach (var socket in silent) socket.Dispose();
            output.WriteLine($"{noises.Sum(n => n.Made)} connections of strangers");
            Assert.All(cluster.Silos, s => Assert.False(s.HasExited));
            Assert.Contains("Refused at the silo port", cluster.Silos[0].Output, StringComparison.Ordinal);
            // However many there were, the log has a line in ten seconds.
            Assert.InRange(cluster.Silos[0].Output.Split("Refused at the silo port").Length - 1, 1, 30);
        }
        catch
        {
            output.WriteLine(cluster.Output());
            throw;
        }
    }

    private async Task AnsweredAsync(SiloCluster cluster)
    {
        using var client = new WinnowClient(new WinnowClientOptions { Address = cluster.Silos[0].Url, Actor = "test", RetryAttempts = 0 });
        var longest = TimeSpan.Zero;
        for (var i = 0; i < Calls; i++)
        {
            var began = Stopwatch.GetTimestamp();
            Assert.Empty(await client.ListDatasetsAsync());
            var took = Stopwatch.GetElapsedTime(began);
            if (took > longest) longest = took;
        }
        output.WriteLine($"the longest of {Calls} calls took {longest.TotalMilliseconds:F0} ms");
    }
}
