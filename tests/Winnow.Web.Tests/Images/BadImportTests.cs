using System.Text.Json;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Web.Tests.Images;

/// <summary>
/// What a user has is imported by the SDK and by the command line: each bad file is named with its reason, and stops nothing.
/// </summary>
public sealed class BadImportTests(Server server) : IClassFixture<Server>
{
    /// <summary>More than the server takes by default.</summary>
    private const long TooLarge = (64L << 20) + 1;

    private async Task<string> DatasetAsync()
    {
        var name = "b" + Guid.NewGuid().ToString("n")[..12];
        var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
        await server.Client.CreateDatasetAsync(new CreateDataset(name, schema, new DatasetSettings { Shards = 2 }));
        return name;
    }

    private async Task<(List<IngestResult> Results, ImportProgress Done)> ImportAsync(string dataset,
        IAsyncEnumerable<ImageToImport> images)
    {
        var results = new List<IngestResult>();
        var done = new ImportProgress(0, 0, 0, 0, 0);
        var progress = new Told(p => done = p);
        await foreach (var result in server.Client.ImportAsync(dataset, images, new ImportOptions { LotSize = 4 }, progress)) results.Add(
            result);
        return (results, done);
    }

    private sealed class Told(Action<ImportProgress> tell) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => tell(value);
    }

    private static BadFolder Mixed()
    {
        var folder = new BadFolder();
        for (var i = 0; i < 9; i++) folder.Image($"disc/{i}.png");
        folder.Pipe("disc/2b.png");
        folder.Link("disc/3b.png", "nowhere.png");
        folder.Sparse("disc/4b.png", TooLarge);
        folder.Sparse("disc/5b.png", 0);
        folder.Text("disc/6b.png", "no image");
        folder.Link("disc/7b.png", folder.OutsideImage("linked"));
        folder.Latin1("cp disc/1.png $'disc/caf\\xe9.png'");
        return folder;
    }

    [Fact]
    public async Task Every_image_is_answered_for_and_the_sound_ones_are_taken()
    {
        var dataset = await DatasetAsync();
        using var folder = Mixed();
        var (results, done) = await ImportAsync(dataset, ImageFolder.EnumerateAsync(folder.Root));
        Assert.Equal((12L, 10L, 0L, 2L, 4L), (done.Sent, done.Accepted, done.Duplicates, done.Quarantined, done.LeftOut));
        Assert.Equal(16, results.Count);
        Assert.All(results.Where(r => r.Status == IngestStatus.LeftOut), r => Assert.Null(r.Id));
        Assert.All(results.Where(r => !r.AsSent), r => Assert.True(r.Reason is { Length: > 10 }, r.ToString()));
        Assert.Equal(["disc/2b.png", "disc/3b.png", "disc/4b.png", "disc/caf\uFFFD.png"],
            results.Where(r => r.Status == IngestStatus.LeftOut).Select(r => r.Name).Order(StringComparer.Ordinal));
        Assert.Contains("67108865 bytes", results.Single(r => r.Name == "disc/4b.png").Reason, StringComparison.Ordinal);
        Assert.Equal(12, (await server.Client.GetStatusAsync(dataset)).Images);

        // The same again: what cannot be used is told again, and nothing is stored twice.
        (_, done) = await ImportAsync(dataset, ImageFolder.EnumerateAsync(folder.Root));
        Assert.Equal((12L, 0L, 10L, 2L, 4L), (done.Sent, done.Accepted, done.Duplicates, done.Quarantined, done.LeftOut));
        Assert.Equal(12, (await server.Client.GetStatusAsync(dataset)).Images);
    }

    [Fact]
    public async Task Images_that_stand_in_the_other_partition_are_told()
    {
        var dataset = await DatasetAsync();
        await ImportAsync(dataset, DrawnImages.EnumerateAsync(6));
        var (results, done) = await ImportAsync(dataset, DrawnImages.EnumerateAsync(8, partition: Partition.Holdout));
        Assert.Equal((2L, 6L, 6L), (done.Accepted, done.Duplicates, done.InOtherPartition));
        Assert.All(results.Where(r => r.Status == IngestStatus.Duplicate), r => Assert.Equal(Partition.Pool, r.StandsIn));
        Assert.All(results.Where(r => r.StandsIn is not null),
            r => Assert.Contains("the holdout lacks it", r.Reason, StringComparison.Ordinal));
        (results, done) = await ImportAsync(dataset, DrawnImages.EnumerateAsync(8));
        Assert.Equal((8L, 2L), (done.Duplicates, done.InOtherPartition));
        Assert.All(results.Where(r => r.StandsIn is not null), r => Assert.Equal((Partition.Holdout, false), (r.StandsIn, r.AsSent)));
        // Twice in one lot, for one and for the other: the first is taken, the second told.
        async IAsyncEnumerable<ImageToImport> Both()
        {
            foreach (var partition in new[] { Partition.Holdout, Partition.Pool })
                yield return new ImageToImport("both", _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(DrawnImages.Draw(99)), null,
                    partition);
            await Task.CompletedTask;
        }

        (results, _) = await ImportAsync(dataset, Both());
        Assert.Equal([(IngestStatus.Accepted, null), (IngestStatus.Duplicate, Partition.Holdout)],
            results.Select(r => (r.Status, r.StandsIn)));
    }

    [Fact]
    public async Task Labels_that_are_not_taken_over_are_told()
    {
        var dataset = await DatasetAsync();
        async Task<IngestResult> OneAsync(string? label)
        {
            async IAsyncEnumerable<ImageToImport> One()
            {
                yield return new ImageToImport("one", _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(DrawnImages.Draw(7)), label);
                await Task.CompletedTask;
            }

            var (results, done) = await ImportAsync(dataset, One());
            Assert.Equal(results[0].LabelNotTaken is null ? 0 : 1, done.LabelsNotTaken);
            return results.Single();
        }

        Assert.Equal(("bird", false), (await OneAsync("bird") is { } first ? (first.LabelNotTaken, first.AsSent) : default));
        var second = await OneAsync("disc");
        Assert.Equal((IngestStatus.Duplicate, "disc"), (second.Status, second.LabelNotTaken));
        Assert.Contains("with no label", second.Reason, StringComparison.Ordinal);
        Assert.Equal((null, true), (await OneAsync(null) is { } third ? (third.LabelNotTaken, third.AsSent) : default));
    }

    [Fact]
    public async Task The_server_says_what_it_takes()
    {
        var limits = await server.Client.GetIntakeLimitsAsync();
        Assert.Equal(["jpeg", "png", "webp", "gif", "bmp"], limits.Formats);
        Assert.Equal((64L << 20, 1_000, 512L << 20), (limits.MaxImageBytes, limits.MaxLotImages, limits.MaxLotBytes));
    }

    [Fact]
    public async Task A_name_of_any_length_stands_in_nobodys_way()
    {
        var dataset = await DatasetAsync();
        var names = new[] { "", new string('x', 5_000), "猫/" + new string('é', 4_000) + ".png", "\u001b[31m\n", "plain.png" };
        async IAsyncEnumerable<ImageToImport> Named()
        {
            for (var i = 0; i < names.Length; i++)
            {
                var bytes = DrawnImages.Draw(300 + i);
                yield return new ImageToImport(names[i], _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(bytes));
            }
            await Task.CompletedTask;
        }

        var (results, done) = await ImportAsync(dataset, Named());
        Assert.Equal(names.Length, done.Accepted);
        Assert.Equal(names.Order(StringComparer.Ordinal), results.Select(r => r.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_command_names_what_it_leaves_out_and_ends_with_three()
    {
        var dataset = await DatasetAsync();
        using var folder = Mixed();
        folder.Image("locked/1.png");
        BadFolder.Mode("000", folder.PathOf("disc/0.png"), folder.PathOf("locked"));
        Directory.CreateDirectory(folder.PathOf(".git"));
        // Root may read whatever it likes.
        string[] under = Environment.UserName == "root" ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
        var reports = Directory.CreateTempSubdirectory("winnow-report-").FullName;
        BadFolder.Mode("777", reports);
        var report = Path.Combine(reports, "report");
        var ended = await CliProcess.RunAsync(server.Address, under, "import", folder.Root, "--dataset", dataset, "--report", report);
        Assert.True(ended.ExitCode == 3, ended.Output);
        foreach (var said in new[]
        {
            "9 accepted", "2 quarantined", "6 left out", "disc/0.png: It may not be read", "locked/: It may not be read",
            "disc/2b.png: It is a pipe",
            "disc/4b.png: It has 67108865 bytes", "disc/5b.png: The file has no bytes", "1 link to a file was followed",
            "1 hidden file or folder was passed over: .git/",
        })
            Assert.Contains(said, ended.Output, StringComparison.Ordinal);
        var lines = await File.ReadAllLinesAsync(report);
        Assert.Equal(8, lines.Select(l => JsonSerializer.Deserialize(l, ModelJson.Default.IngestResult)!).Count(r => !r.AsSent));
        Directory.Delete(reports, recursive: true);

        var strict = await CliProcess.RunAsync(server.Address, under, "import", folder.Root, "--dataset", dataset, "--strict");
        Assert.True(strict.ExitCode == 3, strict.Output);
        Assert.Contains("1 left out", strict.Output, StringComparison.Ordinal);
        Assert.Contains("--strict", strict.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_says_what_it_takes_and_how_it_ends()
    {
        var dataset = await DatasetAsync();
        using var folder = new BadFolder();
        var file = folder.Image("1.png");
        async Task<CliResult> RunAsync(params string[] arguments) => await CliProcess.RunAsync(server.Address, [], arguments);
        var all = await RunAsync("import", folder.Root, "--dataset", dataset);
        Assert.True(all.ExitCode == 0, all.Output);
        var holdout = await RunAsync("import", folder.Root, "--dataset", dataset, "--holdout");
        Assert.True(holdout.ExitCode == 3 && holdout.Output.Contains("1 in the pool already", StringComparison.Ordinal), holdout.Output);
        var aFile = await RunAsync("import", file, "--dataset", dataset);
        Assert.True(aFile.ExitCode == 2 && aFile.Output.Contains("is a file", StringComparison.Ordinal), aFile.Output);
        var none = await RunAsync("import", folder.PathOf("none"), "--dataset", dataset);
        Assert.True(none.ExitCode == 2 && none.Output.Contains("There is no folder", StringComparison.Ordinal), none.Output);
        Assert.Equal(2, (await RunAsync("import", folder.Root)).ExitCode);
        Assert.Contains("JPEG, PNG, WebP, GIF or BMP", (await RunAsync("import", "--help")).Output, StringComparison.Ordinal);
        Assert.Contains("3 done, but", (await RunAsync("--help")).Output.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }
}
