using System.Text.Json;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Testing;
using Winnow.Web.Tests.Images;

namespace Winnow.Web.Tests.Names;

/// <summary>Names of files as the command line meets them: each image keeps its own, and no label goes to another's.</summary>
public sealed class FileNameTests(Server server) : IClassFixture<Server>
{
    private async Task<string> DatasetAsync()
    {
        var name = "f" + Guid.NewGuid().ToString("n")[..12];
        var schema = new LabelSchema { Classes = [new("cat"), new("dog")] };
        await server.Client.CreateDatasetAsync(new CreateDataset(name, schema,
            new DatasetSettings { Shards = 1, AuditSample = 0, ProjectionDimensions = 16 }));
        return name;
    }

    private Task<CliResult> RunAsync(params string[] command) => CliProcess.RunAsync(server.Address, [], command);

    private async Task<List<string>> NamesAsync(string dataset)
    {
        var names = new List<string>();
        await foreach (var image in server.Client.ListImagesAsync(dataset)) names.Add(image.Name);
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    [Fact]
    public async Task Files_of_different_names_are_images_of_different_names_and_it_is_told_which_changed()
    {
        var dataset = await DatasetAsync();
        using var folder = new BadFolder();
        var deep = string.Join('/', Enumerable.Repeat(new string('d', 200), 6));
        foreach (var name in new[] { "a\nb.png", "ab.png", " lead.png", "lead.png", "t\u202E.png", "b\\c.png", "b/c.png", $"{deep}/x.png" })
            folder.Image(name);
        var report = Path.Combine(folder.Outside, "report");
        var done = await RunAsync("import", folder.Root, "--dataset", dataset, "--report", report);
        Assert.True(done.ExitCode == 0, done.Output);
        Assert.Contains("8 accepted", done.Output, StringComparison.Ordinal);
        Assert.Contains("4 stored under another name", done.Output, StringComparison.Ordinal);
        Assert.Contains("a\\u000Ab.png: stored as a%0Ab.png\n", done.Output, StringComparison.Ordinal);
        var lines = await File.ReadAllLinesAsync(report);
        var told = lines.Select(l => JsonSerializer.Deserialize(l, ModelJson.Default.IngestResult)!).ToList();
        Assert.Equal([" lead.png", "a\nb.png", $"{deep}/x.png", "t\u202E.png"], told.Select(r => r.Name).Order(StringComparer.Ordinal));
        var names = await NamesAsync(dataset);
        Assert.Equal(8, names.Distinct().Count());
        Assert.All(told, r => Assert.Contains(r.StoredAs!, names));
        foreach (var kept in new[] { "a%0Ab.png", "ab.png", "%20lead.png", "lead.png", "t%E2%80%AE.png", "b%5Cc.png", "b/c.png" })
            Assert.Contains(kept, names);

        var again = await RunAsync("import", folder.Root, "--dataset", dataset);
        Assert.Equal((0, false), (again.ExitCode, again.Output.Contains("stored under", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Bytes_that_are_there_under_another_name_are_told_with_it()
    {
        var dataset = await DatasetAsync();
        using var folder = new BadFolder();
        File.Copy(folder.Image("cat/1.png"), folder.PathOf("cat/2.png"));
        folder.Text("cat/3.png", "no image");
        var first = await RunAsync("import", folder.Root, "--dataset", dataset);
        Assert.Contains("1 accepted, 1 there already, 1 quarantined", first.Output, StringComparison.Ordinal);
        Assert.Contains("1 there already under another name, which they keep:", first.Output, StringComparison.Ordinal);
        var kept = Assert.Single(await NamesAsync(dataset), n => n != "cat/3.png");
        var other = kept == "cat/1.png" ? "cat/2.png" : "cat/1.png";
        Assert.Contains($"  {other}: stored as {kept}\n", first.Output, StringComparison.Ordinal);

        // Moved, all of it; and what is as it was is not told.
        Directory.Move(folder.PathOf("cat"), folder.PathOf("katze"));
        File.Delete(folder.PathOf($"katze/{other[4..]}"));
        folder.Image("new.png");
        var report = Path.Combine(folder.Outside, "report");
        await RunAsync("import", folder.Root, "--dataset", dataset, "--report", report);
        var lines = (await File.ReadAllLinesAsync(report)).Select(l => JsonSerializer.Deserialize(l, ModelJson.Default.IngestResult)!);
        Assert.Equal(
            [("katze/" + kept[4..], kept), ("katze/3.png", "cat/3.png")],
            lines.Select(r => (r.Name, r.StoredAs!)).OrderBy(r => r.Name, StringComparer.Ordinal));
        Directory.Move(folder.PathOf("katze"), folder.PathOf("cat"));
        var again = await RunAsync("import", folder.Root, "--dataset", dataset);
        Assert.DoesNotContain("another name", again.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_that_fits_two_images_is_refused_before_anything_is_decided()
    {
        var dataset = await DatasetAsync();
        using var folder = new BadFolder();
        folder.Image("one/x.png");
        folder.Image("two/x.png");
        foreach (var part in new[] { "one", "two" })
            Assert.Equal(0, (await RunAsync("import", folder.PathOf(part), "--dataset", dataset)).ExitCode);
        var truth = Path.Combine(folder.Outside, "truth.csv");
        await File.WriteAllTextAsync(truth, "x.png,cat\n");
        var refused = await RunAsync("review", "simulate", dataset, "--truth", truth);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("x.png (line 1) fits 2 images of different content", refused.Errors, StringComparison.Ordinal);
        await foreach (var image in server.Client.ListImagesAsync(dataset))
        {
            Assert.Contains(image.Id.ToString(), refused.Errors, StringComparison.Ordinal);
            Assert.Null(image.Label);
        }

        var misused = await RunAsync("review", "simulate", dataset, "--truth", "/nowhere/truth.csv", "--patience", "0s");
        Assert.Contains("--patience must be above 0", misused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Classes_are_taken_from_the_folders_that_an_import_reads()
    {
        using var folder = new BadFolder();
        folder.Image("cat/1.png");
        folder.Image("dog/1.png");
        folder.Image(".cache/1.png");
        folder.Link("bird", folder.Outside);
        folder.Latin1("mkdir $'caf\\xe9' $'m\\xfcde'");
        var dataset = "f" + Guid.NewGuid().ToString("n")[..12];
        var made = await RunAsync("datasets", "create", dataset, "--classes-from", folder.Root, "--shards", "1");
        Assert.True(made.ExitCode == 0, made.Output);
        Assert.Equal(["cat", "dog"], (await server.Client.GetDatasetAsync(dataset)).Schema.Classes.Select(c => c.Name));
        Assert.Contains("No class: .cache: it is hidden.", made.Output, StringComparison.Ordinal);
        Assert.Contains($"No class: bird: it is a link to {folder.Outside}", made.Output, StringComparison.Ordinal);
        Assert.Contains("No class: caf\uFFFD: its name is not UTF-8", made.Output, StringComparison.Ordinal);
        Assert.Contains("No class: m\uFFFDde: its name is not UTF-8", made.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_stands_in_the_way_of_a_file_is_told_in_a_sentence()
    {
        var dataset = await DatasetAsync();
        using var folder = new BadFolder();
        folder.Image("images/1.png");
        folder.Text("images/no.png", "no image");
        var (images, root) = (folder.PathOf("images"), folder.Root);
        async Task SaysAsync(string expected, params string[] command)
        {
            var result = await RunAsync(command);
            Assert.NotEqual(0, result.ExitCode);
            Assert.Contains(expected, result.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("Could not find", result.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("Access to the path", result.Errors, StringComparison.Ordinal);
        }
        await SaysAsync($"{root} is no backup. It is a folder, not a file.", "restore", root);
        await SaysAsync($"There is no file {root}/none.", "restore", $"{root}/none");
        await File.WriteAllTextAsync($"{root}/empty.tar", "");
        await SaysAsync($"{root}/empty.tar is empty, so it is no backup.", "restore", $"{root}/empty.tar");
        await server.Client.BackupAsync(dataset, $"{root}/whole.tar");
        await File.WriteAllBytesAsync($"{root}/cut.tar", (await File.ReadAllBytesAsync($"{root}/whole.tar"))[..700]);
        await SaysAsync($"{root}/cut.tar cannot be restored. The backup is cut off after 'winnow-backup.json'.",
            "restore", $"{root}/cut.tar", "--as", $"{dataset}x");
        await SaysAsync($"{root} is a folder. Name a file for --report.", "import", images, "--dataset", dataset, "--report", root);
        await SaysAsync($"There is no folder {root}/none.", "import", images, "--dataset", dataset, "--report", $"{root}/none/x");
        await server.Client.CreateVersionAsync(dataset, new CreateVersion());
        await SaysAsync("/proc/xx cannot be written: the folder /proc takes nothing new.", "export", dataset, "--out", "/proc/xx");
        await SaysAsync("/proc/x.tar cannot be written: the folder /proc takes nothing new.", "backup", dataset, "/proc/x.tar");
    }

    [Fact]
    public async Task A_strict_import_names_all_that_it_counts()
    {
        var dataset = await DatasetAsync();
        using var folder = new BadFolder();
        foreach (var name in new[] { "bird/1.png", "cat/1.png", "fish/1.png" }) folder.Image(name);
        var stopped = await RunAsync("import", folder.Root, "--dataset", dataset, "--strict", "--labels-from-folders");
        Assert.Equal(3, stopped.ExitCode);
        Assert.Contains("2 labels not taken over", stopped.Output, StringComparison.Ordinal);
        Assert.Contains("2 without the label that they were given:", stopped.Output, StringComparison.Ordinal);
        const string Named = "bird/1.png: The label 'bird' is not in the label schema; it was not taken over.";
        Assert.Contains(Named, stopped.Output, StringComparison.Ordinal);
        Assert.Contains("fish/1.png: ", stopped.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_beside_the_folders_of_classes_are_counted_and_named_as_they_have_no_label()
    {
        var dataset = await DatasetAsync();
        using var folder = new BadFolder();
        foreach (var name in new[] { "a\nb.png", "cat/1.png", "dog/2.png", "zebra.png" }) folder.Image(name);
        var done = await RunAsync("import", folder.Root, "--dataset", dataset, "--labels-from-folders");
        Assert.True(done.ExitCode == 3, done.Output);
        Assert.Contains("2 files lie in no class's folder, but beside them, and came without a label: a\\u000Ab.png, zebra.png\n",
            done.Output, StringComparison.Ordinal);
        Assert.Contains("4 accepted", done.Output, StringComparison.Ordinal);
        var plain = await RunAsync("import", folder.Root, "--dataset", dataset);
        Assert.Equal((0, false), (plain.ExitCode, plain.Output.Contains("without a label", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("1.png", "2.png")]
    [InlineData("2026/1.png", "2026/march/2.png")]
    public async Task Where_no_file_lies_in_the_folder_of_a_class_nothing_is_sent(params string[] names)
    {
        var dataset = await DatasetAsync();
        using var folder = new BadFolder();
        foreach (var name in names) folder.Image(name);
        var refused = await RunAsync("import", folder.Root, "--dataset", dataset, "--labels-from-folders");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains($"lies in a folder that is called like a class of {dataset}: files are named like '{names[0]}', classes are cat",
            refused.Errors, StringComparison.Ordinal);
        Assert.Contains("Nothing was sent.", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await server.Client.GetStatusAsync(dataset)).Images);
    }
}
