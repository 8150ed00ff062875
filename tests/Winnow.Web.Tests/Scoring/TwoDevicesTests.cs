using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Web.Tests.Scoring;

/// <summary>One silo with the processors split into two devices.</summary>
[Collection(AloneCollection.Name)]
public sealed class TwoDevicesTests
{
    private const string Dataset = "drawn";
    private const int Images = 600;
    private static readonly CreateDataset Creation =
        new(Dataset, new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] },
            new DatasetSettings { Shards = 4 });

    [Fact]
    public async Task Two_devices_share_the_work_within_a_fifth()
    {
        var devices = new CountedDevices();
        await ScoreAsync(devices);
        Assert.Equal(Images, devices.Images.Sum());
        Assert.True(devices.Images.Max() <= 1.2 * devices.Images.Min(),
            $"{devices.Images[0]} images on one device and {devices.Images[1]} on the other");
    }

    [Fact]
    public async Task A_device_that_dies_in_the_middle_of_a_lot_loses_nothing()
    {
        var devices = new CountedDevices(deadlyDevice: 1, after: 64);
        await ScoreAsync(devices);
        Assert.True(devices.Failures > 0);
        Assert.InRange(devices.Images[0], Images / 2, Images);
    }

    private static async Task ScoreAsync(CountedDevices devices)
    {
        await using var server = await OwnServer.StartAsync(devices.Into, null, "--Scoring:CpuDevices", "2");
        await server.Client.CreateDatasetAsync(Creation);
        await foreach (var result in server.Client.ImportAsync(Dataset, DrawnImages.EnumerateAsync(Images))) Assert.Equal(
            IngestStatus.Accepted, result.Status);
        devices.Open();
        var status = await server.Client.WaitForScoringAsync(Dataset);
        Assert.Equal(Images, status.Stages[Stage.Scored]);
        var listed = new HashSet<ImageId>();
        await foreach (var image in server.Client.ListImagesAsync(Dataset)) Assert.True(listed.Add(image.Id) && image.Reason is null);
        Assert.Equal(Images, listed.Count);
    }
}
