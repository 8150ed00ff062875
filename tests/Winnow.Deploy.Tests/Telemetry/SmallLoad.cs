using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Deploy.Tests.Telemetry;

/// <summary>
/// A small copy of what goes on in a cluster, for as long as somebody looks: images come, some of them bad, people answer and disagree,
/// both arms learn.
/// </summary>
internal sealed class SmallLoad(ObservedSilo silo)
{
    private const string Dataset = "drawn";
    private const int Lot = 200;
    private static readonly DatasetSettings Settings = new()
    {
        Shards = 2,
        AuditSample = 40,
        ProjectionDimensions = 32,
        Backbone = TinyBackbone.Name,
    };

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await silo.Client.CreateDatasetAsync(
                new CreateDataset(Dataset, new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] },
                    Settings), cancellationToken);
            await ImportAsync(DrawnImages.EnumerateAsync(150, 100_000, labelled: true, Partition.Holdout), cancellationToken);
            await ImportAsync(DrawnImages.EnumerateAsync(2 * Lot), cancellationToken);
            await silo.Client.WaitForScoringAsync(Dataset, cancellationToken: cancellationToken);
            await Task.WhenAll(ReviewAsync("ann", 0, cancellationToken), ReviewAsync("bob", 0.2, cancellationToken),
                DisagreeAsync(cancellationToken), LearnAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way it is meant to end.
        }
    }

    private static async IAsyncEnumerable<ImageToImport> WithABadOneAsync(int from)
    {
        await foreach (var image in DrawnImages.EnumerateAsync(Lot, from)) yield return image;
        var noise = BitConverter.GetBytes(from);
        yield return new ImageToImport($"bars/{from}.txt", _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(noise));
    }

    private async Task ImportAsync(IAsyncEnumerable<ImageToImport> images, CancellationToken cancellationToken)
    {
        await foreach (var _ in silo.Client.ImportAsync(Dataset, images, cancellationToken: cancellationToken)) { }
    }

    private async Task ReviewAsync(string actor, double errors, CancellationToken cancellationToken)
    {
        using var client = silo.As(actor);
        await new SimulatedReviewer(client,
            new SimulatedReviewerOptions
            {
                Dataset = Dataset,
                Classes = DrawnImages.Classes,
                Truth = Truth,
                ErrorRate = errors,
                LeaseSize = 5
            }).RunAsync(cancellationToken);
    }

    /// <summary>
    /// Takes a task, is overtaken by a colleague who corrects the image without one, and answers all the same: a second opinion.
    /// </summary>
    private async Task DisagreeAsync(CancellationToken cancellationToken)
    {
        using var slow = silo.As("cat");
        using var quick = silo.As("dan");
        for (var i = 0; ; i++)
        {
            foreach (var task in await slow.LeaseAsync(Dataset, new LeaseRequest(1, 2_000), cancellationToken))
            {
                await quick.SubmitAsync(Dataset, [new SubmitDecision(task.Image, Guid.NewGuid(), Label(Truth(task)), ExpectedVersion: 0)],
                    cancellationToken);
                var opinion = i % 3 == 0 ? DrawnImages.Classes[i % DrawnImages.Classes.Length] : Truth(task);
                await slow.SubmitAsync(Dataset, [new SubmitDecision(task.Image, Guid.NewGuid(), Label(opinion), task.Lease)],
                    cancellationToken);
            }
        }
    }

    private async Task LearnAsync(CancellationToken cancellationToken)
    {
        for (var round = 1; ; round++)
        {
            // Images come while rounds run, but not so many that a small machine does nothing else.
            var importing = ImportAsync(WithABadOneAsync((round + 1) * Lot), cancellationToken);
            foreach (var arm in new[] { Arms.Main, Arms.Control })
                await silo.Client.StartRoundAsync(Dataset, new StartRound(20, arm), cancellationToken: cancellationToken);
            foreach (var arm in new[] { Arms.Main, Arms.Control })
                Assert.Equal(RoundStep.Done,
                    (await silo.Client.WaitForRoundAsync(Dataset, arm, round, cancellationToken: cancellationToken)).Step);
            await importing;
        }
    }

    private static string Truth(ReviewTask task) => task.Name.Split('/')[0];

    private static Decision Label(string name) => new() { Kind = DecisionKind.Label, Annotations = [new ClassTag(name)] };
}
