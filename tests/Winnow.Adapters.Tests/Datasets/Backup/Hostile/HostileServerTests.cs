using System.Globalization;
using System.Net;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Review;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Adapters.Tests.Datasets.Backup.Hostile;

/// <summary>
/// Changed backups at the front door of a real server, on its own folder and on PostgreSQL and S3: each is refused with a sentence or
/// restored, never answered with an error of the server. What is restored is worked with, and the server starts again over all of it.
/// </summary>
/// <remarks><c>WINNOW_SERVER_MUTATIONS</c> says how many (default 40), <c>WINNOW_SEED</c> which.</remarks>
[Trait("kind", "security")]
public sealed class HostileServerTests(ITestOutputHelper output)
{
    private const long MostMemory = 768L << 20;

    [Fact]
    public async Task A_server_on_its_own_folder_bears_changed_backups()
    {
        await using var silo = await SiloProcess.StartAsync(new SiloProcessOptions { Arguments = Arguments });
        await RunAsync(silo);
    }

    [Fact]
    [Trait("kind", "long")]
    [Trait("needs", "postgres")]
    [Trait("needs", "s3")]
    public async Task A_server_on_shared_stores_bears_changed_backups()
    {
        var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        await using var cluster = new SiloCluster(database, await S3Server.SharedAsync(), S3Server.NewBucket());
        await SiloCluster.PrepareAsync();
        var silo = cluster.Add(Arguments);
        await silo.StartAgainAsync();
        await RunAsync(silo);
    }

    private static string[] Arguments { get; } =
        ["--Api:Limits:PerSecond", "100000", "--Scoring:Workers", "1", "--Logging:LogLevel:Default", "Error"];

    private async Task RunAsync(SiloProcess silo)
    {
        var (count, seed) = (Setting("WINNOW_SERVER_MUTATIONS", 40), (ulong)Setting("WINNOW_SEED", 1));
        var archive = new HostileArchive(await HostilePlans.WriteSoundAsync(reviewed: true));
        var mutations = new HostilePlans(archive);
        var plans = mutations.Of(count, seed);
        var accepted = new List<RestoredDataset>();
        var before = ResidentOf(silo.Id);
        var most = before;
        for (var i = 0; i < plans.Count; i++)
        {
            var (what, changed) = mutations.Make(plans[i], seed + (ulong)i);
            var name = string.Create(CultureInfo.InvariantCulture, $"m-{i}");
            try
            {
                accepted.Add(await silo.Client.RestoreStreamAsync(new MemoryStream(changed), name));
            }
            catch (WinnowApiException refused)
            {
                Assert.True(refused.Status == HttpStatusCode.BadRequest,
                    $"{i}: {what}: {refused.Status}: {refused.Message}\n{silo.Output}");
                Assert.InRange(refused.Message.Length, 20, 1_200);
            }
            Assert.False(silo.HasExited, $"{i}: {what}: the server has ended.\n{silo.Output}");
            most = Math.Max(most, ResidentOf(silo.Id));
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{count} changed backups, {accepted.Count} restored; the server's memory rose from {before >> 20} to {most >> 20} MiB"));
        Assert.InRange(accepted.Count, 1, count - 1);
        Assert.InRange(most - before, 0, MostMemory);
        foreach (var dataset in accepted) await WorkWithAsync(silo.Client, dataset);
        await silo.TerminateAsync();
        await silo.StartAgainAsync();
        foreach (var dataset in accepted) await WorkWithAsync(silo.Client, dataset);
        Assert.Empty(await silo.Client.ListSetAsideAsync());
        Assert.Equal(accepted.Select(a => a.Dataset.Name).Order(StringComparer.Ordinal),
            (await silo.Client.ListDatasetsAsync()).Select(d => d.Name));
    }

    /// <summary>Lists and shows its images, takes and gives back a task, looks at its rounds, and exports its versions.</summary>
    private static async Task WorkWithAsync(WinnowClient client, RestoredDataset restored)
    {
        var name = restored.Dataset.Name;
        Assert.Equal(restored.Images, (await client.GetStatusAsync(name)).Images);
        var images = 0L;
        await foreach (var image in client.ListImagesAsync(name))
        {
            Assert.Equal(image.Id, (await client.GetImageAsync(name, image.Id)).Id);
            images++;
        }
        Assert.Equal(restored.Images, images);
        var tasks = await client.LeaseAsync(name, new LeaseRequest(Max: 2, WaitMilliseconds: 0));
        await client.ReleaseAsync(name, [.. tasks.Select(t => t.Image)]);
        await client.ListRoundsAsync(name);
        await client.GetCurvesAsync(name);
        foreach (var version in await client.ListVersionsAsync(name)) await ExportAsync(client, restored, version.Number);
    }

    private static async Task ExportAsync(WinnowClient client, RestoredDataset restored, int version)
    {
        try
        {
            await using var export = await client.OpenExportAsync(restored.Dataset.Name, version, "csv");
            await export.CopyToAsync(Stream.Null);
        }
        catch (Exception lost) when (lost is WinnowApiException or IOException)
        {
            // Bytes that the backup does not hold cannot be exported; that was told at the restore.
            Assert.True(restored.Missing > 0, lost.Message);
        }
    }

    /// <summary>Bytes of a process that are in memory.</summary>
    private static long ResidentOf(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(6).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture) << 10;
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text
            ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : otherwise;
}
