using System.Globalization;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Review;
using Winnow.Abstractions.Training;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Training;
using Winnow.Grains.Datasets;
using Winnow.Grains.Selection;
using Winnow.Grains.Telemetry;
using Winnow.Model.Training;

namespace Winnow.Grains.Training;

/// <summary>The part of a round that waits for others: for scores, then for people. It waits for neither without saying so, nor for ever.</summary>
internal sealed partial class RoundGrain
{
    private DateTimeOffset _heardWrittenAt;

    private TimeSpan AnswerWithin => state.State.Command!.AnswerWithin ?? _dataset.Settings.AnswerWithin;

    private async Task SelectAsync(CancellationToken cancellationToken)
    {
        if (state.State.Selected.Count == 0)
        {
            state.State.Unscored = await ScoredAsync(cancellationToken);
            _waiting = null;
            var learning = await Dataset.PrepareLearningAsync(cancellationToken);
            // Until the arm has a model of its own there is nothing to be uncertain about, whichever number the round has: one that failed made none.
            var cold = await Dataset.GetChampionAsync(_arm, cancellationToken) is null;
            var strategy = cold ? state.State.Command!.ColdStart! : state.State.Command!.Strategy!;
            var request = new GatherCandidates(_arm, strategy, state.State.Command.BatchSize, _number, Seed, learning);
            var sources = new SelectionSources(ct => ExamplesAsync(_number - 1, ct), ct => ScoringHeadAsync(learning, ct));
            var selected = await OnShardsAsync(
                shards => PoolSelection.SelectAsync(shards, request, _dataset.Schema.Classes.Count, sources, cancellationToken), cancellationToken);
            if (selected.Count == 0) throw new RefusedException($"Arm '{_arm}' has no image left to ask about. Import more images, or end the learning here.");
            state.State.Strategy = strategy;
            state.State.Selected = [.. selected.Select(s => new SelectedRecord(s.Shard, s.Ordinal, s.Image, s.Priority))];
            state.State.ProjectionKey = learning.ProjectionKey;
            // Written before anybody is asked: after a crash the same images are asked about.
            await state.WriteStateAsync(CancellationToken.None);
        }
        var drawn = await Dataset.GetLearningAsync(cancellationToken);
        await datasets.OnShardsAsync(_dataset.Name, async layout =>
        {
            // By image: since they were selected, others may have taken over from the shards that held them.
            var selected = state.State.Selected.GroupBy(s => layout.ShardOf(s.Image)).ToArray();
            await selected.AllAsync(g => GrainFactory.GetGrain<IShardLearning>(GrainKeys.Shard(_dataset.Name, g.Key)).EnqueueAsync(
                new EnqueueTasks(_arm, _number, [.. g.Select(s => s.Ordinal)], [.. g.Select(s => s.Priority)], [.. g.Select(s => s.Image)]),
                cancellationToken));
            await layout.Grains<IShardLearning>(GrainFactory, _dataset.Name).AllAsync(s => AskAuditAsync(s, drawn, cancellationToken));
            return true;
        }, cancellationToken);
        state.State.HeardAt = time.GetUtcNow();
        await NextAsync(RoundStep.Review);
    }

    private async Task<Examples> ExamplesAsync(int throughRound, CancellationToken cancellationToken)
    {
        var labelled = await LabelledAsync(_arm, throughRound, cancellationToken);
        return new Examples(labelled.Vectors, labelled.Dimensions, Targets.Of(labelled.Labels, _dataset.Schema.Classes.Count));
    }

    private async Task<IHead?> ScoringHeadAsync(LearningState learning, CancellationToken cancellationToken) =>
        learning.HeadKey is { } key ? await parts.HeadAsync(key, cancellationToken) : null;

    /// <summary>
    /// Returns when the images have scores that were there when it was called, and says how many have none. Where scoring stands still, a
    /// dataset that has begun to learn goes on with what it has; what the first round draws and fits once needs all of them.
    /// </summary>
    private async Task<long> ScoredAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset? unknownSince = null;
        for (var wanted = -1L; ; await _wake.WaitAsync(Poll, cancellationToken))
        {
            var shards = await datasets.OnShardsAsync(_dataset.Name, layout =>
                layout.Grains<IShardIngest>(GrainFactory, _dataset.Name).AllAsync(s => s.GetSummaryAsync(cancellationToken)), cancellationToken);
            var images = shards.Sum(s => s.Images);
            var scored = images - shards.Sum(s => s.ScoringBacklog);
            // More are on their way where those that were there would not be enough.
            if (wanted < 0 || (scored >= wanted && scored < DatasetGrain.SmallestPool)) wanted = images;
            if (scored >= wanted) return 0;
            var stalled = shards.Select(s => s.StalledReason).FirstOrDefault(r => r is not null);
            if (stalled is not null && (await Dataset.GetLearningAsync(cancellationToken)).ProjectionKey is not null) return wanted - scored;
            var serving = (await Dataset.GetLearningAsync(cancellationToken)).Backbone ?? _dataset.Settings.Backbone;
            var unknown = devices.Unknown(serving);
            unknownSince = unknown is null ? null : unknownSince ?? time.GetUtcNow();
            // Silos that know it may be starting again, and then it is not for long.
            if (time.GetUtcNow() - unknownSince >= BackboneMayCome)
                throw new RefusedException($"{scored} of {images} images have scores, and the others will have none. {unknown}");
            _waiting = string.Create(
                CultureInfo.InvariantCulture, $"It waits for scores: {scored} of {wanted} images have theirs.{(stalled is null ? "" : $" Scoring stands still: {stalled}")}");
        }
    }

    /// <summary>The audit sample is asked about before anything else: every figure of the round rests on it.</summary>
    private async Task AskAuditAsync(IShardLearning shard, LearningState learning, CancellationToken cancellationToken)
    {
        var unasked = await shard.GetUnaskedAuditAsync(learning, cancellationToken);
        if (unasked.Length == 0) return;
        var priorities = new float[unasked.Length];
        Array.Fill(priorities, 2f);
        await shard.EnqueueAsync(new EnqueueTasks(Arms.Audit, _number, unasked, priorities), cancellationToken);
    }

    private async Task ReviewAsync(CancellationToken cancellationToken)
    {
        var progress = await ProgressAsync(cancellationToken);
        for (; !await IsOverAsync(progress, cancellationToken); progress = await ProgressAsync(cancellationToken))
        {
            _waiting = null;
            await HearAsync(progress);
            await _wake.WaitAsync(Poll, cancellationToken);
        }
        if (progress.Own.Unanswered > 0)
        {
            await WithdrawAsync(cancellationToken);
            progress = await ProgressAsync(cancellationToken);
        }
        logger.RoundAsked(Name, progress.Own.Labelled, progress.Own.Rejected, progress.Own.Skipped, progress.Own.Withdrawn, progress.Own.Unanswered);
        await NextAsync(RoundStep.Train);
    }

    private async Task<ReviewProgress> ProgressAsync(CancellationToken cancellationToken)
    {
        var shards = await OnShardsAsync(s => s.AllAsync(shard => shard.GetProgressAsync(_arm, _number, cancellationToken)), cancellationToken);
        var progress = ReviewProgress.Of(shards, state.State.Selected.Count);
        (state.State.Outcomes, state.State.AuditOutcomes, state.State.Decided) = (progress.Own, progress.Audit, progress.Decided);
        state.State.AuditOpen = shards.Sum(p => p.AuditAsked - p.AuditDecided);
        return progress;
    }

    /// <summary>
    /// Whether to go on: everything was decided, everybody at work has said of the rest that they cannot tell, nobody has said anything for
    /// as long as was set, or somebody ended it.
    /// </summary>
    private async Task<bool> IsOverAsync(ReviewProgress progress, CancellationToken cancellationToken)
    {
        if (progress.AllDecided || state.State.EndedBy is not null) return true;
        if (progress.Heard == state.State.Heard && state.State.HeardAt is { } heardAt && time.GetUtcNow() - heardAt >= AnswerWithin) return true;
        return progress.OnlySkippedLeft && progress.SkippedByAll(await AtWorkAsync(cancellationToken));
    }

    /// <summary>Who is at work. A queue that cannot say, because it moves or is of an older release, is asked again soon enough.</summary>
    private async Task<string[]> AtWorkAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await GrainFactory.GetGrain<IQueueGrain>(_dataset.Name).GetAtWorkAsync(cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            logger.QueueSilent(e, Name);
            return [];
        }
    }

    /// <summary>Remembers when people last said something. The state holds all that was selected, so it is written seldom: a restart forgets a tenth of the wait at most.</summary>
    private async Task HearAsync(ReviewProgress progress)
    {
        if (progress.Heard == state.State.Heard && state.State.HeardAt is not null) return;
        var now = time.GetUtcNow();
        (state.State.Heard, state.State.HeardAt) = (progress.Heard, now);
        if (now - _heardWrittenAt < AnswerWithin / 10) return;
        _heardWrittenAt = now;
        await state.WriteStateAsync(CancellationToken.None);
    }

    private Task WithdrawAsync(CancellationToken cancellationToken) => OnShardsAsync(async shards =>
    {
        await shards.AllAsync(s => s.WithdrawAsync(_arm, _number, cancellationToken));
        return true;
    }, cancellationToken);
}
