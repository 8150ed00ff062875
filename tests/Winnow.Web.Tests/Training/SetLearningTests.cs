using System.Globalization;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Policies;
using Winnow.Model.Prelabels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Web.Tests.Training;

/// <summary>
/// Rounds on labels that are sets of classes, from end to end: people answer, a model learns which classes are there, and the next
/// questions and proposals are its own.
/// </summary>
public sealed class SetLearningTests(Server server) : IClassFixture<Server>
{
    private const int Pool = 160, Holdout = 60;

    private static readonly LabelSchema Schema = new()
    {
        Classes = [.. DrawnSets.Classes.Select(c => new LabelClass(c))],
        MultiLabel = true,
    };

    private static Decision Right(ReviewTask task) =>
        new() { Kind = DecisionKind.Label, Annotations = [.. DrawnSets.TruthOf(task.Name)] };

    private static string SetOf(IEnumerable<Annotation> annotations) =>
        string.Join(' ', annotations.Select(a => a.Class).Order(StringComparer.Ordinal));

    private async Task<string> DatasetAsync()
    {
        var name = "t" + Guid.NewGuid().ToString("n")[..12];
        await server.Client.CreateDatasetAsync(new CreateDataset(name, Schema, LearningServer.Small with { AuditSample = 30 }));
        foreach (var images in new[] { DrawnSets.EnumerateAsync(Pool), DrawnSets.EnumerateAsync(Holdout, Pool, Partition.Holdout) })
            await foreach (var result in server.Client.ImportAsync(name, images)) Assert.Equal(IngestStatus.Accepted, result.Status);
        await server.Client.WaitForScoringAsync(name);
        await foreach (var image in server.Client.ListImagesAsync(name))
        {
            if (image.Partition != Partition.Holdout) continue;
            var said = await server.Client.CorrectAsync(name, image.Id, [.. DrawnSets.TruthOf(image.Name)]);
            Assert.Equal(SubmitStatus.Recorded, said.Status);
        }
        return name;
    }

    /// <summary>A round with all its answers; the tasks that were asked, and how it ended.</summary>
    private async Task<(List<ReviewTask> Asked, RoundInfo Ended)> RoundAsync(string dataset, int batch, Func<ReviewTask, Decision> answer)
    {
        var asked = new List<ReviewTask>();
        var round = await server.Client.StartRoundAsync(dataset, new StartRound(batch));
        await Until.TrueAsync(async () =>
        {
            var tasks = await server.Client.LeaseAsync(dataset, new LeaseRequest(50, 200));
            asked.AddRange(tasks);
            if (tasks.Count > 0) await server.Client.AnswerAsync(dataset, tasks, answer);
            return (await server.Client.GetRoundAsync(dataset, Arms.Main, round.Number)).HasEnded;
        }, LearningServer.Patience, () => "the round has ended");
        return (asked, await server.Client.GetRoundAsync(dataset, Arms.Main, round.Number));
    }

    [Fact]
    public async Task Two_rounds_teach_a_model_which_classes_are_there()
    {
        var dataset = await DatasetAsync();
        var rejected = default(ImageId?);
        var (asked, first) = await RoundAsync(dataset, 12, task =>
        {
            // One is of no use: an outcome, and nothing to learn from.
            if (task.Priority > 1 || (rejected ??= task.Image) != task.Image) return Right(task);
            return new Decision { Kind = DecisionKind.Reject };
        });
        Assert.True(first.Step == RoundStep.Done, first.Reason);
        Assert.Equal(("k-means", 11, 1, 11), (first.Strategy, first.Outcomes!.Labelled, first.Outcomes.Rejected, first.Labels));
        Assert.All(asked, t => Assert.Empty(t.Prelabels));
        Assert.Contains(asked, t => DrawnSets.TruthOf(t.Name).Length == 0);
        Assert.True(first.Promoted);
        var (before, audit) = (first.Model!.Metrics, first.AuditOutcomes!.Labelled);
        Assert.Equal((Holdout, 30, 30), (before.HoldoutCount, before.AuditCount, audit));

        (asked, var second) = await RoundAsync(dataset, 60, Right);
        Assert.True(second.Step == RoundStep.Done, second.Reason);
        Assert.Equal(("herding", 71), (second.Strategy, second.Labels));
        var after = second.Model!.Metrics;
        var told = $"{before} and then {after}";
        Assert.True(after.HoldoutMicroF1 > before.HoldoutMicroF1, told);
        Assert.True(after.HoldoutMicroF1 > MostFrequentF1() + 0.2, told);
        Assert.True(after.HoldoutLogLoss < before.HoldoutLogLoss, told);
        Assert.True(second.Promoted, second.Reason);
        Assert.InRange(after.AuditMicroF1!.Value, 0.5, 1);
        Assert.InRange(after.AuditMacroF1!.Value, 0.4, 1);
        Assert.InRange(after.AuditAccuracy!.Value, after.AuditAccuracyLower!.Value, after.AuditAccuracyUpper!.Value);
        Assert.Equal(3, after.ThresholdsChosen);

        // What the first model said is there was proposed with each task of the second round.
        Assert.All(asked, t =>
        {
            var made = Assert.Single(t.Prelabels);
            Assert.Equal("model:main/1", made.Source);
            Assert.InRange(made.Confidence!.Value, 0, 1);
            Assert.All(made.Annotations, a => Assert.InRange(a.Confidence!.Value, 0, 1));
        });
        Assert.Contains(asked, t => t.Prelabels[0].Annotations.Count > 1);
        await ProposalsFitAsync(dataset);

        var listed = await CliProcess.RunAsync(server.Address, [], ["rounds", "list", dataset]);
        Assert.Contains("sets right", listed.Output, StringComparison.Ordinal);
        var f1 = string.Create(CultureInfo.InvariantCulture, $"F1 {after.AuditMicroF1:P1}");
        Assert.Contains(f1, listed.Output, StringComparison.Ordinal);

        // Backups bring the model elsewhere, which proposes there what it proposed here.
        var file = Path.Combine(server.Folder, $"{dataset}.tar");
        await server.Client.BackupAsync(dataset, file);
        await server.Client.RestoreAsync(file, $"{dataset}-2");
        var image = await server.Client.ListImagesAsync(dataset, Stage.Scored).FirstAsync();
        // A shard answers before its columns are there, and then proposes nothing.
        IReadOnlyList<Prelabel> there = [];
        await Until.TrueAsync(async () => (there = (await server.Client.GetImageAsync($"{dataset}-2", image.Id)).Prelabels).Count > 0,
            LearningServer.Patience, () => "the copy proposes something");
        Assert.Equal(
            SetOf((await server.Client.GetImageAsync(dataset, image.Id)).Prelabels[0].Annotations), SetOf(there[0].Annotations));
    }

    /// <summary>What the model proposes of images that nobody has labelled is right more often than not.</summary>
    private async Task ProposalsFitAsync(string dataset)
    {
        var (right, all) = (0, 0);
        await foreach (var image in server.Client.ListImagesAsync(dataset, Stage.Scored))
        {
            var detail = await server.Client.GetImageAsync(dataset, image.Id);
            var made = Assert.Single(detail.Prelabels);
            Assert.Equal("model:main/2", made.Source);
            Assert.Equal(detail.Scores!.Confidence, made.Confidence!.Value, 1e-5);
            all++;
            if (SetOf(made.Annotations) == SetOf(DrawnSets.TruthOf(image.Name))) right++;
        }
        Assert.True(2 * right > all && all > 0, $"{right} of {all}");
    }

    /// <summary>F1 on the holdout of whoever always says the most frequent class and nothing else.</summary>
    private static double MostFrequentF1()
    {
        var truths = Enumerable.Range(Pool, Holdout).Select(DrawnSets.TruthOf).ToArray();
        var most = DrawnSets.Classes.Max(c => truths.Count(t => t.Any(a => a.Class == c)));
        return 2.0 * most / (Holdout + truths.Sum(t => t.Length));
    }

    [Fact]
    public async Task A_trainer_that_learns_other_labels_is_refused()
    {
        var name = "t" + Guid.NewGuid().ToString("n")[..12];
        await server.Client.CreateDatasetAsync(new CreateDataset(name, Schema, LearningServer.Small));
        var refused = await Assert.ThrowsAsync<Winnow.Client.WinnowApiException>(() =>
            server.Client.StartRoundAsync(name, new StartRound(5) { Trainer = "logistic-regression" }));
        Assert.Contains("Name one that fits: one-vs-rest.", refused.Message, StringComparison.Ordinal);
        var other = name + "-2";
        await server.Client.CreateDatasetAsync(new CreateDataset(other, LearningServer.Schema, LearningServer.Small));
        refused = await Assert.ThrowsAsync<Winnow.Client.WinnowApiException>(() =>
            server.Client.ChangePoliciesAsync(other, new ChangePolicies { Trainer = "one-vs-rest" }));
        Assert.Contains("Name one that fits: logistic-regression.", refused.Message, StringComparison.Ordinal);
    }
}
