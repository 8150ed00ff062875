using System.Net;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.MachineDecisions;
using Winnow.Model.Review;
using Winnow.Testing;
using static Winnow.Web.Tests.MachineDecisions.Deciding;

namespace Winnow.Web.Tests.MachineDecisions;

/// <summary>What machines decide comes by the lot, is checked, stands where people said nothing, and is taken back but not lost.</summary>
public sealed class MachineDecisionTests(Server server) : IClassFixture<Server>
{
    private WinnowClient Client => server.Client;

    private async Task CountsAsync(string dataset, long auto, long pseudo)
    {
        var status = await Client.GetStatusAsync(dataset);
        Assert.Equal((auto, pseudo), (status.AutoAccepted, status.Pseudo));
        var listed = (await Client.ListedAsync(dataset)).Values;
        Assert.Equal((auto, pseudo), (listed.Count(k => k == MachineKind.AutoAccepted), listed.Count(k => k == MachineKind.Pseudo)));
    }

    [Fact]
    public async Task It_stands_apart_from_people_and_people_go_before_it()
    {
        var (dataset, images) = await Client.DatasetAsync(6);
        await Client.AddMachineDecisionsAsync(dataset, [.. images[..4].Select(i => Of(i, "disc"))]);
        await Client.AddMachineDecisionsAsync(dataset, [.. images[3..5].Select(i => Of(i, "bars", MachineKind.Pseudo, "guesses"))]);
        await CountsAsync(dataset, 4, 1);
        var detail = await Client.GetImageAsync(dataset, images[0]);
        Assert.Equal((false, 0, 0), (detail.Labelled, detail.Annotations.Count, detail.History.Count));
        var stands = detail.MachineDecisions.Single(d => d.Run == "night");
        Assert.Equal((true, MachineKind.AutoAccepted, "yolo", "8n", 0.5, Made, "tester"),
            (stands.Stands, stands.Kind, stands.Source, stands.Version, stands.Confidence, stands.MadeAt, stands.By));
        Assert.Equal("disc", Assert.IsType<ClassTag>(Assert.Single(stands.Annotations)).Class);
        var status = await Client.GetStatusAsync(dataset);
        Assert.Equal((0, 0), (status.Decided, status.Stages[Stage.Labeled]));

        // Of two people's answers each goes before what a machine decided, whichever came first; of no use is of no use.
        using var ann = server.As("ann");
        await ann.SayAsync(dataset, images[0], Label("frame"));
        await ann.SayAsync(dataset, images[1], new Decision { Kind = DecisionKind.Reject });
        await ann.SayAsync(dataset, images[5], Label("frame"));
        await Client.AddMachineDecisionsAsync(dataset, [Of(images[5], "disc")]);
        foreach (var image in new[] { images[0], images[1], images[5] }) Assert.Null(await Client.StandsAsync(dataset, image));
        await CountsAsync(dataset, 2, 1);
        Assert.Equal("frame", Assert.Single((await Client.GetImageAsync(dataset, images[0])).Annotations).Class);
        // What was said is taken back: the decision stands that was there all the while.
        await ann.TakeBackAsync(dataset, images[0], 1);
        Assert.Equal("night", (await Client.StandsAsync(dataset, images[0]))?.Run);
        await CountsAsync(dataset, 3, 1);
        // And a person may be asked, once somebody asks.
        Assert.Equal(SubmitStatus.Recorded, (await ann.AskAgainAsync(dataset, images[2])).Status);
        Assert.Null(await Client.StandsAsync(dataset, images[2]));
        Assert.Equal(Stage.Queued, (await Client.GetImageAsync(dataset, images[2])).Stage);
        await CountsAsync(dataset, 2, 1);
    }

    [Fact]
    public async Task What_is_wrong_is_put_aside_by_name_and_the_others_are_taken()
    {
        var (dataset, images) = await Client.DatasetAsync(5);
        await foreach (var result in Client.ImportAsync(dataset, DrawnImages.EnumerateAsync(1, 90, labelled: true, Partition.Holdout)))
            Assert.Equal(IngestStatus.Accepted, result.Status);
        await Client.AddMachineDecisionsAsync(dataset, [Of(images[4], "disc"), Of(images[3], "disc")]);
        await Client.TakeBackMachineDecisionsAsync(dataset, new("wrong", "night", images[3]));
        (ImageMachineDecision Sent, string? Said)[] sent =
        [
            (Of(images[0], "disc"), null),
            (Of(ImageId.Of("nobody"u8), "disc"), "does not hold this image"),
            (Of(images[1], "no such class"), "no such class"),
            (Of(images[1], "disc") with { Annotations = [] }, "at least one annotation"),
            (Of(images[1], "disc") with { Annotations = [new BoxAnnotation("disc", new Box(0, 0, 3, 3))] }, "no box"),
            (Of(images[1], "disc") with { Source = "model:main/1" }, "Winnow's own models"),
            (Of(images[1], "disc", at: DateTimeOffset.MaxValue), "madeAt"),
            (Of(images[1], "disc") with { Confidence = 2 }, "confidence"),
            (Of(images[1], "disc", run: ""), "run must have"),
            (Of(ImageId.Of(DrawnImages.Draw(90)), "disc"), "of the holdout"),
            (Of(images[4], "disc"), null),
            (Of(images[4], "bars"), "has decided otherwise"),
            (Of(images[3], "disc"), "was taken back"),
            (Of(images[2], "disc"), null),
            (Of(images[2], "bars"), "has decided otherwise"),
        ];
        var answer = await Client.AddMachineDecisionsAsync(dataset, [.. sent.Select(s => s.Sent)]);
        var wrong = sent.Index().Where(s => s.Item.Said is not null).ToArray();
        Assert.Equal(wrong.Select(w => w.Index), answer.Refused.Select(r => r.Index));
        foreach (var (refused, (_, (of, said))) in answer.Refused.Zip(wrong))
        {
            Assert.Contains(said!, refused.Reason, StringComparison.Ordinal);
            Assert.Equal(of.Image, refused.Image);
        }
        Assert.Equal(3, answer.Taken);
        var many = await Assert.ThrowsAsync<WinnowApiException>(
            () => Client.AddMachineDecisionsAsync(dataset, [.. Enumerable.Repeat(Of(images[0], "disc"), 1_001)]));
        Assert.Contains("At most 1000", many.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_operation_is_one_request_of_one_person()
    {
        var (dataset, images) = await Client.DatasetAsync(3);
        var (operation, back) = (Guid.NewGuid(), Guid.NewGuid());
        ImageMachineDecision[] lot = [.. images.Select(i => Of(i, "disc"))];
        for (var i = 0; i < 2; i++)
            Assert.Equal((3, 0), Told(await Client.AddMachineDecisionsAsync(dataset, lot, operation)));
        async Task ConflictAsync(Func<Task> call)
        {
            var other = await Assert.ThrowsAsync<WinnowApiException>(call);
            Assert.Equal((HttpStatusCode.Conflict, RefusalCodes.OperationConflict), (other.Status, other.Code));
        }
        await ConflictAsync(() => Client.AddMachineDecisionsAsync(
            dataset, [.. images.Select(i => Of(i, "bars", run: "day"))], operation));
        var command = new TakeBackMachineDecisions("too many wrong", "night");
        Assert.Equal(new(3, 0), await Client.TakeBackMachineDecisionsAsync(dataset, command, back));
        Assert.Equal(new(0, 3), await Client.TakeBackMachineDecisionsAsync(dataset, command, back));
        await Client.AddMachineDecisionsAsync(dataset, [.. images.Select(i => Of(i, "bars", run: "day"))]);
        await ConflictAsync(() => Client.TakeBackMachineDecisionsAsync(dataset, new("too many wrong", "day"), back));
        await ConflictAsync(() => Client.TakeBackMachineDecisionsAsync(dataset, new("too many wrong", "day"), operation));
        await CountsAsync(dataset, 3, 0);

        static (int, int) Told(MachineDecisionsResult result) => (result.Taken, result.Refused.Count);
    }

    [Fact]
    public async Task A_run_is_taken_back_at_once_and_stays_told_with_who_when_and_why()
    {
        var (dataset, images) = await Client.DatasetAsync(5);
        await Client.AddMachineDecisionsAsync(dataset, [.. images.Select(i => Of(i, "disc"))]);
        await Client.AddMachineDecisionsAsync(dataset, [.. images[..2].Select(i => Of(i, "bars", run: "day", at: Made.AddDays(1)))]);
        await Client.AddMachineDecisionsAsync(dataset, [Of(images[0], "frame", MachineKind.Pseudo, "guesses", Made.AddDays(2))]);
        async Task StandAsync(params string?[] runs)
        {
            for (var i = 0; i < runs.Length; i++) Assert.Equal(runs[i], (await Client.StandsAsync(dataset, images[i]))?.Run);
        }
        await StandAsync("day", "day", "night");
        using var bob = server.As("bob");
        var before = TimeProvider.System.GetUtcNow().AddMinutes(-1);
        Assert.Equal(new(2, 0), await bob.TakeBackMachineDecisionsAsync(dataset, new("blurred\tlens", "day")));
        await StandAsync("night", "night");
        Assert.Equal(new(2, 2), await bob.TakeBackMachineDecisionsAsync(dataset, new("this one too", Image: images[0])));
        await StandAsync(null, "night");
        Assert.Equal(new(4, 1), await bob.TakeBackMachineDecisionsAsync(dataset, new("all of it", "night")));
        await CountsAsync(dataset, 0, 0);
        var told = (await Client.GetImageAsync(dataset, images[1])).MachineDecisions.Single(d => d.Run == "day").TakenBack!;
        Assert.Equal(("bob", "blurred lens"), (told.By, told.Reason));
        Assert.InRange(told.At!.Value, before, TimeProvider.System.GetUtcNow().AddMinutes(1));
        var runs = await Client.ListMachineRunsAsync(dataset);
        Assert.Equal([("day", 2L, 2L), ("first", 1L, 1L), ("guesses", 1L, 1L), ("night", 5L, 5L)],
            runs.Select(r => (r.Run, r.Decisions, r.TakenBack)));
        TakeBackMachineDecisions[] ofNothing =
            [new("why", "nobody"), new("why", "nobody", images[1]), new("why", Image: ImageId.Of("x"u8))];
        foreach (var nothing in ofNothing)
        {
            var missing = await Assert.ThrowsAsync<WinnowApiException>(() => bob.TakeBackMachineDecisionsAsync(dataset, nothing));
            Assert.Equal(HttpStatusCode.NotFound, missing.Status);
        }
        foreach (var wrong in new TakeBackMachineDecisions[] { new("why"), new("", "night") })
            Assert.Equal(HttpStatusCode.BadRequest,
                (await Assert.ThrowsAsync<WinnowApiException>(() => bob.TakeBackMachineDecisionsAsync(dataset, wrong))).Status);
        // Each left an act of its own.
        var acts = (await Client.GetActsAsync(dataset, null, null, 1_000)).Acts.Select(a => a.What).ToArray();
        Assert.Equal(4, acts.Count(a => a == Model.Acts.ActKind.MachineDecisionsMade));
    }

    [Fact]
    public async Task What_it_decides_of_parts_of_a_picture_lies_within_it()
    {
        var schema = new LabelSchema { Classes = [new("disc"), new("bars")], Geometries = [Geometry.Box], MultiLabel = true };
        var (dataset, images) = await Client.DatasetOfBoxesAsync(schema);
        ImageMachineDecision Boxed(ImageId image, Box box) => Of(image, "disc") with { Annotations = [new BoxAnnotation("disc", box)] };
        var answer = await Client.AddMachineDecisionsAsync(
            dataset, [Boxed(images[0], new Box(-5, -5, 15, 15)), Boxed(images[1], new Box(900, 900, 9, 9))]);
        Assert.Equal((1, 1), (answer.Taken, Assert.Single(answer.Refused).Index));
        Assert.Equal(new Box(0, 0, 10, 10), Assert.IsType<BoxAnnotation>(
            Assert.Single((await Client.StandsAsync(dataset, images[0]))!.Annotations)).Box);
        var version = await Client.CreateVersionAsync(dataset, new());
        Assert.Equal((0, 1), (version.Labeled, version.AutoAccepted));
    }
}
