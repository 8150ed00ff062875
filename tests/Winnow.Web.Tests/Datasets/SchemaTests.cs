using System.Net;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Testing;
using Winnow.Web.Tests.Training;

namespace Winnow.Web.Tests.Datasets;

/// <summary>Versions of a label schema: what people said is kept as they said it, and counts as the newest version says.</summary>
public sealed class SchemaTests(Server server) : IClassFixture<Server>
{
    private const int Images = 18;

    private WinnowClient Client => server.Client;

    private static string Drawn(string name) => name.Split('/')[0];

    private async Task<Dictionary<ImageId, string>> LabelledAsync(string dataset, Func<string, Annotation>? label = null)
    {
        var drawn = new Dictionary<ImageId, string>();
        await foreach (var image in Client.ListImagesAsync(dataset))
        {
            drawn[image.Id] = Drawn(image.Name);
            Annotation said = label?.Invoke(Drawn(image.Name)) ?? new ClassTag(Drawn(image.Name));
            Assert.Equal(SubmitStatus.Recorded, (await Client.CorrectAsync(dataset, image.Id, [said])).Status);
        }
        return drawn;
    }

    private async Task<Dictionary<ImageId, string?>> ReadAsync(string dataset)
    {
        var read = new Dictionary<ImageId, string?>();
        await foreach (var image in Client.ListImagesAsync(dataset))
        {
            var detail = await Client.GetImageAsync(dataset, image.Id);
            Assert.Equal(detail.Annotations.Select(a => a.Class).FirstOrDefault(), image.Label ?? image.Classes?.FirstOrDefault());
            read[image.Id] = image.Label ?? image.Classes?.FirstOrDefault();
        }
        return read;
    }

    private Task<SchemaState> ChangeAsync(string dataset, int from, params SchemaChange[] changes) =>
        Client.ChangeSchemaAsync(dataset, new ChangeSchema(from, changes));

    private Task UntilAskedAsync(string dataset) => Until.TrueAsync(
        async () => (await Client.GetSchemaAsync(dataset)).Asking is null, LearningServer.Patience, () => "all is asked again");

    private async Task<IReadOnlyList<string>> CsvAsync(string dataset, int version)
    {
        using var csv = new StreamReader(await Client.OpenExportAsync(dataset, version, "csv"));
        var labels = new List<string>();
        await csv.ReadLineAsync();
        while (await csv.ReadLineAsync() is { } line) labels.Add(line.Split(',')[4]);
        return labels;
    }

    [Fact]
    public async Task Classes_are_renamed_merged_and_split_and_what_was_said_counts_as_the_newest_version_says()
    {
        var dataset = await Client.DatasetAsync(Images);
        var drawn = await LabelledAsync(dataset);
        var first = await Client.CreateVersionAsync(dataset, new CreateVersion());
        var said = new SubmitDecision(drawn.First(d => d.Value == "bars").Key, Guid.NewGuid(),
            new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag("bars")] }, ExpectedVersion: 1);
        Assert.Equal(SubmitStatus.Recorded, Assert.Single(await Client.SubmitAsync(dataset, [said])).Status);

        // Renamed: everything reads so, and the history keeps what was said.
        var operation = Guid.NewGuid();
        var rename = new ChangeSchema(1, [new RenameClass("disc", "round"), new RecolourClass("bars", "teal")]);
        var renamed = await Client.ChangeSchemaAsync(dataset, rename, operation);
        Assert.Equal((2, "teal", null), (renamed.Version.Number, renamed.Version.Schema.Classes[0].Color, renamed.Asking));
        Assert.Equal(2, (await Client.ChangeSchemaAsync(dataset, rename, operation)).Version.Number);
        Assert.Equal(drawn.ToDictionary(d => d.Key, d => (string?)(d.Value == "disc" ? "round" : d.Value)), await ReadAsync(dataset));
        var disc = drawn.First(d => d.Value == "disc").Key;
        var history = (await Client.GetImageAsync(dataset, disc)).History;
        Assert.Equal(("disc", null), (history[0].Decision.Annotations[0].Class, history[0].Schema));

        // Whoever looked at an earlier version is told so; an id is one request's.
        var late = await Assert.ThrowsAsync<WinnowApiException>(() => ChangeAsync(dataset, 1, new AddClass(new LabelClass("star"))));
        Assert.Equal((HttpStatusCode.Conflict, RefusalCodes.SchemaChanged), (late.Status, late.Code));
        var taken = await Assert.ThrowsAsync<WinnowApiException>(() =>
            Client.ChangeSchemaAsync(dataset, new ChangeSchema(2, [new AddClass(new LabelClass("star"))]), operation));
        Assert.Equal(RefusalCodes.OperationConflict, taken.Code);

        // Merged: two classes are one, and nobody says the other any more.
        await ChangeAsync(dataset, 2, new MergeClasses(["bars"], "round"));
        string? Merged(string name) => name == "frame" ? name : "round";
        Assert.Equal(drawn.ToDictionary(d => d.Key, d => Merged(d.Value)), await ReadAsync(dataset));
        var refused = await Client.CorrectAsync(dataset, disc, [new ClassTag("bars")]);
        Assert.Equal(SubmitStatus.Refused, refused.Status);
        Assert.Contains(
            "retired in version 3 of the label schema, and is said no more. Say 'round'.", refused.Reason, StringComparison.Ordinal);
        // What was recorded under an earlier version is known when it is sent once more.
        Assert.Equal(SubmitStatus.AlreadyRecorded, Assert.Single(await Client.SubmitAsync(dataset, [said])).Status);
        var second = await Client.CreateVersionAsync(dataset, new CreateVersion());
        Assert.Equal(Images, second.Labeled);
        Assert.Equal(["bars", "disc", "frame"], (await CsvAsync(dataset, first.Number)).Distinct().Order());
        Assert.Equal(["frame", "round"], (await CsvAsync(dataset, second.Number)).Distinct().Order());
        var same = await Client.DiffVersionsAsync(dataset, first.Number, second.Number);
        Assert.Equal((Images, 0), (same.Same, same.Moves.Count));

        // Split: nobody knows which, so those images are tasks, and all others stand.
        await ChangeAsync(dataset, 3, new SplitClass("frame", ["square", "oblong"]), new AddClass(new LabelClass("star")));
        await UntilAskedAsync(dataset);
        Assert.Equal(drawn.ToDictionary(d => d.Key, d => d.Value == "frame" ? null : "round"), await ReadAsync(dataset));
        var frames = drawn.Where(d => d.Value == "frame").Select(d => d.Key).ToArray();
        using var ann = server.As("ann");
        var tasks = await ann.TakeAsync(dataset, frames.Length);
        Assert.Equal(frames.Order(), tasks.Select(t => t.Image).Order());
        Assert.Empty(await ann.LeaseAsync(dataset, new LeaseRequest(1)));
        var third = await Client.CreateVersionAsync(dataset, new CreateVersion());
        Assert.Equal(Images - frames.Length, third.Labeled);
        await ann.AnswerAsync(dataset, tasks, _ => new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag("square")] });
        Assert.Equal(drawn.ToDictionary(d => d.Key, d => (string?)(d.Value == "frame" ? "square" : "round")), await ReadAsync(dataset));
        history = (await Client.GetImageAsync(dataset, frames[0])).History;
        Assert.Equal(["frame", null, "square"], history.Select(h => h.Decision.Annotations.FirstOrDefault()?.Class));
        Assert.Equal((null, HistoryKind.AskedAgain, 4), (history[0].Schema, history[1].Kind, history[2].Schema));

        // What would bring a class back of which nobody knows what it counts as is refused.
        var back = await Client.TakeBackAsync(dataset, frames[0], 2);
        var backed = await Client.TakeBackAsync(dataset, frames[0], 3);
        Assert.Equal(SubmitStatus.Recorded, back.Status);
        Assert.Equal(SubmitStatus.Refused, backed.Status);
        Assert.Contains("was split or retired", backed.Reason, StringComparison.Ordinal);

        var versions = await Client.ListSchemasAsync(dataset);
        Assert.Equal([1, 2, 3, 4], versions.Select(v => v.Number));
        Assert.All(versions, v => Assert.NotEqual("", v.ChangedBy));
        Assert.Equal([typeof(SplitClass), typeof(AddClass)], versions[3].Changes.Select(c => c.GetType()));
        Assert.Equal(["bars", "disc", "frame"], versions[0].Schema.Classes.Select(c => c.Name));
        await RestoreAsync(dataset);
    }

    private async Task RestoreAsync(string dataset)
    {
        var file = Path.Combine(Path.GetTempPath(), $"{dataset}.winnow");
        try
        {
            await Client.BackupAsync(dataset, file);
            var copy = $"{dataset}-copy";
            await Client.RestoreAsync(file, copy);
            Assert.Equal(await ReadAsync(dataset), await ReadAsync(copy));
            var versions = await Client.ListSchemasAsync(copy);
            Assert.Equal([1, 2, 3, 4], versions.Select(v => v.Number));
            Assert.All(versions, v => Assert.Equal(1, v.Told));
            Assert.Equal(await CsvAsync(dataset, 1), await CsvAsync(copy, 1));
            // It goes on from there, and a name that was given up is free again.
            var next = await ChangeAsync(copy, 4, new RenameClass("square", "disc"));
            Assert.Equal((5, null), (next.Version.Number, next.Asking));
            Assert.Contains("disc", (await ReadAsync(copy)).Values);
            Assert.DoesNotContain("square", (await ReadAsync(copy)).Values);
            Assert.Equal(["bars", "disc", "frame"], (await CsvAsync(copy, 1)).Distinct().Order());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Sets_of_annotations_are_mapped_and_asked_again_as_classes_are()
    {
        var dataset = "s" + Guid.NewGuid().ToString("n")[..12];
        var schema = new LabelSchema
        {
            Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))],
            Geometries = [Geometry.Class, Geometry.Box],
            MultiLabel = true,
            Attributes = [new("seen", AttributeKind.Flag)],
        };
        await Client.CreateDatasetAsync(new CreateDataset(dataset, schema, LearningServer.Small));
        await Client.ImportDrawnAsync(dataset, Images);
        await Client.WaitForScoringAsync(dataset);
        var drawn = await LabelledAsync(dataset, name => new BoxAnnotation(name, new Box(1, 1, 4, 4))
        {
            Attributes = new Dictionary<string, AttributeValue> { ["seen"] = AttributeValue.Of(true) },
        });
        await ChangeAsync(dataset, 1, new MergeClasses(["bars", "disc"], "thing"), new RenameAttribute("seen", "visible"),
            new AddAttribute(new LabelAttribute("pose", AttributeKind.Choice) { Options = ["left"], Required = true }),
            new RetireClass("frame", Ask: true));
        await UntilAskedAsync(dataset);
        Assert.Equal(drawn.ToDictionary(d => d.Key, d => d.Value == "frame" ? null : "thing"), await ReadAsync(dataset));
        var thing = await Client.GetImageAsync(dataset, drawn.First(d => d.Value == "disc").Key);
        Assert.Equal("visible", Assert.Single(thing.Annotations).Attributes!.Single().Key);
        using var ann = server.As("ann");
        var frames = drawn.Where(d => d.Value == "frame").Select(d => d.Key).Order();
        Assert.Equal(frames, (await ann.TakeAsync(dataset, Images / 3)).Select(t => t.Image).Order());
        var version = await Client.CreateVersionAsync(dataset, new CreateVersion());
        Assert.Equal(Images - (Images / 3), version.Labeled);
        // What was said of an option reads as that is called, and counts as what it became.
        await Client.CorrectAsync(dataset, thing.Id, [new ClassTag("thing") { Attributes = Posed("left") }]);
        string Pose(ImageDetail image) => image.Annotations.Single().Attributes!["pose"].Text!;
        await ChangeAsync(dataset, 2, new RenameOption("pose", "left", "port"), new AddOptions("pose", ["starboard"]));
        Assert.Equal("port", Pose(await Client.GetImageAsync(dataset, thing.Id)));
        await ChangeAsync(dataset, 3, new MergeOptions("pose", ["port"], "side"));
        var sided = await Client.GetImageAsync(dataset, thing.Id);
        Assert.Equal(("side", "left"), (Pose(sided), sided.History[^1].Decision.Annotations[0].Attributes!["pose"].Text));
        var former = await Client.CorrectAsync(dataset, thing.Id, [new ClassTag("thing") { Attributes = Posed("port") }]);
        Assert.Contains("Choose 'side'.", former.Reason, StringComparison.Ordinal);
        // What is required from now on is required of who says something now.
        var refused = await Client.CorrectAsync(dataset, thing.Id, [new ClassTag("thing")]);
        Assert.Contains("must have attribute 'pose'", refused.Reason, StringComparison.Ordinal);
    }

    private static Dictionary<string, AttributeValue> Posed(string option) => new() { ["pose"] = AttributeValue.Of(option) };

    [Fact]
    public async Task Labels_of_a_retired_class_stand_unless_they_are_to_be_asked_again()
    {
        var dataset = await Client.DatasetAsync(Images);
        var drawn = await LabelledAsync(dataset);
        Assert.Null((await ChangeAsync(dataset, 1, new RetireClass("frame"))).Asking);
        Assert.Equal(drawn.ToDictionary(d => d.Key, d => (string?)d.Value), await ReadAsync(dataset));
        Assert.Equal(Images, (await Client.CreateVersionAsync(dataset, new CreateVersion())).Labeled);
        var few = await Assert.ThrowsAsync<WinnowApiException>(() => ChangeAsync(dataset, 2, new RetireClass("bars")));
        Assert.Contains("needs 2 to 10000 classes, not 1", few.Message, StringComparison.Ordinal);
        Assert.Equal(2, (await Client.GetSchemaAsync(dataset)).Version.Number);
    }

    [Fact]
    [Trait("kind", "security")]
    public async Task Versions_are_read_by_pages_from_any_of_them_on()
    {
        var dataset = await Client.DatasetAsync(0, scored: false);
        for (var i = 1; i < 5; i++) await ChangeAsync(dataset, i, new RecolourClass("disc", i % 2 == 0 ? "#112233" : "#332211"));
        using var http = new HttpClient { BaseAddress = server.Address };
        foreach (var (after, limit, next) in new[] { (0, 2, "2"), (2, 2, "4"), (3, 1, "4"), (4, 2, null), (5, 2, null) })
        {
            using var page = await http.GetAsync($"/api/v1/datasets/{dataset}/schema/versions?after={after}&limit={limit}");
            Assert.Equal(HttpStatusCode.OK, page.StatusCode);
            Assert.Equal(next, page.Headers.TryGetValues("Winnow-Next", out var told) ? Assert.Single(told) : null);
        }
        foreach (var wrong in new[] { "after=x", "after=-1", "after=6", "limit=0", "limit=1001" })
        {
            using var none = await http.GetAsync($"/api/v1/datasets/{dataset}/schema/versions?{wrong}");
            Assert.Equal(HttpStatusCode.BadRequest, none.StatusCode);
        }
    }
}
