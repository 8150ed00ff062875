using System.Globalization;
using Winnow.Client;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Web.Tests.Images;

/// <summary>An image that the store cannot keep is that image's fault alone: it is named with its place, the others are taken.</summary>
public sealed class UnwritableImageTests
{
    private const string Dataset = "shapes";

    private static readonly CreateDataset Shapes = new(
        Dataset, new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] }, new DatasetSettings { Shards = 2 });

    private static string PlaceOf(string data, int image) =>
        Path.Combine(data, "objects", ObjectKeys.Image(Dataset, ImageId.Of(DrawnImages.Draw(image))));

    private static async Task<List<IngestResult>> ImportAsync(WinnowClient client, int count)
    {
        var results = new List<IngestResult>();
        await foreach (var result in client.ImportAsync(Dataset, DrawnImages.EnumerateAsync(count))) results.Add(result);
        return results;
    }

    [Theory]
    [InlineData(5)]
    [InlineData(60)]
    public async Task An_image_without_a_place_is_left_out_and_taken_once_it_has_one(int count)
    {
        // Its client asks once: a passing failure would be thrown.
        await using var server = await OwnServer.StartAsync();
        await server.Client.CreateDatasetAsync(Shapes);
        var place = PlaceOf(server.Folder, 3);
        Directory.CreateDirectory(place);
        var results = await ImportAsync(server.Client, count);
        Assert.Equal(count, results.Count);
        var left = Assert.Single(results, r => r.Status != IngestStatus.Accepted);
        Assert.Equal((IngestStatus.LeftOut, results[3].Name, null), (left.Status, left.Name, left.Id));
        Assert.Contains($"a folder stands where its file belongs, {place}. Move it away.", left.Reason, StringComparison.Ordinal);
        Assert.Equal(count - 1, (await server.Client.GetStatusAsync(Dataset)).Images);

        Directory.Delete(place);
        var again = await ImportAsync(server.Client, count);
        Assert.Equal(results[3].Name, Assert.Single(again, r => r.Status == IngestStatus.Accepted).Name);
        Assert.Equal(DrawnImages.Draw(3), await server.Client.GetImageContentAsync(Dataset, ImageId.Of(DrawnImages.Draw(3))));
    }

    [Fact]
    public async Task An_image_that_is_known_and_whose_place_is_taken_says_so()
    {
        await using var server = await OwnServer.StartAsync();
        await server.Client.CreateDatasetAsync(Shapes);
        await ImportAsync(server.Client, 3);
        var place = PlaceOf(server.Folder, 1);
        File.Delete(place);
        Directory.CreateDirectory(place);
        var results = await ImportAsync(server.Client, 5);
        Assert.Equal(
            [IngestStatus.Duplicate, IngestStatus.LeftOut, IngestStatus.Duplicate, IngestStatus.Accepted, IngestStatus.Accepted],
            results.Select(r => r.Status));
    }

    [Fact]
    public async Task The_command_line_names_it_and_its_figures_add_up()
    {
        await using var server = await OwnServer.StartAsync();
        await server.Client.CreateDatasetAsync(Shapes);
        var place = PlaceOf(server.Folder, 3);
        Directory.CreateDirectory(place);
        using var folder = new BadFolder();
        for (var i = 0; i < 6; i++)
            await File.WriteAllBytesAsync(folder.PathOf(string.Create(CultureInfo.InvariantCulture, $"{i}.png")), DrawnImages.Draw(i));
        var run = await CliProcess.RunAsync(server.Address, [], "import", folder.Root, "--dataset", Dataset);
        Assert.Equal(3, run.ExitCode);
        var said = run.Output + run.Errors;
        Assert.Contains("6 images, ", said, StringComparison.Ordinal);
        Assert.Contains("5 accepted, 0 there already, 0 quarantined, 1 left out", said, StringComparison.Ordinal);
        Assert.Contains(place, said.ReplaceLineEndings(""), StringComparison.Ordinal);
        Assert.Contains($"winnow status {Dataset}", said, StringComparison.Ordinal);
    }
}
