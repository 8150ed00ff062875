using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Training;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Training;
using Winnow.Grains.Datasets;
using Winnow.Grains.Selection;
using Winnow.Model.Training;

namespace Winnow.Grains.Training;

/// <summary>Chooses the images, and asks people about them. What was chosen is on disk before anybody is asked.</summary>
internal sealed class SelectStep : IRoundStep
{
    public async Task<RoundStep> TakeAsync(RoundWork round, CancellationToken cancellationToken)
    {
        var state = round.State;
        if (await round.Ports.Selections.FindAsync(round.Name, state, cancellationToken) is not { } selection)
        {
            await ChooseAsync(round, cancellationToken);
            selection = state.ToSelection();
            // Written before anybody is asked: after a crash the same images are asked about.
            await round.WriteAsync();
        }
        (state.Strategy, state.ProjectionKey, state.Unscored) = (selection.Strategy, selection.ProjectionKey, selection.Unscored);
        if (state.Selected.Count == 0) state.SelectedCount = selection.Images.Count;
        await AskAsync(round, selection, cancellationToken);
        state.HeardAt = round.Ports.Time.GetUtcNow();
        return RoundStep.Review;
    }

    private static async Task ChooseAsync(RoundWork round, CancellationToken cancellationToken)
    {
        var (state, command) = (round.State, round.State.Command!);
        state.Unscored = await ScoreWait.UntilScoredAsync(round, cancellationToken);
        round.Waiting = null;
        var learning = await round.DatasetGrain.PrepareLearningAsync(cancellationToken);
        // Until the arm has a model of its own there is nothing to be uncertain about, whichever number the round has: one that failed made
        // none.
        // Of labels that nothing is learned from there never is one, and the strategy is one that needs none.
        var whyNot = round.WhyNothingIsLearnt;
        var cold = whyNot is null && await round.DatasetGrain.GetChampionAsync(round.Arm, cancellationToken) is null;
        state.Strategy = cold ? command.ColdStart! : RoundCommand.ByDefault(command.Strategy!, whyNot);
        var request = new GatherCandidates(round.Arm, state.Strategy, command.BatchSize, round.Number, round.Seed, learning);
        var classes = round.Dataset.Schema.Classes.Count;
        var sources = new SelectionSources(ct => LabelledAsync(round, ct), ct => HeadAsync(round, learning, ct));
        var selected = await round.OnShardsAsync(
            shards => PoolSelection.SelectAsync(shards, request, classes, sources, cancellationToken), cancellationToken);
        if (selected.Count == 0)
            throw new RefusedException($"Arm '{round.Arm}' has no image left to ask about. Import more images, or end the learning here.");
        state.Selected = [.. selected.Select(s => new SelectedRecord(s.Shard, s.Ordinal, s.Image, s.Priority))];
        state.ProjectionKey = learning.ProjectionKey;
    }

    private static async Task<Examples> LabelledAsync(RoundWork round, CancellationToken cancellationToken) =>
        (await RoundLabels.ReadAsync(round, round.Arm, round.Number - 1, cancellationToken)).ToExamples(round.Dataset.Schema);

    private static async Task<IHead?> HeadAsync(RoundWork round, LearningState learning, CancellationToken cancellationToken) =>
        learning.HeadKey is { } key ? await round.Ports.Parts.HeadAsync(key, cancellationToken) : null;

    private static async Task AskAsync(RoundWork round, RoundSelection selection, CancellationToken cancellationToken)
    {
        var drawn = await round.DatasetGrain.GetLearningAsync(cancellationToken);
        await round.Ports.Datasets.OnShardsAsync(round.Dataset.Name, async layout =>
        {
            // By image: since they were selected, others may have taken over from the shards that held them.
            var selected = selection.Images.GroupBy(s => layout.ShardOf(s.Image)).ToArray();
            await selected.AllAsync(g => round.Grains.GetGrain<IShardLearning>(GrainKeys.Shard(round.Dataset.Name, g.Key)).EnqueueAsync(
                new EnqueueTasks(round.Arm, round.Number, [.. g.Select(s => s.Ordinal)], [.. g.Select(s => s.Priority)],
                    [.. g.Select(s => s.Image)]),
                cancellationToken));
            await layout.Grains<IShardLearning>(round.Grains, round.Dataset.Name)
                .AllAsync(s => AskAuditAsync(round, s, drawn, cancellationToken));
            return true;
        }, cancellationToken);
    }

    /// <summary>The audit sample is asked about before anything else: every figure of the round rests on it.</summary>
    private static async Task AskAuditAsync(RoundWork round, IShardLearning shard, LearningState learning,
        CancellationToken cancellationToken)
    {
        var unasked = await shard.GetUnaskedAuditAsync(learning, cancellationToken);
        if (unasked.Length == 0) return;
        var priorities = new float[unasked.Length];
        Array.Fill(priorities, 2f);
        await shard.EnqueueAsync(new EnqueueTasks(Arms.Audit, round.Number, unasked, priorities), cancellationToken);
    }
}
