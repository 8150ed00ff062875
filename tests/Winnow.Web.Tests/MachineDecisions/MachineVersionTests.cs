using System.Formats.Tar;
using System.Text;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.MachineDecisions;
using Winnow.Testing;
using Winnow.Web.Tests.Training;
using static Winnow.Web.Tests.MachineDecisions.Deciding;

namespace Winnow.Web.Tests.MachineDecisions;

/// <summary>Versions, exports, backups, doubled shards and changed schemas carry what machines decided, apart from people's
/// word.</summary>
public sealed class MachineVersionTests(Server server) : IClassFixture<Server>
{
    private WinnowClient Client => server.Client;

    private async Task<ManifestRow[]> ManifestAsync(string dataset, int version, int layout)
    {
        using var http = new HttpClient { BaseAddress = server.Address };
        using var lines = new StreamReader(await http.GetStreamAsync($"api/v1/datasets/{dataset}/versions/{version}/manifest"));
        var header = System.Text.Json.JsonSerializer.Deserialize((await lines.ReadLineAsync())!, ModelJson.Default.ManifestHeader)!;
        Assert.Equal((layout, null), (header.Layout, header.Check()));
        var (rows, classes) = (new List<ManifestRow>(), header.Schema.Classes.Select(c => c.Name).ToHashSet());
        while (await lines.ReadLineAsync() is { } line)
            rows.Add(System.Text.Json.JsonSerializer.Deserialize(line, ModelJson.Default.ManifestRow)!);
        Assert.All(rows, r => Assert.Null(r.Check(header, classes)));
        return [.. rows];
    }

    [Fact]
    public async Task A_version_says_whose_word_each_label_is_and_has_guesses_where_they_are_asked_for()
    {
        var (dataset, images) = await Client.DatasetAsync(8);
        // A manifest says how far each image has come.
        await Client.WaitForScoringAsync(dataset);
        using var ann = server.As("ann");
        await ann.SayAsync(dataset, images[0], Label("frame"));
        var plain = await Client.CreateVersionAsync(dataset, new CreateVersion());
        Assert.Equal((1, 0, 0), (plain.Labeled, plain.AutoAccepted, plain.Pseudo));
        await ManifestAsync(dataset, 1, ManifestHeader.OneClassLayout);
        await Client.AddMachineDecisionsAsync(dataset, [.. images[..4].Select(i => Of(i, "disc"))]);
        await Client.AddMachineDecisionsAsync(dataset, [.. images[3..6].Select(i => Of(i, "bars", MachineKind.Pseudo, "guesses"))]);

        var operation = Guid.NewGuid();
        var made = await Client.CreateVersionAsync(dataset, new CreateVersion(), operation);
        Assert.Equal((1, 3, 0), (made.Labeled, made.AutoAccepted, made.Pseudo));
        Assert.Equal(made, await Client.CreateVersionAsync(dataset, new CreateVersion(), operation));
        await Assert.ThrowsAsync<WinnowApiException>(
            () => Client.CreateVersionAsync(dataset, new CreateVersion { Pseudo = true }, operation));
        var all = await Client.CreateVersionAsync(dataset, new CreateVersion { Pseudo = true });
        Assert.Equal((1, 3, 2), (all.Labeled, all.AutoAccepted, all.Pseudo));
        var people = await Client.CreateVersionAsync(dataset, new CreateVersion { AutoAccepted = false });
        // To the byte what it was before any machine decided.
        Assert.Equal((plain.ManifestSha256, true), (people.ManifestSha256, people.LeavesOutAutoAccepted));
        var guesses = await Client.CreateVersionAsync(dataset, new CreateVersion { AutoAccepted = false, Pseudo = true });
        Assert.Equal((1, 0, 2), (guesses.Labeled, guesses.AutoAccepted, guesses.Pseudo));

        var rows = (await ManifestAsync(dataset, all.Number, ManifestHeader.MachineLayout)).ToDictionary(r => r.Id);
        Assert.Equal(("frame", LabelSource.Human, null), (rows[images[0]].Label, rows[images[0]].Source, rows[images[0]].Machine));
        Assert.Equal(("disc", LabelSource.Auto, new ManifestMachine("night", "yolo", "8n", 0.5)),
            (rows[images[1]].Label, rows[images[1]].Source, rows[images[1]].Machine));
        Assert.Equal(("bars", LabelSource.Pseudo), (rows[images[5]].Label, rows[images[5]].Source));
        Assert.False(rows[images[6]].IsLabelled);

        var diff = await Client.DiffVersionsAsync(dataset, 1, all.Number);
        Assert.Equal(
        [
            new(VersionChangeKind.Labelled, null, null, "disc", LabelSource.Auto, 3),
            new LabelMove(VersionChangeKind.Labelled, null, null, "bars", LabelSource.Pseudo, 2),
        ], diff.Moves);
        await ann.SayAsync(dataset, images[1], Label("disc"));
        await Client.CreateVersionAsync(dataset, new CreateVersion());
        Assert.Contains(new(VersionChangeKind.Confirmed, "disc", LabelSource.Auto, "disc", LabelSource.Human, 1),
            (await Client.DiffVersionsAsync(dataset, made.Number, 6)).Moves);
        Assert.True((await Client.VerifyAsync(dataset, hash: true).LastAsync()).Report!.Sound);
        await CheckExportsAsync(dataset, all, plain, images);
    }

    private async Task CheckExportsAsync(string dataset, DatasetVersion all, DatasetVersion plain, ImageId[] images)
    {
        async Task<byte[]> ExportAsync(int version, string format)
        {
            using var copy = new MemoryStream();
            await using (var stream = await Client.OpenExportAsync(dataset, version, format)) await stream.CopyToAsync(copy);
            return copy.ToArray();
        }

        var csv = await ExportAsync(all.Number, "csv");
        Assert.StartsWith("id,name,partition,stage,label,history_version,audit,source\n",
            Encoding.UTF8.GetString(csv).ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.DoesNotContain("source", Encoding.UTF8.GetString(await ExportAsync(plain.Number, "csv")), StringComparison.Ordinal);
        var schema = (await Client.GetDatasetAsync(dataset)).Schema;
        // Whoever takes an export for known labels is told of people's alone.
        var labels = LabelFile.Parse(csv, "export.csv", schema);
        Assert.Equal((1, 7), (labels.Rows, labels.RowsWithoutLabel));
        Assert.Equal(["frame", null, null], new[] { 0, 1, 5 }.Select(i => labels.ClassOf(images[i], "")));
        var file = Path.Join(server.Folder, $"{dataset}.jsonl");
        await File.WriteAllBytesAsync(file, await ExportAsync(all.Number, "jsonl"));
        var sets = await LabelSetFile.ReadAsync(file, schema);
        Assert.Equal((1, 7), (sets.Rows, sets.RowsWithoutLabel));
        using var tar = new TarReader(new MemoryStream(await ExportAsync(all.Number, "imagenet")));
        var files = new List<string>();
        while (await tar.GetNextEntryAsync() is { } entry) files.Add(entry.Name);
        Assert.All(files, f => Assert.True(ExportNames.IsInArchive(f), f));
        Assert.Equal([("train-auto/disc", 3), ("train-pseudo/bars", 2), ("train/frame", 1)],
            files.GroupBy(f => f[..f.LastIndexOf('/')]).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => (g.Key, g.Count())));
    }

    [Fact]
    public async Task Doubled_shards_and_a_restored_backup_have_all_of_it()
    {
        var (dataset, images) = await Client.DatasetAsync(40);
        await Client.AddMachineDecisionsAsync(dataset, [.. images.Select(i => Of(i, "disc"))]);
        await Client.AddMachineDecisionsAsync(dataset, [.. images[..10].Select(i => Of(i, "bars", run: "day", at: Made.AddDays(1)))]);
        await Client.TakeBackMachineDecisionsAsync(dataset, new("half of it", "day", images[0]));
        await Client.AddMachineDecisionsAsync(dataset, [.. images[..20].Select(i => Of(i, "frame", MachineKind.Pseudo, "guesses"))]);
        await Client.TakeBackMachineDecisionsAsync(dataset, new("doubtful", Image: images[1]));
        using var ann = server.As("ann");
        await ann.SayAsync(dataset, images[2], Label("frame"));
        var before = await AllAsync(dataset);
        var status = await Client.GetStatusAsync(dataset);
        Assert.Equal((38, 0), (status.AutoAccepted, status.Pseudo));

        await Client.SplitAsync(dataset, 4);
        await Until.TrueAsync(async () => await Client.GetStatusAsync(dataset) is { Split: null, Shards: 4 }, LearningServer.Patience,
            () => "the shards are doubled");
        Assert.Equal(before, await AllAsync(dataset));
        Assert.Equal(38, (await Client.GetStatusAsync(dataset)).AutoAccepted);

        var file = Path.Join(server.Folder, $"{dataset}.tar");
        await Client.BackupAsync(dataset, file);
        var copy = dataset + "-2";
        await Client.RestoreAsync(file, copy);
        Assert.Equal(before, await AllAsync(copy));
        Assert.Equal(38, (await Client.GetStatusAsync(copy)).AutoAccepted);
        Assert.True((await Client.VerifyAsync(copy, hash: true).LastAsync()).Report!.Sound);
        // And there they can be taken back.
        Assert.Equal(new(39, 1), await Client.TakeBackMachineDecisionsAsync(copy, new("all of it", "night")));
    }

    /// <summary>What machines decided about each image, as text.</summary>
    private async Task<SortedDictionary<ImageId, string>> AllAsync(string dataset)
    {
        var all = new SortedDictionary<ImageId, string>();
        await foreach (var image in Client.ListImagesAsync(dataset))
        {
            MachineDecision[] decided = [.. (await Client.GetImageAsync(dataset, image.Id)).MachineDecisions];
            all.Add(image.Id, System.Text.Json.JsonSerializer.Serialize(decided, ModelJson.Default.MachineDecisionArray) + image.StandsBy);
        }
        return all;
    }

    [Fact]
    public async Task A_changed_schema_maps_what_it_can_and_the_rest_does_not_stand()
    {
        var (dataset, images) = await Client.DatasetAsync(3);
        string[] names = ["disc", "bars", "frame"];
        await Client.AddMachineDecisionsAsync(dataset, [.. images.Zip(names).Select(i => Of(i.First, i.Second))]);
        await Client.AddMachineDecisionsAsync(dataset, [Of(images[2], "bars", MachineKind.Pseudo, "guesses")]);
        await Client.ChangeSchemaAsync(dataset, new ChangeSchema(1,
        [
            new RenameClass("disc", "coin"),
            new SplitClass("frame", ["thin", "thick"]),
        ]));
        Assert.Equal("coin", Assert.Single((await Client.StandsAsync(dataset, images[0]))!.Annotations).Class);
        Assert.Equal("bars", Assert.Single((await Client.StandsAsync(dataset, images[1]))!.Annotations).Class);
        var split = await Client.GetImageAsync(dataset, images[2]);
        Assert.True(split.MachineDecisions.Single(d => d.Run == "night") is { Outdated: true, Stands: false });
        Assert.Equal("guesses", split.MachineDecisions.Single(d => d.Stands).Run);
        // Memory follows a moment later.
        await Until.TrueAsync(async () => await Client.GetStatusAsync(dataset) is { AutoAccepted: 2, Pseudo: 1 }, LearningServer.Patience,
            () => "memory follows the schema");
        var made = await Client.CreateVersionAsync(dataset, new CreateVersion { Pseudo = true });
        var rows = (await ManifestAsync(dataset, made.Number, ManifestHeader.MachineLayout)).ToDictionary(r => r.Id);
        Assert.Equal(["coin", "bars", "bars"], images.Select(i => rows[i].Label));
        // In the words of the newest one they are taken, in those of before no more.
        var answer = await Client.AddMachineDecisionsAsync(
            dataset, [Of(images[2], "thin", run: "day"), Of(images[1], "frame", run: "day")]);
        Assert.Equal((1, 1), (answer.Taken, Assert.Single(answer.Refused).Index));
        Assert.Equal("day", (await Client.StandsAsync(dataset, images[2]))?.Run);
    }
}
