using System.Formats.Tar;
using System.Net;
using System.Text;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Web.Tests.Names;

/// <summary>Names on their way in, through review and out again.</summary>
public sealed class NameTests(Server server) : IClassFixture<Server>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-names-");

    public void Dispose() => _folder.Delete(recursive: true);

    private static LabelSchema Schema(params IEnumerable<string> names) => new() { Classes = [.. names.Select(n => new LabelClass(n))] };

    private async Task<string> DatasetAsync(params IEnumerable<string> classes)
    {
        var name = "n" + Guid.NewGuid().ToString("n")[..12];
        await server.Client.CreateDatasetAsync(new CreateDataset(name, Schema(classes),
            new DatasetSettings { Shards = 1, AuditSample = 0, ProjectionDimensions = 16 }));
        return name;
    }

    private async Task<List<IngestResult>> ImportAsync(string dataset, IAsyncEnumerable<ImageToImport> images)
    {
        var results = new List<IngestResult>();
        await foreach (var result in server.Client.ImportAsync(dataset, images)) results.Add(result);
        return results;
    }

    private async Task<Dictionary<string, string?>> LabelsAsync(string dataset)
    {
        var labels = new Dictionary<string, string?>();
        await foreach (var image in server.Client.ListImagesAsync(dataset)) labels.Add(image.Id.ToString(), image.Label);
        return labels;
    }

    private static async IAsyncEnumerable<ImageToImport> Images(params (string Name, string? Label)[] images)
    {
        for (var i = 0; i < images.Length; i++)
        {
            var index = i;
            yield return new ImageToImport(images[i].Name, _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(DrawnImages.Draw(index)),
                images[i].Label);
        }
        await Task.CompletedTask;
    }

    [Theory]
    [InlineData("cat", "Cat")]
    [InlineData("Caf\u00E9", "Cafe\u0301")]
    [InlineData("cat", "cat ")]
    public async Task Alike_classes_are_refused_by_name(string one, string other)
    {
        var refused = await Assert.ThrowsAsync<WinnowApiException>(() => DatasetAsync(one, other));
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains($"'{one}' and '{other}'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Labels_and_answers_are_taken_in_any_Unicode_form_and_kept_in_one()
    {
        var dataset = await DatasetAsync("Cafe\u0301", "dog");
        Assert.Equal("Caf\u00E9", (await server.Client.GetDatasetAsync(dataset)).Schema.Classes[0].Name);
        var taken = await ImportAsync(dataset,
            Images(("1.png", "Cafe\u0301"), ("2.png", "Caf\u00E9"), ("3.png", " dog"), ("4.png", "Dog"), ("5.png", null)));
        Assert.All(taken, r => Assert.Equal(IngestStatus.Accepted, r.Status));
        var labels = await LabelsAsync(dataset);
        Assert.Equal(["Caf\u00E9", "Caf\u00E9", "dog", null, null], taken.Select(r => labels[r.Id!.Value.ToString()]));
        Assert.Contains("'Dog' is not in the label schema", taken[3].Reason!, StringComparison.Ordinal);

        var correction = new SubmitDecision(taken[4].Id!.Value, Guid.NewGuid(),
            new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag("Cafe\u0301")] }, ExpectedVersion: 0);
        Assert.Equal(SubmitStatus.Recorded, Assert.Single(await server.Client.SubmitAsync(dataset, [correction])).Status);
        var detail = await server.Client.GetImageAsync(dataset, taken[4].Id!.Value);
        Assert.Equal("Caf\u00E9", Assert.Single(Assert.Single(detail.History).Decision.Annotations).Class);
        Assert.Equal("Caf\u00E9", (await LabelsAsync(dataset))[taken[4].Id!.Value.ToString()]);
    }

    [Fact]
    public async Task Classes_that_cannot_be_folders_come_back_from_an_export()
    {
        string[] names = ["plain", "a/b", "a\\b", "..", ".hidden", "CON", "what? <no>", "Caf\u00E9", "100%25", new string('\u6F22', 100)];
        var dataset = await DatasetAsync(names);
        await ImportAsync(dataset, Images([.. names.Select((n, i) => ($"{i}.png", (string?)n))]));
        await server.Client.CreateVersionAsync(dataset, new CreateVersion());
        var folder = Path.Combine(_folder.FullName, "out");
        Assert.Equal(names.Length, await server.Client.ExportAsync(dataset, 1, "imagenet", folder));
        var train = Path.Combine(folder, "train");
        Assert.Equal(names.Length, Directory.GetDirectories(train).Length);
        Directory.CreateDirectory(Path.Combine(train, ".ipynb_checkpoints"));

        // macOS gives names back decomposed.
        Directory.Move(Path.Combine(train, "Caf\u00E9"), Path.Combine(train, "Cafe\u0301"));
        var classes = ImageFolder.ReadClasses(train);
        Assert.Equal(names.Order(StringComparer.Ordinal), classes);
        var copy = await DatasetAsync(classes);
        Assert.All(await ImportAsync(copy, ImageFolder.EnumerateAsync(folder, labelsFromFolders: true)), r => Assert.Null(r.Reason));
        Assert.Equal((await LabelsAsync(dataset)).OrderBy(l => l.Key), (await LabelsAsync(copy)).OrderBy(l => l.Key));
    }

    [Fact]
    public async Task A_table_runs_no_formula_and_is_read_back_by_id_and_by_name()
    {
        var dataset = await DatasetAsync("=cat", "dog");
        (string Name, string? Label)[] images = [("=cmd|'/c calc'!A1.png", "=cat"), ("'tis/1.png", "dog"), ("a, \"b\".png", "=cat"),
            ("-1.png", null)];
        var taken = await ImportAsync(dataset, Images(images));
        await server.Client.CreateVersionAsync(dataset, new CreateVersion());
        await using var stream = await server.Client.OpenExportAsync(dataset, 1, "csv");
        using var reader = new StreamReader(stream);
        var text = await reader.ReadToEndAsync();
        foreach (var cell in text.Split([',', '\n'])) Assert.DoesNotContain(cell.TrimStart('"').FirstOrDefault(), "=+-@");
        var labels = LabelFile.Parse(Encoding.UTF8.GetBytes(text), "dataset.csv", Schema("=cat", "dog"));
        Assert.Equal((3, 1), (labels.Rows, labels.RowsWithoutLabel));
        for (var i = 0; i < images.Length; i++)
        {
            Assert.Equal(images[i].Label, labels.ClassOf(taken[i].Id!.Value, ""));
            Assert.Equal(images[i].Label, labels.ClassOf(default, images[i].Name));
        }
    }

    [Fact]
    public async Task A_version_without_labels_is_an_archive_of_nothing()
    {
        var dataset = await DatasetAsync("cat", "dog");
        await ImportAsync(dataset, Images(("1.png", null)));
        await server.Client.CreateVersionAsync(dataset, new CreateVersion());
        using var tar = new TarReader(await server.Client.OpenExportAsync(dataset, 1, "imagenet"));
        Assert.Null(await tar.GetNextEntryAsync());
        Assert.Equal(0, await server.Client.ExportAsync(dataset, 1, "imagenet", Path.Combine(_folder.FullName, "empty")));
    }

    [Fact]
    public async Task A_reviewer_says_what_it_did_not_answer()
    {
        var dataset = await DatasetAsync("cat", "dog");
        await ImportAsync(dataset, Images([.. Enumerable.Range(0, 24).Select(i => ($"f/{i}.png", (string?)null))]));
        await server.Client.WaitForScoringAsync(dataset);
        await server.Client.StartRoundAsync(dataset, new StartRound(24));
        using var stop = new CancellationTokenSource();
        var reviewer = new SimulatedReviewer(server.Client, new SimulatedReviewerOptions
        {
            Dataset = dataset,
            Classes = ["cat", "dog"],
            Truth = t => t.Name switch
            {
                "f/0.png" => null,
                "f/1.png" => "bird",
                "f/2.png" => " cat",
                "f/3.png" => SimulatedReviewerOptions.CannotTell,
                _ => "dog",
            },
        });
        var reviewing = reviewer.RunAsync(stop.Token);
        await Until.TrueAsync(() => Task.FromResult(reviewer.Progress is var p && p.Answered + p.Skipped + p.GivenBack >= 24),
            TimeSpan.FromMinutes(2), () => "all tasks are answered, skipped or given back");
        await stop.CancelAsync();
        await reviewing;
        Assert.Equal((21L, 1L, 2L, 0L),
            (reviewer.Progress.Answered, reviewer.Progress.Skipped, reviewer.Progress.GivenBack, reviewer.Progress.Refused));
        Assert.Equal(
            [
                new("f/0.png", "its class is not known"), new("f/1.png", "'bird' is no class of the dataset"),
                new("f/3.png", "its truth is that nobody can tell"),
            ],
            reviewer.Progress.Unanswered.OrderBy(u => u.Name));
        Assert.Equal(["f/0.png", "f/1.png"], reviewer.Progress.UnknownSamples.Order());
        var standing = await LabelsAsync(dataset);
        Assert.Equal((1, 20, 3),
            (standing.Values.Count(v => v == "cat"), standing.Values.Count(v => v == "dog"), standing.Values.Count(v => v is null)));
    }
}
