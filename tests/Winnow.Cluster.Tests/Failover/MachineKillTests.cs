using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.MachineDecisions;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Cluster.Tests.Failover;

/// <summary>
/// kill -9 while a run of machine decisions is taken back: what was taken back stays so, the same call does the rest, and nothing is taken
/// back twice.
/// </summary>
[Collection(ProcessesCollection.Name)]
public sealed class MachineKillTests(ITestOutputHelper output)
{
    private const string Dataset = "drawn";
    private const int Images = 3_000;
    private const int AtOnce = 1_000;

    // A kill that comes before the first lot or after the last tells nothing of what this is for.
    private const int MostTries = 12;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private static readonly DateTimeOffset Made = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Killed_while_a_run_is_taken_back()
    {
        await using var silo = await SiloProcess.StartAsync();
        var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
        await silo.Client.CreateDatasetAsync(
            new CreateDataset(Dataset, schema, new DatasetSettings { Shards = 1, AuditSample = 0, ProjectionDimensions = 16 }));
        await foreach (var result in silo.Client.ImportAsync(Dataset, DrawnImages.EnumerateAsync(Images)))
            Assert.Equal(IngestStatus.Accepted, result.Status);
        ImageId[] images = [.. Enumerable.Range(0, Images).Select(i => ImageId.Of(DrawnImages.Draw(i)))];
        var interrupted = false;
        for (var run = 1; run <= MostTries && !interrupted; run++) interrupted = await InterruptAsync(silo, images, $"run {run}");
        Assert.True(interrupted, "no kill came while a run was taken back");
        Assert.Equal((0, 0), await CountsAsync(silo.Client));
        var verified = await silo.Client.VerifyAsync(Dataset).LastAsync();
        Assert.True(verified.Report is { Sound: true });
    }

    /// <summary>Kills the silo in the middle; whether it was in the middle.</summary>
    private async Task<bool> InterruptAsync(SiloProcess silo, ImageId[] images, string run)
    {
        foreach (var some in images.Chunk(AtOnce))
        {
            ImageMachineDecision[] sent = [.. some.Select(i => new ImageMachineDecision(
                i, MachineKind.AutoAccepted, run, "yolo", [new ClassTag(DrawnImages.Classes[0])], Made))];
            await Until.TrueAsync(async () => await IsTakenAsync(silo.Client, sent), Limit, () => "the level is raised");
        }
        Assert.Equal((Images, 0), await CountsAsync(silo.Client));
        var command = new TakeBackMachineDecisions("a crash", run);
        var taking = silo.Client.TakeBackMachineDecisionsAsync(Dataset, command);
        // Its answer never comes: the client sends it again, under the same operation.
        await Until.TrueAsync(async () => taking.IsCompleted || (await CountsAsync(silo.Client)).Auto < Images, Limit, () => "it begins");
        await silo.KillAsync();
        await silo.StartAgainAsync();
        var done = await taking;
        output.WriteLine($"{run}: {done.TakenBack} taken back after the kill, {done.Before} before it");
        Assert.Equal(Images, done.TakenBack + done.Before);
        Assert.Equal((0, 0), await CountsAsync(silo.Client));
        var told = Assert.Single(await silo.Client.ListMachineRunsAsync(Dataset), r => r.Run == run);
        Assert.Equal((Images, Images), (told.Decisions, told.TakenBack));
        // Once more changes nothing.
        Assert.Equal(new(0, Images), await silo.Client.TakeBackMachineDecisionsAsync(Dataset, command));
        return done is { TakenBack: > 0, Before: > 0 };
    }

    private static async Task<(long Auto, long Pseudo)> CountsAsync(WinnowClient client)
    {
        var status = await client.GetStatusAsync(Dataset);
        return (status.AutoAccepted, status.Pseudo);
    }

    private static async Task<bool> IsTakenAsync(WinnowClient client, ImageMachineDecision[] decisions)
    {
        try
        {
            return (await client.AddMachineDecisionsAsync(Dataset, decisions)).Taken == decisions.Length;
        }
        catch (WinnowApiException early) when (early.Message.Contains("does not take this yet", StringComparison.Ordinal))
        {
            return false;
        }
    }
}
