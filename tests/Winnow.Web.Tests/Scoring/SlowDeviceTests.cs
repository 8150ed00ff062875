using Microsoft.Extensions.DependencyInjection;
using Winnow.Grains.Ports;
using Winnow.Grains.Settings;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Web.Tests.Scoring;

/// <summary>
/// A device that cannot keep up holds scoring back, and nothing else: bytes are taken and acknowledged, what waits is bounded, and all of
/// it is scored in the end.
/// </summary>
[Collection(AloneCollection.Name)]
public sealed class SlowDeviceTests
{
    private const int Shards = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Images_are_taken_while_the_device_stands_still_and_no_more_are_read_ahead_than_it_is_sent()
    {
        var device = new StandingDevice();
        await using var server = await OwnServer.StartAsync(s => s.AddSingleton<IEmbedderProvider>(device));
        await server.Client.CreateDatasetAsync(
            new CreateDataset("slow", new LabelSchema { Classes = [new LabelClass("a"), new LabelClass("b")] },
                new DatasetSettings { Shards = Shards }));
        const int Images = 1_500;
        await ImportAsync(server, 0, Images);
        await Until.TrueAsync(() => Task.FromResult(device.Holds > 0), Patience, () => "the device was given work");

        // It has not finished a single one, and yet more are taken.
        await ImportAsync(server, Images, 300);
        Assert.Equal(Images + 300, (await server.Client.GetStatusAsync("slow")).ScoringBacklog);
        var shard = new ShardOptions();
        Assert.InRange(device.MostHeld, 1, Shards * shard.LotSize * shard.LotsInFlight);

        device.GoOn();
        await server.Client.WaitForScoringAsync("slow");
        Assert.Equal(Images + 300, device.Seen.Count);
        Assert.All(device.Seen, seen => Assert.Equal(1, seen.Value));
    }

    private static async Task ImportAsync(OwnServer server, int from, int count)
    {
        await foreach (var result in server.Client.ImportAsync("slow", DrawnImages.EnumerateAsync(count, from))) Assert.Equal(
            IngestStatus.Accepted, result.Status);
    }
}
