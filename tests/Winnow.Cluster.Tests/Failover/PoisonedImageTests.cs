using System.Reflection;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Cluster.Tests.Failover;

/// <summary>An image that ends the process which looks at it: real processes die of it, and the rest is scored all the same.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class PoisonedImageTests
{
    private const string Dataset = "drawn";
    private const int Sound = 40;

    [Fact]
    public async Task A_decoder_crash_loop_cannot_stop_a_shard()
    {
        var program = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "CrashHost")
            .Value!;
        await using var silo = new SiloProcess(new SiloProcessOptions { Program = program });
        await silo.StartAgainAsync();
        await silo.Client.CreateDatasetAsync(
            new CreateDataset(Dataset, new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] },
                new DatasetSettings { Shards = 1 }));
        var import = ImportAsync(silo.Client);
        using var impatient = new WinnowClient(new WinnowClientOptions { Address = silo.Url, Actor = "test", RetryAttempts = 0 });
        var deaths = 0;
        await Until.TrueAsync(async () =>
        {
            if (silo.HasExited)
            {
                deaths++;
                silo.Launch();
                return false;
            }
            return import.IsCompleted && await IsScoredAsync(impatient);
        }, TimeSpan.FromMinutes(3), () => $"everything is scored, after {deaths} deaths:\n{silo.Output}");
        await import;

        // Once among others, and twice alone.
        Assert.Equal(3, deaths);
        var images = new List<ImageSummary>();
        await foreach (var image in silo.Client.ListImagesAsync(Dataset)) images.Add(image);
        var culprit = Assert.Single(images, i => i.Stage == Stage.Quarantined);
        Assert.Equal("marked.png", culprit.Name);
        Assert.Contains("ended each time it looked at this image", culprit.Reason);
        Assert.Equal(Sound, images.Count(i => i.Stage == Stage.Scored));
    }

    private static async Task ImportAsync(WinnowClient client)
    {
        await foreach (var result in client.ImportAsync(Dataset, WithMarkedAsync())) Assert.NotEqual(IngestStatus.Quarantined,
            result.Status);
    }

    private static async IAsyncEnumerable<ImageToImport> WithMarkedAsync()
    {
        await foreach (var image in DrawnImages.EnumerateAsync(Sound / 2)) yield return image;
        byte[] marked = [.. DrawnImages.Draw(1_000), .. "ends the process"u8];
        yield return new ImageToImport("marked.png", _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(marked));
        await foreach (var image in DrawnImages.EnumerateAsync(Sound / 2, from: Sound / 2)) yield return image;
    }

    private static async Task<bool> IsScoredAsync(WinnowClient client)
    {
        try
        {
            return (await client.GetStatusAsync(Dataset)).ScoringBacklog == 0;
        }
        catch (Exception e) when (e is HttpRequestException or WinnowApiException or TaskCanceledException)
        {
            return false;
        }
    }
}
