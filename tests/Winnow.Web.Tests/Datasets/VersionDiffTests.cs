using System.Net;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;
using Winnow.Web.Tests.Training;

namespace Winnow.Web.Tests.Datasets;

/// <summary>Two versions are compared by the API, the SDK and the command line, and each says where it comes from.</summary>
public sealed class VersionDiffTests(Server server) : IClassFixture<Server>
{
    private static async Task SayAsync(WinnowClient person, string dataset, int image, string label)
    {
        var id = ImageId.Of(DrawnImages.Draw(image));
        var seen = (await person.GetImageAsync(dataset, id)).Version;
        var said = new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(label)] };
        var result = Assert.Single(await person.SubmitAsync(dataset, [new(id, Guid.NewGuid(), said, ExpectedVersion: seen)]));
        Assert.Equal(SubmitStatus.Recorded, result.Status);
    }

    private async Task<string> DatasetAsync()
    {
        var name = "v" + Guid.NewGuid().ToString("n")[..12];
        await server.Client.CreateDatasetAsync(new CreateDataset(name, LearningServer.Schema, LearningServer.Small));
        await ImportAsync(name, 6, 0, labelled: true);
        await ImportAsync(name, 6, 6, labelled: false);
        return name;
    }

    private async Task ImportAsync(string dataset, int images, int from, bool labelled)
    {
        await foreach (var result in server.Client.ImportAsync(dataset, DrawnImages.EnumerateAsync(images, from, labelled)))
            Assert.Equal(IngestStatus.Accepted, result.Status);
    }

    [Fact]
    public async Task What_became_of_each_image_is_told_by_class_and_by_whose_word_it_is()
    {
        var dataset = await DatasetAsync();
        using var ann = server.As("ann");
        var first = await server.Client.CreateVersionAsync(dataset, new CreateVersion());
        Assert.Equal((6, 0), (first.Labeled, first.Arms!.Count));
        // 0 is of bars, 1 of disc, 2 of frame, and so on.
        await SayAsync(ann, dataset, 0, "disc");
        await SayAsync(ann, dataset, 1, "disc");
        await SayAsync(ann, dataset, 6, "bars");
        await SayAsync(ann, dataset, 7, "disc");
        await ann.AskAgainAsync(dataset, ImageId.Of(DrawnImages.Draw(2)));
        await ImportAsync(dataset, 1, 12, labelled: true);
        Assert.Equal(2, (await server.Client.CreateVersionAsync(dataset, new CreateVersion())).Number);

        var diff = await server.Client.DiffVersionsAsync(dataset, 1, 2);
        Assert.Equal((1, 2, 7), (diff.From, diff.To, diff.Same));
        LabelMove Move(VersionChangeKind kind, string? from, LabelSource? fromSource, string? to, LabelSource? toSource) =>
            new(kind, from, fromSource, to, toSource, 1);
        Assert.Equal(
        [
            Move(VersionChangeKind.Added, null, null, "bars", LabelSource.Imported),
            Move(VersionChangeKind.Labelled, null, null, "bars", LabelSource.Human),
            Move(VersionChangeKind.Labelled, null, null, "disc", LabelSource.Human),
            Move(VersionChangeKind.Relabelled, "bars", LabelSource.Imported, "disc", LabelSource.Human),
            Move(VersionChangeKind.Unlabelled, "frame", LabelSource.Imported, null, null),
            Move(VersionChangeKind.Confirmed, "disc", LabelSource.Imported, "disc", LabelSource.Human),
        ], diff.Moves);
        Assert.Equal(2, diff.Of(VersionChangeKind.Labelled));
        var changes = await server.Client.ListVersionChangesAsync(dataset, 1, 2).ToListAsync();
        Assert.Equal(changes.Select(c => c.Id).Order(), changes.Select(c => c.Id));
        Assert.Equal(
            diff.Moves.Select(m => (m.Kind, m.From, m.To)).Order(), changes.Select(c => (c.Kind, c.From, c.To)).Order());
        Assert.Equal("bars/00012.png", changes.Single(c => c.Kind == VersionChangeKind.Added).Name);

        // Backwards what was added is removed; of a version with itself nothing is different.
        Assert.Equal(1, (await server.Client.DiffVersionsAsync(dataset, 2, 1)).Of(VersionChangeKind.Removed));
        var none = await server.Client.DiffVersionsAsync(dataset, 2, 2);
        Assert.Equal((13, 0), (none.Same, none.Moves.Count));

        var told = await CliProcess.RunAsync(server.Address, [], "versions", "diff", dataset, "1", "2");
        Assert.Equal(0, told.ExitCode);
        Assert.Contains("relabelled\tbars (imported)\tdisc (human)\t1", told.Output, StringComparison.Ordinal);
        Assert.EndsWith("7 images are the same in versions 1 and 2", told.Output.TrimEnd(), StringComparison.Ordinal);
        var listed = await CliProcess.RunAsync(server.Address, [], "versions", "diff", dataset, "1", "2", "--images");
        Assert.Equal(6, listed.Output.TrimEnd().Split('\n').Length);
        Assert.Contains("\tunlabelled\tframe (imported)\t\tframe/00002.png", listed.Output, StringComparison.Ordinal);
        var wrong = await CliProcess.RunAsync(server.Address, [], "versions", "diff", dataset, "1", "zwei");
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("must be a whole number from 1", wrong.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_says_which_rounds_and_models_there_were()
    {
        var dataset = await server.Client.DatasetAsync(40);
        await server.Client.StartRoundAsync(dataset, new StartRound(12));
        var tasks = await server.Client.TakeAsync(dataset, 12);
        await server.Client.AnswerAsync(dataset, tasks, LearningServer.Right);
        var round = await server.Client.EndOfAsync(dataset);
        var made = await server.Client.CreateVersionAsync(dataset, new CreateVersion());
        Assert.Equal([new VersionArm(Arms.Main, 1, "main/1", round.Model!.HeadSha256)], made.Arms);
        Assert.Equal(made.Arms, Assert.Single(await server.Client.ListVersionsAsync(dataset)).Arms);
        // A copy has it too.
        var file = Path.Combine(server.Folder, $"{dataset}.tar");
        await server.Client.BackupAsync(dataset, file);
        await server.Client.RestoreAsync(file, $"{dataset}-2");
        Assert.Equal(made.Arms, Assert.Single(await server.Client.ListVersionsAsync($"{dataset}-2")).Arms);
    }

    [Fact]
    public async Task What_cannot_be_compared_is_said()
    {
        var dataset = await DatasetAsync();
        await server.Client.CreateVersionAsync(dataset, new CreateVersion());
        var none = await Assert.ThrowsAsync<WinnowApiException>(() => server.Client.DiffVersionsAsync(dataset, 1, 7));
        Assert.Equal((HttpStatusCode.NotFound, $"Dataset '{dataset}' has no version 7."), (none.Status, none.Message));
        using var http = new HttpClient { BaseAddress = server.Address };
        // Before the first there was nothing.
        var first = await server.Client.DiffVersionsAsync(dataset, 0, 1);
        Assert.Equal((0, 12), (first.Same, first.Of(VersionChangeKind.Added)));
        var unsaid = await http.GetStringAsync($"/api/v1/datasets/{dataset}/versions/1/diff");
        Assert.StartsWith("""{"from":0,"to":1,"same":0,""", unsaid, StringComparison.Ordinal);
    }
}
