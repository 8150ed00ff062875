using System.Security.Cryptography;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Training;
using Winnow.Algorithms.Scoring;
using Winnow.Grains.Columns;
using Winnow.Grains.Ports;
using Winnow.Grains.Telemetry;
using Winnow.Model.Images;
using Winnow.Model.Training;

namespace Winnow.Grains.Datasets;

/// <summary>What a dataset needs once before its first round, the audit sample and the projection; and how its rounds went.</summary>
internal sealed partial class DatasetGrain
{
    /// <summary>Embeddings that the projection is fitted on, at most: the eigenvectors of 992 dimensions no longer move beyond.</summary>
    private const int ProjectionSample = 20_000;

    /// <summary>Fewer embeddings than this say too little of the pool.</summary>
    internal const int SmallestPool = 20;

    private Task? _preparation;

    public async Task<LearningState> PrepareLearningAsync(CancellationToken cancellationToken)
    {
        if (state.State.Learning is { ProjectionKey: null } || MayDrawAudit)
        {
            // Up to minutes in a large pool, so the turn is not held meanwhile. All arms that ask wait for one preparation, and its end
            // does not depend on who of them still listens.
            if (_preparation is not { IsCompleted: false }) _preparation = PrepareAsync(_ends.Token);
            await _preparation.WaitAsync(cancellationToken);
        }
        var now = Learning;
        await TellAsync(now, cancellationToken);
        return now;
    }

    /// <summary>What shards work by.</summary>
    private LearningState Learning
    {
        get
        {
            var learning = state.State.ToLearning();
            if (_dataset.Schema.Version is { } version)
                learning = learning with { Schema = new SchemaMark(version, _dataset.Schema.LearnedSince ?? 1) };
            var policies = _records.Policies[^1];
            return level.KeepsTiers ? learning with { Standing = new StandingPolicy(policies.Version, policies.AskBelow) } : learning;
        }
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (state.State.Learning.ProjectionKey is null)
        {
            var backbone = ServingBackbone;
            var key = await FitProjectionAsync(backbone, cancellationToken);
            await LearnAsync(learning =>
            {
                // Another one may have come to serve meanwhile, whose vectors it does not fit.
                if (ServingBackbone == backbone) learning.ProjectionKey ??= key;
            }, cancellationToken);
        }
        if (MayDrawAudit)
        {
            var (threshold, images) = await DrawAuditAsync(cancellationToken);
            await LearnAsync(
                learning => (learning.AuditThreshold, learning.AuditImages, learning.AuditDrawn) = (threshold, images, true),
                cancellationToken);
        }
    }

    /// <summary>
    /// Whether an audit sample is to be drawn: where none was, or none could be as nothing was learnt from sets of classes by then. Images
    /// that were chosen before belong to it as chance has it.
    /// </summary>
    private bool MayDrawAudit => !state.State.Learning.AuditDrawn
        || (_dataset.Schema.IsTags && level.LearnsSets && state.State.Learning.AuditThreshold == 0 && _dataset.Settings.AuditSample > 0);

    private Task LearnAsync(Action<LearningStateRecord> change, CancellationToken cancellationToken) => InTurnAsync(async () =>
    {
        // As it stands now: a round may have been settled while this was being prepared.
        change(state.State.Learning);
        state.State.Learning.Sequence++;
        await WriteAsync();
        return true;
    }, cancellationToken);

    private async Task<string> FitProjectionAsync(string backbone, CancellationToken cancellationToken)
    {
        var samples = await datasets.OnShardsAsync(_dataset.Name, shards =>
        {
            var share = (ProjectionSample + shards.Count - 1) / shards.Count;
            return shards.Grains<IShardLearning>(GrainFactory, _dataset.Name)
                .AllAsync(s => s.SampleEmbeddingsAsync(share, backbone, cancellationToken));
        }, cancellationToken);
        var dimensions = samples.Max(s => s.Dimensions);
        var rows = dimensions == 0 ? 0 : samples.Sum(s => s.Values.Length) / (dimensions * sizeof(ushort));
        if (rows < SmallestPool)
            throw new RefusedException(
                $"A round needs at least {SmallestPool} scored images; dataset '{_dataset.Name}' has {rows}. Import more.");
        var (bytes, fitted) = await Task.Run(() =>
        {
            var values = samples.SelectMany(s => s.ToMatrix().Values).ToArray();
            var projection = Projection.Fit(values, dimensions, _dataset.Settings.ProjectionDimensions, cancellationToken);
            return (projection.ToBytes(), projection);
        }, cancellationToken);
        var key = ObjectKeys.Projection(_dataset.Name, Convert.ToHexStringLower(SHA256.HashData(bytes)));
        await objects.PutAsync(key, bytes, cancellationToken);
        logger.ProjectionFitted(_dataset.Name, rows, fitted.Dimensions, fitted.ExplainedVarianceRatio);
        return key;
    }

    /// <summary>
    /// The audit sample is the images with the smallest hashes: uniformly random, drawn before anything is selected, and by one threshold
    /// that later images are held against too.
    /// </summary>
    private async Task<(ulong Threshold, int Images)> DrawAuditAsync(CancellationToken cancellationToken)
    {
        var wanted = _dataset.Settings.AuditSample;
        // It measures models, and where none is trained nobody is asked for nothing.
        if (wanted == 0 || Learnable.WhyNot(_dataset.Schema, level.LearnsSets) is not null) return (0, 0);
        var smallest = await OnShardsAsync((IShardLearning s) => s.GetSmallestAuditHashesAsync(wanted, cancellationToken),
            cancellationToken);
        var hashes = smallest.SelectMany(h => h).Order().ToArray();
        // A small pool keeps most of its images for training.
        var summaries = await OnShardsAsync((IShardIngest s) => s.GetSummaryAsync(cancellationToken), cancellationToken);
        var pool = summaries.Sum(s => s.Images - s.Holdout - s.Stages[(int)Stage.Quarantined]);
        var drawn = (int)Math.Min(Math.Min(wanted, pool / 5), hashes.Length);
        return drawn == 0 ? (0, 0) : (hashes[drawn - 1], drawn);
    }

    public async Task<LearningCurveInfo[]> GetCurvesAsync(CancellationToken cancellationToken)
    {
        // Asked of the rounds themselves: one that has ended tells the dataset so a moment later.
        var rounds = _records.Rounds.ToArray();
        var told = await GetRoundsAsync(rounds, cancellationToken);
        return
        [
            // One that failed after its training may have a model, and nothing that was measured of it.
            .. rounds.Zip(told).Where(r => r.Second is { Model: not null, Step: RoundStep.Done })
                .GroupBy(r => r.First.Arm)
                .Select(g => new LearningCurveInfo(g.Key, g.Last().First.Command.Strategy!, [.. g.Select(r => PointOf(r.Second))])),
        ];
    }

    private static CurvePoint PointOf(RoundInfo round) =>
        new(round.Number, round.Labels, round.Model!.Metrics.AuditAccuracy, round.Model.Metrics.HoldoutAccuracy, round.Promoted == true);
}
