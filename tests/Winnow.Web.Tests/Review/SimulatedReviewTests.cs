using Winnow.Cli.Review;
using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Model.Training;
using Winnow.Testing;
using Winnow.Web.Tests.Training;

namespace Winnow.Web.Tests.Review;

/// <summary>A simulated person knows some images and not others: what it does not know is left to others, and it comes to an end.</summary>
public sealed class SimulatedReviewTests(Server server) : IClassFixture<Server>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-simulated-");

    public void Dispose() => _folder.Delete(recursive: true);

    private Task<CliResult> SimulateAsync(string dataset, params string[] further) => CliProcess.RunAsync(
        server.Address, [], ["review", "simulate", dataset, "--patience", "1s", "--actor", "ann", .. further]);

    /// <summary>A dataset that asks about images, and their names.</summary>
    private async Task<(string Dataset, IReadOnlyList<string> Asked)> AskingAsync(int images, int batch, int perPerson = 50)
    {
        var dataset = await server.Client.DatasetAsync(images, LearningServer.Small with { TasksPerPerson = perPerson });
        await server.Client.StartRoundAsync(dataset, new StartRound(batch));
        await Until.TrueAsync(async () => (await server.Client.GetStatusAsync(dataset)).OpenTasks == batch, LearningServer.Patience,
            () => "all shards ask");
        var asked = new List<string>();
        await foreach (var image in server.Client.ListImagesAsync(dataset, Stage.Queued)) asked.Add(image.Name);
        return (dataset, asked);
    }

    private async Task<string> TruthAsync(IEnumerable<string> names)
    {
        var file = Path.Combine(_folder.FullName, $"{Guid.NewGuid():n}.csv");
        await File.WriteAllLinesAsync(file, names.Select(n => $"{n},{n.Split('/')[0]}"));
        return file;
    }

    [Fact]
    public async Task What_the_file_has_no_row_for_is_left_to_others_and_keeps_none_of_the_rest_back()
    {
        // More than she may hold at a time are unknown, so those she knows come only where the others are passed over.
        var (dataset, asked) = await AskingAsync(40, 24, perPerson: 4);
        var known = asked.Where((_, i) => i % 3 == 0).ToArray();
        var done = await SimulateAsync(dataset, "--truth", await TruthAsync(known), "--leave-unknown");
        Assert.True(done.ExitCode == 0, done.Output);
        Assert.Contains("8 decisions recorded, 0 tasks skipped, 16 given back, 0 answers refused", done.Output, StringComparison.Ordinal);
        Assert.Contains(".csv has nothing about 16 images, and their tasks were given back: ", done.Errors, StringComparison.Ordinal);
        Assert.Contains(", and 6 more", done.Errors, StringComparison.Ordinal);
        Assert.Contains("16 tasks are open still. ", done.Output, StringComparison.Ordinal);
        Assert.Contains($"'winnow rounds end {dataset}'", done.Output, StringComparison.Ordinal);
        using var bob = server.As("bob");
        Assert.Equal(4, (await bob.TakeAsync(dataset, 4)).Count);
        // With a better file she goes on herself.
        Assert.Contains("12 decisions recorded, 0 tasks skipped, 0 given back",
            (await SimulateAsync(dataset, "--truth", await TruthAsync(asked))).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_file_has_no_row_for_is_skipped_once_nothing_else_comes_and_the_round_goes_on()
    {
        var (dataset, asked) = await AskingAsync(40, 24, perPerson: 4);
        var known = asked.Where((_, i) => i % 3 != 0).ToArray();
        var done = await SimulateAsync(dataset, "--truth", await TruthAsync(known));
        Assert.True(done.ExitCode == 0, done.Output);
        Assert.Contains("16 decisions recorded, 8 tasks skipped, 0 given back, 0 answers refused", done.Output, StringComparison.Ordinal);
        Assert.Contains(".csv has nothing about 8 images, and their tasks were skipped: ", done.Errors, StringComparison.Ordinal);
        var round = await server.Client.UntilAsync(dataset, 1, r => r.Step is RoundStep.Done);
        Assert.Equal((16, 8), (round.Outcomes!.Labelled, round.Outcomes.Skipped));
    }

    [Fact]
    public async Task A_file_without_a_row_for_anything_that_is_asked_ends_with_1_and_nothing_is_recorded()
    {
        var (dataset, asked) = await AskingAsync(24, 3);
        var others = new List<string>();
        await foreach (var image in server.Client.ListImagesAsync(dataset)) others.Add(image.Name);
        var done = await SimulateAsync(dataset, "--truth", await TruthAsync(others.Except(asked)));
        Assert.Equal(1, done.ExitCode);
        Assert.Contains("has nothing about 3 images", done.Errors, StringComparison.Ordinal);
        Assert.All(asked, name => Assert.Contains(name, done.Errors, StringComparison.Ordinal));
        Assert.Equal((3, 0), await server.Client.GetStatusAsync(dataset) is var s ? ((int)s.OpenTasks, (int)s.Decided) : default);
    }

    [Theory]
    [InlineData(0, 0, 0, 0, 0)]
    [InlineData(0, 0, 3, 0, 1)]
    [InlineData(0, 0, 0, 3, 1)]
    [InlineData(1, 0, 3, 3, 0)]
    [InlineData(0, 1, 3, 3, 0)]
    public void A_run_in_which_nothing_was_recorded_and_something_was_refused_ends_with_1(
        long answered, long skipped, long refused, long givenBack, int code) =>
        Assert.Equal(code, ReviewCommands.CodeOf(new ReviewProgress(answered, skipped, refused, []) { GivenBack = givenBack }));

    [Fact]
    public async Task A_file_that_fits_nothing_is_told_before_anything_is_asked_for()
    {
        var (dataset, asked) = await AskingAsync(24, 3);
        foreach (var names in new[] { asked.Select(n => $"disc/elsewhere/{n}"), ["disc/nowhere.png"] })
        {
            var refused = await SimulateAsync(dataset, "--truth", await TruthAsync(names));
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains("No row of ", refused.Errors, StringComparison.Ordinal);
            Assert.Contains("Nothing was decided.", refused.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("Answering", refused.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Folders_that_are_no_classes_are_told_before_anything_is_asked_for()
    {
        var dataset = await server.Client.DatasetAsync(0, scored: false);
        async IAsyncEnumerable<ImageToImport> Images()
        {
            foreach (var i in Enumerable.Range(0, 3))
                yield return new ImageToImport($"2026-03/{i}.png", _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(DrawnImages.Draw(i)));
            await Task.CompletedTask;
        }

        await foreach (var _ in server.Client.ImportAsync(dataset, Images()))
        {
        }
        var refused = await SimulateAsync(dataset);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("folder that is called like a class: images are named like '2026-03/", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("--truth FILE", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_only_person_skipped_all_that_is_open_the_way_on_is_named()
    {
        var (dataset, _) = await AskingAsync(24, 3);
        using var bob = server.As("bob");
        using var ann = server.As("ann");
        // Bob is at work too, so the round waits for him.
        var bobs = await bob.TakeAsync(dataset, 1);
        await ann.AnswerAsync(dataset, await ann.TakeAsync(dataset, 2), LearningServer.Skip);
        await bob.ReleaseAsync(dataset, [bobs[0].Image]);
        await ann.AnswerAsync(dataset, await ann.TakeAsync(dataset, 1), LearningServer.Skip);
        await server.Client.UntilAsync(dataset, 1, r => r.Outcomes is { Unanswered: 0 });
        foreach (var told in new[] { await CliProcess.RunAsync(server.Address, [], "status", dataset), await SimulateAsync(dataset) })
        {
            Assert.True(told.ExitCode == 0, told.Output);
            Assert.Contains("somebody else answers them", told.Output, StringComparison.Ordinal);
            Assert.Contains($"'winnow rounds end {dataset}'", told.Output, StringComparison.Ordinal);
            Assert.Contains("expectedVersion", told.Output, StringComparison.Ordinal);
        }
    }
}
