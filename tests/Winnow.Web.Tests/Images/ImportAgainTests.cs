using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Web.Tests.Images;

/// <summary>What Winnow has written into a folder is imported for what it is, and files whose names become one are told.</summary>
public sealed class ImportAgainTests(Server server) : IClassFixture<Server>
{
    private static readonly string[] Classes = ["cat", "dog"];

    private async Task<string> DatasetAsync()
    {
        var name = "r" + Guid.NewGuid().ToString("n")[..12];
        var schema = new LabelSchema { Classes = [.. Classes.Select(c => new LabelClass(c))] };
        await server.Client.CreateDatasetAsync(
            new CreateDataset(name, schema, new DatasetSettings { Shards = 1, AuditSample = 0 }));
        return name;
    }

    private Task<CliResult> RunAsync(params string[] arguments) =>
        CliProcess.RunAsync(server.Address, [], arguments);

    private static BadFolder Pictures(string below = "")
    {
        var folder = new BadFolder();
        foreach (var name in Classes)
            for (var i = 0; i < 3; i++) folder.Image($"{below}{name}/{i}.png");
        return folder;
    }

    /// <summary>Pool and holdout, exported in folders below <paramref name="into"/>.</summary>
    private async Task<string> ExportAsync(string into)
    {
        var dataset = await DatasetAsync();
        using var pool = Pictures();
        using var holdout = new BadFolder();
        foreach (var name in Classes)
        {
            Directory.CreateDirectory(holdout.PathOf(name));
            for (var i = 0; i < 2; i++)
                await File.WriteAllBytesAsync(holdout.PathOf($"{name}/h{i}.png"), DrawnImages.Draw(7_000 + (10 * i) + name[0]));
        }
        Assert.Equal(0, (await RunAsync("import", pool.Root, "--dataset", dataset, "--labels-from-folders")).ExitCode);
        Assert.Equal(0, (await RunAsync("import", holdout.Root, "--dataset", dataset, "--labels-from-folders", "--holdout")).ExitCode);
        await server.Client.CreateVersionAsync(dataset, new CreateVersion(null));
        var export = Path.Combine(into, "export");
        Assert.Equal(0, (await RunAsync("export", dataset, "--out", export)).ExitCode);
        return export;
    }

    [Fact]
    public async Task An_export_with_a_holdout_is_taken_in_by_its_partitions()
    {
        using var place = new BadFolder();
        var export = await ExportAsync(place.Root);
        var dataset = await DatasetAsync();

        var whole = await RunAsync("import", export, "--dataset", dataset, "--labels-from-folders");
        Assert.Equal(2, whole.ExitCode);
        Assert.Contains("--holdout", whole.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await server.Client.GetStatusAsync(dataset)).Images);
        await Assert.ThrowsAsync<InvalidDataException>(async () => await ImageFolder.EnumerateAsync(export).CountAsync());

        var (pool, holdout) = (Path.Combine(export, "train"), Path.Combine(export, "holdout"));
        Assert.Equal(0, (await RunAsync("import", pool, "--dataset", dataset, "--labels-from-folders")).ExitCode);
        Assert.Equal(0, (await RunAsync("import", holdout, "--dataset", dataset, "--labels-from-folders", "--holdout")).ExitCode);
        var partitions = new Dictionary<Partition, int>();
        await foreach (var image in server.Client.ListImagesAsync(dataset))
            partitions[image.Partition] = partitions.GetValueOrDefault(image.Partition) + 1;
        Assert.Equal((6, 4), (partitions[Partition.Pool], partitions[Partition.Holdout]));
    }

    [Fact]
    public async Task Of_an_export_below_the_folder_the_other_partition_is_left_out_and_named()
    {
        using var place = Pictures("own/");
        await ExportAsync(Directory.CreateDirectory(place.PathOf("older")).FullName);
        var dataset = await DatasetAsync();

        var run = await RunAsync("import", place.Root, "--dataset", dataset, "--labels-from-folders");
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("4 left out", run.Output, StringComparison.Ordinal);
        Assert.Contains("older/export/holdout/", run.Output, StringComparison.Ordinal);
        Assert.Contains("as the holdout (--holdout)", run.Output, StringComparison.Ordinal);
        // The same pictures lie in both, and no others.
        Assert.Equal(6, (await server.Client.GetStatusAsync(dataset)).Images);
        Assert.Equal((0, 6), (await LeftOutAsync(place.Root, Partition.Holdout, "older/export/holdout/"),
            await LeftOutAsync(place.Root, Partition.Holdout, "older/export/train/")));
    }

    /// <summary>Files below a path that cannot be read for what they are to be.</summary>
    private static async Task<int> LeftOutAsync(string root, Partition partition, string below = "", bool links = false)
    {
        var options = new ImageFolderOptions { Partition = partition, FollowFolderLinks = links };
        var left = 0;
        await foreach (var image in ImageFolder.EnumerateAsync(root, options))
            if (image.Name.StartsWith(below, StringComparison.Ordinal)
                && await Record.ExceptionAsync(async () => await image.Read(CancellationToken.None)) is IOException e
                && e.Message.StartsWith("An export holds it", StringComparison.Ordinal)) left++;
        return left;
    }

    [Fact]
    public async Task A_holdout_is_known_wherever_it_was_copied_and_whatever_leads_to_it()
    {
        using var place = new BadFolder();
        var export = await ExportAsync(place.Root);
        var holdout = Path.Combine(export, "holdout");
        // Named itself, with or without its classes; and in the end what is asked for by name.
        foreach (var below in new[] { holdout, Path.Combine(holdout, "cat"), Path.Combine(holdout, "dog") })
            Assert.Equal(below == holdout ? 4 : 2, await LeftOutAsync(below, Partition.Pool));
        Assert.Equal(0, await LeftOutAsync(holdout, Partition.Holdout));
        Assert.Equal(0, await LeftOutAsync(Path.Combine(export, "train"), Partition.Holdout));
        Assert.Equal(0, await LeftOutAsync(Path.Combine(export, "train"), Partition.Pool));
        // By links to it, into it and to one of its files.
        using var links = new BadFolder();
        links.Link("whole", holdout);
        Directory.CreateDirectory(links.PathOf("class"));
        links.Link("class/cat", Path.Combine(holdout, "cat"));
        links.Link("one.png", Directory.EnumerateFiles(Path.Combine(holdout, "dog")).First());
        Assert.Equal(1, await LeftOutAsync(links.Root, Partition.Pool));
        Assert.Equal(1 + 4 + 2, await LeftOutAsync(links.Root, Partition.Pool, links: true));
        Assert.Equal(2, await LeftOutAsync(Path.Combine(links.Root, "class", "cat"), Partition.Pool));
        // Without its list, as an archive or a copy of what is not hidden has it.
        File.Delete(Path.Combine(export, ".winnow-export.jsonl"));
        Assert.Equal(2, (await RunAsync("import", export, "--dataset", await DatasetAsync())).ExitCode);
        Assert.Equal(Classes, ImageFolder.ReadClasses(export));
        Assert.Equal(4, await LeftOutAsync(place.Root, Partition.Pool));
    }

    [Theory]
    [InlineData("holdout/cat/ID.png", true)]
    [InlineData("deep/holdout/cat/ID.jpeg", true)]
    [InlineData("holdout/ID.png", false)]
    [InlineData("holdout/cat/kitten/ID.png", false)]
    [InlineData("holdout/cat/b.png", false)]
    [InlineData("holdouts/cat/ID.png", false)]
    [InlineData("train/cat/ID.png", false)]
    public void Images_of_a_holdout_are_known_by_their_paths(string path, bool known) => Assert.Equal(known,
        ExportNames.PartitionOf(path.Replace("ID", ImageId.Of([1]).ToString(), StringComparison.Ordinal)) == Partition.Holdout);

    [Fact]
    public async Task The_classes_of_an_export_stand_below_its_partitions()
    {
        using var place = new BadFolder();
        var export = await ExportAsync(place.Root);
        Assert.Equal(Classes, ImageFolder.ReadClasses(export));
        Assert.Equal(Classes, ImageFolder.ReadClasses(Path.Combine(export, "train")));
        var name = "c" + Guid.NewGuid().ToString("n")[..12];
        Assert.Equal(0, (await RunAsync("datasets", "create", name, "--classes-from", export)).ExitCode);
        Assert.Equal(Classes, (await server.Client.GetDatasetAsync(name)).Schema.Classes.Select(c => c.Name));
    }

    [Fact]
    public async Task A_report_is_none_of_the_images_beside_which_it_is_written()
    {
        using var folder = Pictures();
        var dataset = await DatasetAsync();
        var report = folder.PathOf("report.jsonl");
        for (var i = 0; i < 2; i++)
        {
            var run = await RunAsync("import", folder.Root, "--dataset", dataset, "--report", report);
            Assert.True(run.ExitCode == 0, run.Output);
        }
        Assert.Equal(6, (await server.Client.GetStatusAsync(dataset)).Images);
        // One that bears its name elsewhere is a file like all others, and so is one of another name.
        using var other = new BadFolder();
        var elsewhere = await RunAsync("import", folder.Root, "--dataset", dataset, "--report", other.PathOf("0.png"));
        Assert.Contains("7 images", elsewhere.Output, StringComparison.Ordinal);
        Assert.Equal(3, (await RunAsync("import", folder.Root, "--dataset", dataset)).ExitCode);
    }

    [Fact]
    public async Task Of_names_that_become_one_all_but_one_are_told()
    {
        using var folder = new BadFolder();
        folder.Image("a%5Cb.png");
        folder.Image("plain.png");
        folder.Latin1("cp plain.png 'a\\b.png'; echo >> 'a\\b.png'; cp plain.png $'\\xff.png'; cp plain.png $'\\xef\\xbf\\xbd.png'");
        var dataset = await DatasetAsync();
        var run = await RunAsync("import", folder.Root, "--dataset", dataset);
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("2 left out", run.Output, StringComparison.Ordinal);
        Assert.Contains("'a%5Cb.png' stands beside it", run.Output, StringComparison.Ordinal);
        Assert.Contains("not UTF-8", run.Output, StringComparison.Ordinal);
        // A backslash alone is kept as its code.
        File.Delete(folder.PathOf("a%5Cb.png"));
        var names = await ImageFolder.EnumerateAsync(folder.Root).Select(i => i.Name).ToListAsync();
        Assert.Contains("a%5Cb.png", names);
    }
}
