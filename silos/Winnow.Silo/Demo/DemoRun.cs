using System.Diagnostics;
using System.Globalization;
using System.Text;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Overview;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Shown;

namespace Winnow.Silo.Demo;

/// <summary>The loop itself, as a client sees it: import, score, ask, learn, compare with chance.</summary>
internal sealed class DemoRun(WinnowClient client, DemoOptions options, DemoScreen screen, string folder)
{
    /// <summary>Images that are asked about once all else is done, of whoever looks.</summary>
    public const int AskedOfYou = 48;

    private const string Dataset = "fashion-mnist";
    private static readonly DatasetSettings Settings = new();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        await client.CreateDatasetAsync(
            new CreateDataset(Dataset, new LabelSchema { Classes = [.. FashionMnist.Classes.Select(c => new LabelClass(c))] },
                Settings with { Seed = options.Seed }), cancellationToken);

        screen.Heading("1. Import and score");
        var clock = Stopwatch.GetTimestamp();
        var taken = await ImportAsync("pool", Partition.Pool, options.Images, cancellationToken);
        var test = await ImportAsync("test", Partition.Holdout, 10_000, cancellationToken);
        await ScoreAsync(cancellationToken);
        var perSecond = (taken + test) / Stopwatch.GetElapsedTime(clock).TotalSeconds;
        screen.Say(string.Create(CultureInfo.InvariantCulture,
            $"  {taken + test:N0} images from file to committed embedding at {perSecond:N0} images/s"));
        var versions = new List<DatasetVersion>
        {
            await client.CreateVersionAsync(Dataset, new CreateVersion("before any label"), cancellationToken: cancellationToken),
        };

        screen.Heading("2. Ask, learn, compare with chance");
        await ReviewedAsync(LearnAsync, cancellationToken);
        versions.Add(await client.CreateVersionAsync(Dataset,
            new CreateVersion(string.Create(CultureInfo.InvariantCulture, $"after {options.Labels} labels per arm")),
            cancellationToken: cancellationToken));

        await ReportAsync((int)test, perSecond, Stopwatch.GetElapsedTime(started), versions, cancellationToken);
    }

    /// <summary>Leaves a round that waits for people: nobody simulated answers any more.</summary>
    public Task AskYouAsync(CancellationToken cancellationToken) => screen.StageAsync("a round for you", async report =>
    {
        var round = await client.StartRoundAsync(Dataset, new StartRound(AskedOfYou), cancellationToken: cancellationToken);
        var progress = new InPlace<DatasetStatus>(s => report(Math.Min(s.OpenTasks, AskedOfYou), AskedOfYou, $"round {round.Number} asks"));
        await foreach (var status in client.WatchStatusAsync(Dataset, cancellationToken))
        {
            ((IProgress<DatasetStatus>)progress).Report(status);
            if (status.OpenTasks >= AskedOfYou) break;
        }
        return true;
    });

    private Task<long> ImportAsync(string part, Partition partition, int expected, CancellationToken cancellationToken) =>
        screen.StageAsync($"import {part}", async report =>
    {
        long sent = 0, refused = 0;
        var progress = new InPlace<ImportProgress>(p =>
            report(p.Sent, expected, string.Create(CultureInfo.InvariantCulture, $"{p.Sent:N0} images")));
        var images = ImageFolder.EnumerateAsync(Path.Combine(folder, "images", part), labelsFromFolders: partition == Partition.Holdout,
            partition);
        await foreach (var result in client.ImportAsync(Dataset, images, progress: progress, cancellationToken: cancellationToken))
        {
            sent++;
            if (result.Status == IngestStatus.Quarantined) refused++;
        }
        if (refused > 0) throw new DemoException($"{refused} images were quarantined, which none of these should be.");
        return sent;
    });

    private Task<DatasetStatus> ScoreAsync(CancellationToken cancellationToken) => screen.StageAsync("score", report =>
    {
        var progress = new InPlace<DatasetStatus>(s =>
        {
            var done = s.Images - s.ScoringBacklog;
            report(done, s.Images, s.ScoringStalled ?? string.Create(CultureInfo.InvariantCulture, $"{done:N0} embedded"));
        });
        return client.WaitForScoringAsync(Dataset, progress, cancellationToken);
    });

    /// <summary>Runs work while a simulated reviewer answers from the folder that each image came from.</summary>
    private async Task ReviewedAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reviewer = new SimulatedReviewer(client, new SimulatedReviewerOptions
        {
            Dataset = Dataset,
            Classes = FashionMnist.Classes,
            ErrorRate = options.ErrorRate,
            Seed = options.Seed,
            Truth = static (ReviewTask task) => task.Name.Split('/')[0],
        }).RunAsync(stop.Token);
        var working = work(cancellationToken);
        // A reviewer that fails must not leave the rounds waiting for answers for ever.
        if (await Task.WhenAny(working, reviewer) == reviewer) await reviewer;
        await working;
        await stop.CancelAsync();
        await reviewer;
    }

    private async Task LearnAsync(CancellationToken cancellationToken)
    {
        var budgets = options.Budgets();
        for (var i = 0; i < budgets.Count; i++)
        {
            var size = budgets[i] - (i == 0 ? 0 : budgets[i - 1]);
            var round = i + 1;
            await screen.StageAsync(string.Create(CultureInfo.InvariantCulture, $"round {round} to {budgets[i]} labels"), async report =>
            {
                // Both arms at once: the random control arm runs beside the chosen one, live.
                await client.StartRoundAsync(Dataset, new StartRound(size, Arms.Main), cancellationToken: cancellationToken);
                await client.StartRoundAsync(Dataset, new StartRound(size, Arms.Control), cancellationToken: cancellationToken);
                var main = await WaitAsync(Arms.Main, round, (done, note) => report(done, 16, note), cancellationToken);
                var control = await WaitAsync(Arms.Control, round, (done, _) => report(8 + done, 16, ""), cancellationToken);
                var (chosen, random) = (main.Model?.Metrics.HoldoutAccuracy, control.Model?.Metrics.HoldoutAccuracy);
                report(16, 16, $"{main.Strategy} {Percent(chosen)}   random {Percent(random)}");
                return true;
            });
        }
    }

    private async Task<RoundInfo> WaitAsync(string arm, int number, Action<double, string> report, CancellationToken cancellationToken)
    {
        var progress = new InPlace<RoundInfo>(r => report(Math.Min((int)r.Step, 7), $"{arm}: {r.Step.ToString().ToLowerInvariant()}"));
        var round = await client.WaitForRoundAsync(Dataset, arm, number, progress, cancellationToken);
        return round.Step == RoundStep.Done ? round : throw new DemoException($"Round {number} of arm {arm} failed: {round.Reason}");
    }

    private async Task ReportAsync(int test, double perSecond, TimeSpan took, List<DatasetVersion> versions,
        CancellationToken cancellationToken)
    {
        var curves = await client.GetCurvesAsync(Dataset, cancellationToken);
        var main = curves.Single(c => c.Arm == Arms.Main);
        var control = curves.Single(c => c.Arm == Arms.Control);
        var audit = (await client.ListRoundsAsync(Dataset, cancellationToken)).Max(r => r.Model?.Metrics.AuditCount ?? 0);
        var summary = DemoSummary.Of(options, test, main, control, audit, perSecond, took, versions);

        screen.Heading(string.Create(CultureInfo.InvariantCulture, $"3. Accuracy on {test:N0} test images"));
        screen.Table(["labels", main.Strategy, "random", "gain"],
            [.. main.Points.Zip(control.Points).Select(p => (IReadOnlyList<string>)
            [
                p.First.Labels.ToString(CultureInfo.InvariantCulture), Percent(p.First.HoldoutAccuracy), Percent(p.Second.HoldoutAccuracy),
                Gain(p.First.HoldoutAccuracy, p.Second.HoldoutAccuracy),
            ])]);
        screen.Say(summary.LabelsToTarget is { } n
            ? string.Create(CultureInfo.InvariantCulture,
            $"  What random labels reach with {control.Points[^1].Labels} ({summary.TargetAccuracy:P1}) took {n:F0}: "
            + $"{summary.LabelsSavedPercent:F0} % saved.")
            : string.Create(CultureInfo.InvariantCulture,
                $"  {main.Strategy} did not reach what random labels reach with {control.Points[^1].Labels} "
                + $"({summary.TargetAccuracy:P1})."));
        screen.Say(string.Create(CultureInfo.InvariantCulture,
            $"  The {audit} labels of the random audit sample, which every figure of quality rests on, come on top in either arm."));
        screen.Heading("4. Versions");
        foreach (var v in versions)
            screen.Say(string.Create(CultureInfo.InvariantCulture,
                $"  {v.Number}: {v.Note}, {v.Images:N0} images, {v.Labeled:N0} labelled, manifest {v.ManifestSha256[..16]}…"));

        Directory.CreateDirectory(options.Out);
        await WriteAsync("summary.json", summary.ToJson() + "\n", cancellationToken);
        await WriteAsync("curves.svg", CurvePicture.Draw(
            string.Create(CultureInfo.InvariantCulture, $"Fashion-MNIST, {options.Images:N0} images, seed {options.Seed}"),
            [.. summary.Strategies.Select(s => new Curve(s.Name, [.. s.Curve.Select(p => (p.Labels, p.Accuracy))]))],
                summary.TargetAccuracy, summary.LabelsToTarget), cancellationToken);
        screen.Say(string.Create(CultureInfo.InvariantCulture, $"  All of it in {took.TotalSeconds:F0} s."));
    }

    /// <summary>Whoever reads it meanwhile has the whole of the last run's, or of this one's.</summary>
    private Task WriteAsync(string name, string content, CancellationToken cancellationToken) =>
        WholeFile.WriteAsync(Path.Combine(options.Out, name), replace: true, Encoding.UTF8.GetBytes(content), cancellationToken);

    private static string Percent(double? value) =>
        value is null ? "not measured" : string.Create(CultureInfo.InvariantCulture, $"{100 * value:F1} %");

    private static string Gain(double? one, double? other) =>
        one is null || other is null ? "not measured" : string.Create(CultureInfo.InvariantCulture, $"{100 * (one - other):+0.0;-0.0;0.0}");
}
