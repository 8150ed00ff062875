using System.Globalization;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Web.Tests.Training;

namespace Winnow.Web.Tests.Labels;

/// <summary>
/// A dataset of each kind of label, on composed pictures, as a user has it: created and filled on the command line, asked about, decided
/// there and by the SDK, corrected, undone, answered anew, rejected, versioned, compared, exported, backed up, restored and doubled. In the
/// end everything that was said is there, to the last member, wherever it is looked for.
/// </summary>
/// <remarks>Two kinds go all of the way on the command line, the others as far as it knows kinds: each command is a process.</remarks>
public abstract partial class LabelKindTests(Server server) : IClassFixture<Server>
{
    private const int Pictures = 24, Later = 2, Batch = 10, Further = 6;

    /// <summary>Takes a dataset of a kind all of its way.</summary>
    protected async Task LoseNothingAsync(string name)
    {
        var garments = await Garments.LoadAsync();
        var folder = Directory.CreateTempSubdirectory($"winnow-{name}-");
        try
        {
            var kind = LabelKind.All(garments.Pictures.Classes).Single(k => k.Name == name);
            var shelf = new Shelf(server, kind, garments, folder.FullName);
            await shelf.CreateAsync();
            await shelf.ImportAsync(0, Pictures);
            var undone = await DecideAsync(shelf);
            await CompareAsync(shelf, undone);
            await MoveAsync(shelf);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>A round asks. Half is answered from a file, half by the SDK; then it is not all as it should be.</summary>
    private async Task<ImageId> DecideAsync(Shelf shelf)
    {
        using WinnowClient bob = server.As("bob"), carol = server.As("carol");
        await server.Client.StartRoundAsync(shelf.Name, new StartRound(Batch));
        var bobs = await bob.TakeAsync(shelf.Name, Batch / 2);
        var told = await shelf.RunAsync(
            "review", "simulate", shelf.Name, "--truth", shelf.Truth, "--patience", "0.2s", "--actor", "ann");
        Assert.Contains(
            $"{Batch / 2} decisions recorded, 0 tasks skipped, 0 given back, 0 answers refused", told, StringComparison.Ordinal);
        var anns = await server.Client.ListImagesAsync(shelf.Name, Stage.Labeled).Select(i => i.Id).ToListAsync();
        foreach (var image in anns) shelf.Said(image, "ann");
        // What was cut at the edge is told, each of them and no other.
        foreach (var picture in anns.Select(i => shelf.Pictures[i]))
            Assert.Equal(shelf.Kind.IsCut(picture), told.Contains($"  {picture.FileName}: ", StringComparison.Ordinal));

        // One of hers is undone, and whoever is asked then sees less.
        var undone = anns[0];
        await shelf.UndoAsync(undone, "ann");
        var again = Assert.Single(await carol.TakeAsync(shelf.Name, 1));
        Assert.Equal(undone, again.Image);
        await carol.AnswerAsync(shelf.Name, [again], _ => Label(Less(shelf.Kind.Says(shelf.Pictures[undone]))));
        shelf.Said(undone, "carol", Less);

        await bob.AnswerAsync(shelf.Name, bobs.Skip(1), t => Label(shelf.Kind.Says(shelf.Pictures[t.Image])));
        foreach (var task in bobs.Skip(1)) shelf.Said(task.Image, "bob");
        await bob.AnswerAsync(shelf.Name, bobs.Take(1), LearningServer.Reject);
        var ended = await server.Client.UntilAsync(shelf.Name, 1, r => r.Step == RoundStep.Done);
        Assert.Equal((Batch - 1, 1), (ended.Outcomes!.Labelled, ended.Outcomes.Rejected));

        // Nothing of it is there after all.
        await shelf.CorrectAsync(bobs[1].Image, [], "dora");
        shelf.Words[bobs[1].Image] = new Word([], "dora");
        await shelf.CheckPagesAsync(shelf.Name);
        return undone;
    }

    /// <summary>Two versions, and exactly what is different between them.</summary>
    private async Task CompareAsync(Shelf shelf, ImageId undone)
    {
        using var erik = server.As("erik");
        Assert.Equal((Pictures, Batch - 1), await VersionAsync(shelf.Name));
        var (before, there) = (shelf.Words.ToDictionary(), shelf.Pictures.Keys.ToHashSet());

        await shelf.ImportAsync(Pictures, Later);
        await server.Client.StartRoundAsync(shelf.Name, new StartRound(Further));
        var tasks = await erik.TakeAsync(shelf.Name, Further);
        await erik.AnswerAsync(shelf.Name, tasks, t => Label(shelf.Kind.Says(shelf.Pictures[t.Image])));
        foreach (var task in tasks) shelf.Said(task.Image, "erik");
        await server.Client.UntilAsync(shelf.Name, 2, r => r.Step == RoundStep.Done);
        // One is of another class now, one is a person's no more.
        var taken = Assert.Single(before, w => w.Value.By == "carol").Key;
        Assert.Equal(undone, taken);
        await shelf.UndoAsync(undone, "carol");
        shelf.Words.Remove(undone);
        var other = before.First(w => w.Key != undone && w.Value.Set.Count > 0).Key;
        var classes = (await server.Client.GetDatasetAsync(shelf.Name)).Schema.Classes;
        Annotation[] OfAnotherClass(Annotation[] set) =>
            [set[0] with { Class = classes.First(c => set.All(a => a.Class != c.Name)).Name }, .. set[1..]];
        await shelf.CorrectAsync(other, OfAnotherClass(shelf.Kind.Says(shelf.Pictures[other])), "dora");
        shelf.Said(other, "dora", OfAnotherClass);
        Assert.Equal((Pictures + Later, Batch - 2 + Further), await VersionAsync(shelf.Name));

        var (told, same) = await shelf.CompareAsync(1, 2);
        var expected = ChangesOf(before, there, shelf.Words, shelf.Pictures.Keys).ToArray();
        Assert.Equal(expected.Order(StringComparer.Ordinal), told.Order(StringComparer.Ordinal));
        var changed = expected.Sum(e => int.Parse(e.Split('\t')[^1], CultureInfo.InvariantCulture));
        Assert.Equal(Pictures + Later - changed, same);
        foreach (var kind in new[] { "added", "relabelled", "unlabelled", "labelled" })
            Assert.Contains(expected, e => e.StartsWith(kind, StringComparison.Ordinal));
        Assert.Equal(Later, (await server.Client.DiffVersionsAsync(shelf.Name, 2, 1)).Of(VersionChangeKind.Removed));

        await shelf.CheckPagesAsync(shelf.Name);
        var earlier = shelf.Pictures.Where(p => there.Contains(p.Key)).ToDictionary();
        Shelf.CheckRows(await shelf.ExportedAsync(shelf.Name, 1), earlier, before);
        Shelf.CheckRows(await shelf.ExportedAsync(shelf.Name, 2), shelf.Pictures, shelf.Words);
    }

    /// <summary>What leaves the dataset is whole: as files, as another dataset, on twice as many shards.</summary>
    private async Task MoveAsync(Shelf shelf)
    {
        var to = Path.Combine(shelf.Folder, "out");
        await shelf.ExportAsync(to);
        var exported = await File.ReadAllTextAsync(Path.Combine(to, "dataset.jsonl"));
        Shelf.CheckRows(exported, shelf.Pictures, shelf.Words);
        var schema = (await server.Client.GetDatasetAsync(shelf.Name)).Schema;
        var read = await LabelSetFile.ReadAsync(Path.Combine(to, "dataset.jsonl"), schema);
        Assert.Equal((shelf.Words.Count, shelf.Pictures.Count - shelf.Words.Count), (read.Rows, read.RowsWithoutLabel));
        foreach (var (image, word) in shelf.Words)
            Assert.Equal(LabelKind.Json(word.Set), LabelKind.Json(read.AnnotationsOf(image, "by its id")));

        var copy = $"{shelf.Name}-2";
        await shelf.CopyAsync(copy);
        Assert.True(schema.IsSame((await server.Client.GetDatasetAsync(copy)).Schema));
        await shelf.DoubleAsync();
        foreach (var dataset in new[] { shelf.Name, copy })
        {
            await shelf.CheckPagesAsync(dataset);
            Assert.Equal(exported, await shelf.ExportedAsync(dataset, 2));
            var made = await server.Client.CreateVersionAsync(dataset, new CreateVersion());
            Shelf.CheckRows(await shelf.ExportedAsync(dataset, made.Number), shelf.Pictures, shelf.Words);
            var report = (await server.Client.VerifyAsync(dataset, hash: true).ToListAsync())[^1].Report!;
            Assert.True(report.Sound, string.Join(", ", report.Findings));
        }
    }

    private async Task<(long Images, long Labelled)> VersionAsync(string dataset)
    {
        var made = await server.Client.CreateVersionAsync(dataset, new CreateVersion());
        return (made.Images, made.Labeled);
    }

    private static Annotation[] Less(Annotation[] set) => set.Length > 0 ? set[..^1] : set;

    private static Decision Label(Annotation[] set) => new() { Kind = DecisionKind.Label, Annotations = set };
}
