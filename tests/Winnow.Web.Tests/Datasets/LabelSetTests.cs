using System.Net;
using System.Text.Json;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;
using Winnow.Web.Tests.Training;

namespace Winnow.Web.Tests.Datasets;

/// <summary>
/// Datasets whose labels are sets of annotations, of every kind there is: created, filled, asked about, decided, corrected, taken back,
/// versioned, compared, exported, backed up, restored and doubled, with nothing lost.
/// </summary>
public sealed partial class LabelSetTests(Server server) : IClassFixture<Server>
{
    private const int Images = 24, Batch = 8;

    [Fact]
    public async Task Things_may_be_of_one_kind()
    {
        var name = "s" + Guid.NewGuid().ToString("n")[..12];
        var one = new LabelSchema { Classes = [new("raccoon")], Geometries = [Geometry.Box] };
        Assert.Single((await server.Client.CreateDatasetAsync(new CreateDataset(name, one, LearningServer.Small))).Schema.Classes);
        var refused = await Assert.ThrowsAsync<WinnowApiException>(() =>
            server.Client.CreateDatasetAsync(new CreateDataset($"{name}-2", one with { Geometries = [Geometry.Class] })));
        Assert.Contains("needs 2 to 10000 classes, not 1", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { Geometry.Class }, true, false)]
    [InlineData(new[] { Geometry.Class }, false, true)]
    [InlineData(new[] { Geometry.Box }, false, false)]
    [InlineData(new[] { Geometry.Polygon, Geometry.Keypoints }, false, true)]
    [InlineData(new[] { Geometry.Mask, Geometry.Polyline, Geometry.Text }, false, false)]
    [InlineData(new[] { Geometry.Class, Geometry.Box }, true, true)]
    public async Task Nothing_of_a_set_of_annotations_is_lost(Geometry[] geometries, bool several, bool attributes)
    {
        var schema = SchemaOf(geometries, several, attributes);
        var dataset = await DatasetAsync(schema);
        using var ann = server.As("ann");

        // Where nothing is trained rounds choose by diversity alone, spend nobody's time on measuring it, and say so.
        var round = await server.Client.StartRoundAsync(dataset, new StartRound(Batch));
        Assert.Equal(schema.IsTags ? "herding" : "coverage", round.Strategy);
        var tasks = await ann.TakeAsync(dataset, Batch);
        var expected = tasks.ToDictionary(t => t.Image, t => TruthOf(t.Name, schema));
        await ann.AnswerAsync(dataset, tasks, t => new Decision { Kind = DecisionKind.Label, Annotations = expected[t.Image] });
        var ended = await server.Client.WaitForRoundAsync(dataset, round.Arm, round.Number);
        Assert.Equal((RoundStep.Done, Batch, schema.IsTags), (ended.Step, ended.Labels, ended.Model is not null));
        if (!schema.IsTags) Assert.Contains("no model is trained", ended.Reason, StringComparison.Ordinal);
        Assert.Equal((Batch, 0), (ended.Outcomes!.Labelled, ended.AuditOutcomes?.Labelled ?? 0));
        foreach (var (image, set) in expected)
        {
            var detail = await server.Client.GetImageAsync(dataset, image);
            AssertSame(set, detail.Annotations);
            Assert.True(detail.Labelled);
        }
        var first = await server.Client.CreateVersionAsync(dataset, new CreateVersion());
        Assert.Equal((Images, Batch), (first.Images, first.Labeled));

        // One is corrected, one shows nothing after all where that can be said, one is taken back, and the next round asks elsewhere.
        var (corrected, emptied, withdrawn) = (tasks[0], tasks[1], tasks[2]);
        expected[corrected.Image] = [.. TruthOf(corrected.Name, schema)[..1]];
        Assert.Equal(SubmitStatus.Recorded,
            (await server.Client.CorrectAsync(dataset, corrected.Image, expected[corrected.Image], "one alone")).Status);
        if (schema.TakesNone)
        {
            expected[emptied.Image] = [];
            Assert.Equal(SubmitStatus.Recorded, (await server.Client.CorrectAsync(dataset, emptied.Image, [])).Status);
            var nothing = await server.Client.GetImageAsync(dataset, emptied.Image);
            Assert.Equal((0, true, Stage.Labeled), (nothing.Annotations.Count, nothing.Labelled, nothing.Stage));
        }
        expected.Remove(withdrawn.Image);
        Assert.Equal(SubmitStatus.Recorded, (await ann.TakeBackAsync(dataset, withdrawn.Image)).Status);
        Assert.False((await server.Client.GetImageAsync(dataset, withdrawn.Image)).Labelled);
        // A manifest says how far each image has come.
        await server.Client.WaitForScoringAsync(dataset);
        var second = await server.Client.CreateVersionAsync(dataset, new CreateVersion());
        Assert.Equal(Batch - 1, second.Labeled);

        var diff = await server.Client.DiffVersionsAsync(dataset, 1, 2);
        var changed = 1 + (schema.TakesNone ? 1 : 0) - (TruthOf(corrected.Name, schema).Length == 1 ? 1 : 0);
        Assert.Equal((Images - 1 - changed, changed, 1),
            (diff.Same, diff.Of(VersionChangeKind.Relabelled), diff.Of(VersionChangeKind.Unlabelled)));
        if (schema.TakesNone) Assert.Contains(diff.Moves, m => m.To == "(nothing)");

        var rows = await ExportedAsync(dataset, 2);
        AssertRows(rows, expected);
        foreach (var row in rows.Values.Where(r => r.IsLabelled))
        {
            Assert.Equal((ComposedPictures.Width, ComposedPictures.Height, LabelSource.Human), (row.Width, row.Height, row.Source));
            Assert.Equal(row.Id == corrected.Image || row.Id == emptied.Image && schema.TakesNone ? "tester" : "ann", row.By);
        }
        foreach (var format in new[] { "csv", "imagenet" })
        {
            var refused = await Assert.ThrowsAsync<WinnowApiException>(() => server.Client.OpenExportAsync(dataset, 2, format));
            Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
            Assert.Contains("export it as 'jsonl'", refused.Message, StringComparison.Ordinal);
        }

        // A backup brings all of it elsewhere, and doubling the shards leaves all of it where it is.
        var file = Path.Combine(server.Folder, $"{dataset}.tar");
        await server.Client.BackupAsync(dataset, file);
        var copy = $"{dataset}-2";
        await server.Client.RestoreAsync(file, copy);
        AssertRows(await ExportedAsync(copy, 2), expected);
        var again = await server.Client.CreateVersionAsync(copy, new CreateVersion());
        AssertRows(await ExportedAsync(copy, again.Number), expected);
        await server.Client.SplitAsync(dataset, 4);
        async Task<bool> IsDoubledAsync() => (await server.Client.GetStatusAsync(dataset)).Shards == 4;
        await Until.TrueAsync(IsDoubledAsync, LearningServer.Patience, () => "the shards are doubled");
        var third = await server.Client.CreateVersionAsync(dataset, new CreateVersion());
        Assert.Equal(second.ManifestSha256, third.ManifestSha256);
        foreach (var name in new[] { dataset, copy })
        {
            var report = (await server.Client.VerifyAsync(name, hash: true).ToListAsync())[^1].Report!;
            Assert.True(report.Sound, string.Join(", ", report.Findings));
        }
        var listed = await server.Client.ListImagesAsync(dataset).ToListAsync();
        foreach (var image in listed)
            Assert.Equal(expected.GetValueOrDefault(image.Id)?.Select(a => a.Class).Distinct(), image.Classes);
    }

    private static void AssertRows(Dictionary<ImageId, ManifestRow> rows, Dictionary<ImageId, Annotation[]> expected)
    {
        Assert.Equal(Images, rows.Count);
        foreach (var row in rows.Values) AssertSame(expected.GetValueOrDefault(row.Id), row.Annotations);
    }

    [Fact]
    public async Task The_command_line_does_all_of_it_as_the_docs_tell()
    {
        var dataset = "c" + Guid.NewGuid().ToString("n")[..12];
        var folder = Directory.CreateTempSubdirectory("winnow-sets-");
        try
        {
            var pictures = folder.CreateSubdirectory("shelf");
            var schema = SchemaOf([Geometry.Box]);
            var truth = new List<string>();
            for (var i = 0; i < Images; i++)
            {
                var picture = ComposedPictures.Draw(i);
                await File.WriteAllBytesAsync(Path.Combine(pictures.FullName, $"{i:D4}.png"), picture.Bytes);
                var annotations = JsonSerializer.Serialize(picture.As(Geometry.Box), ModelJson.Default.AnnotationArray);
                truth.Add($$"""{"name": "{{i:D4}}.png", "annotations": {{annotations}}}""");
            }
            var file = Path.Combine(folder.FullName, "truth.jsonl");
            await File.WriteAllLinesAsync(file, truth);
            async Task<string> RunAsync(params string[] arguments)
            {
                var result = await CliProcess.RunAsync(server.Address, [], arguments);
                Assert.True(result.ExitCode == 0, $"{string.Join(' ', arguments)}: {result.ExitCode}\n{result.Output}");
                return result.Output;
            }

            string[] create = ["datasets", "create", dataset, "--task", "boxes", "--shards", "2", "--classes"];
            Assert.Contains("rounds choose by diversity alone", await RunAsync([.. create, .. ComposedPictures.Classes]));
            await RunAsync("import", pictures.FullName, "--dataset", dataset);
            await RunAsync("rounds", "start", dataset, "--batch", "6");
            Assert.Contains("6 decisions recorded", await RunAsync("review", "simulate", dataset, "--truth", file, "--patience", "3s"));
            Assert.Contains("no model is trained", await RunAsync("rounds", "list", dataset));
            await RunAsync("versions", "create", dataset);
            var image = (await server.Client.ListImagesAsync(dataset, Stage.Labeled).FirstAsync()).Id.ToString();
            Assert.Contains("box", await RunAsync("review", "history", dataset, image));
            const string Said = """[{"type": "box", "class": "disc", "box": {"x": 3, "y": 4, "width": 50, "height": 60.5}}]""";
            await RunAsync("review", "label", dataset, image, Said, "--comment", "drawn by hand");
            Assert.Contains("labeled: box disc", await RunAsync("review", "history", dataset, image));
            await RunAsync("versions", "create", dataset);
            Assert.Contains("relabelled", await RunAsync("versions", "diff", dataset, "1", "2"));
            var to = Path.Combine(folder.FullName, "out");
            await RunAsync("export", dataset, "--out", to);
            var exported = await LabelSetFile.ReadAsync(Path.Combine(to, "dataset.jsonl"), schema);
            Assert.Equal((6, Images - 6), (exported.Rows, exported.RowsWithoutLabel));
            var listed = (await RunAsync("list", dataset)).Split('\n').Single(l => l.Contains(image, StringComparison.Ordinal));
            Assert.Contains("disc", listed, StringComparison.Ordinal);

            var outside = await CliProcess.RunAsync(
                server.Address, [], "review", "label", dataset, image, Said.Replace("\"x\": 3", "\"x\": 300", StringComparison.Ordinal));
            Assert.Equal(1, outside.ExitCode);
            Assert.Contains("lies outside the picture, which has 144 × 96 pixels", outside.Output, StringComparison.Ordinal);
            var wrong = await CliProcess.RunAsync(
                server.Address, [], "review", "label", dataset, image, """[{"type": "box", "class": "disc"}]""");
            Assert.NotEqual(0, wrong.ExitCode);
            Assert.Contains("box", wrong.Output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(8)]
    public async Task Shapes_are_held_to_the_picture_as_it_stands_upright(int orientation)
    {
        var dataset = await DatasetAsync(SchemaOf([Geometry.Box, Geometry.Mask]));
        var picture = ComposedPictures.Draw(100 + orientation, orientation);
        await foreach (var result in server.Client.ImportAsync(dataset, One(picture.Bytes)))
            Assert.Equal(IngestStatus.Accepted, result.Status);
        var image = ImageId.Of(picture.Bytes);
        Assert.Equal(orientation, (await server.Client.GetImageAsync(dataset, image)).Header!.Orientation);

        async Task<SubmitResult> SayAsync(Annotation said) => await server.Client.CorrectAsync(dataset, image, [said]);
        Assert.Equal(SubmitStatus.Recorded, (await SayAsync(new BoxAnnotation("disc", new Box(100, 80, 60, 30)))).Status);
        var kept = Assert.IsType<BoxAnnotation>(Assert.Single((await server.Client.GetImageAsync(dataset, image)).Annotations));
        Assert.Equal(new Box(100, 80, 44, 16), kept.Box);
        // What was cut and is sent once more is what was recorded.
        var over = new SubmitDecision(image, Guid.NewGuid(), new Decision
        {
            Kind = DecisionKind.Label,
            Annotations = [new BoxAnnotation("disc", new Box(-5, 80, 60, 30))],
        }, ExpectedVersion: 1);
        var recorded = Assert.Single(await server.Client.SubmitAsync(dataset, [over]));
        Assert.Equal(SubmitStatus.Recorded, recorded.Status);
        Assert.Contains("1 of 1 shapes reached beyond the picture, which has 144 × 96 pixels", recorded.Reason, StringComparison.Ordinal);
        Assert.Equal(SubmitStatus.AlreadyRecorded, Assert.Single(await server.Client.SubmitAsync(dataset, [over])).Status);
        var outside = await SayAsync(new BoxAnnotation("disc", new Box(10, 100, 5, 5)));
        Assert.Equal(SubmitStatus.Refused, outside.Status);
        Assert.Contains("144 × 96", outside.Reason, StringComparison.Ordinal);
        Assert.Equal(SubmitStatus.Recorded, (await SayAsync(picture.As(Geometry.Mask)[0])).Status);
        var turned = await SayAsync(new MaskAnnotation("disc", new RunLengthMask(96, 144, [0, 96 * 144])));
        Assert.Contains("A mask of 96 × 144 pixels on a picture of 144 × 96", turned.Reason, StringComparison.Ordinal);

        static async IAsyncEnumerable<ImageToImport> One(byte[] bytes)
        {
            yield return new ImageToImport("turned.png", _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(bytes), null, Partition.Pool);
            await Task.CompletedTask;
        }
    }

    [Fact]
    public async Task A_class_comes_with_an_image_only_where_it_can_be_all_of_its_label()
    {
        foreach (var (schema, taken) in new[]
        {
            (SchemaOf([Geometry.Class], several: true), true), (SchemaOf([Geometry.Class, Geometry.Box]), false),
            (SchemaOf([Geometry.Box]), false),
        })
        {
            var name = "s" + Guid.NewGuid().ToString("n")[..12];
            await server.Client.CreateDatasetAsync(new CreateDataset(name, schema, LearningServer.Small));
            await foreach (var result in server.Client.ImportAsync(name, PicturesAsync(2).Select(p => p with { Label = "disc" })))
            {
                Assert.Equal(taken ? null : "disc", result.LabelNotTaken);
                if (!taken) Assert.Contains("asks for more than a class of the whole image", result.Reason, StringComparison.Ordinal);
            }
            var version = await server.Client.CreateVersionAsync(name, new CreateVersion());
            Assert.Equal(taken ? 2 : 0, version.Labeled);
            foreach (var row in (await ExportedAsync(name, 1)).Values)
            {
                AssertSame(taken ? [new ClassTag("disc")] : null, row.Annotations);
                Assert.Equal((taken ? LabelSource.Imported : (LabelSource?)null, null), (row.Source, row.By));
            }
        }
    }
}
