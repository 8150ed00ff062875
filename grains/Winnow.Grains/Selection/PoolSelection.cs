using Winnow.Abstractions.Training;
using Winnow.Algorithms.Selection;
using Winnow.Grains.Datasets;
using Winnow.Grains.Evaluation;
using Winnow.Model.Images;

namespace Winnow.Grains.Selection;

/// <summary>An image that a round asks about.</summary>
[GenerateSerializer, Immutable, Alias("winnow.selected")]
internal readonly record struct Selected([property: Id(0)] int Shard, [property: Id(1)] int Ordinal, [property: Id(2)] ImageId Image, [property: Id(3)] float Priority);

/// <summary>
/// The stage of selection that sees all shards: merges what they bring, fetches the projections of those that can still be chosen, and
/// lets the strategy choose. Everything is put in an order that depends on ids alone, so a round chooses the same however images arrived.
/// </summary>
internal static class PoolSelection
{
    public static async Task<IReadOnlyList<Selected>> SelectAsync(
        IReadOnlyList<IShardLearning> shards, GatherCandidates request, int classes, Func<Task<float[]>> labelledVectors, CancellationToken cancellationToken)
    {
        var strategy = QueryStrategies.Get(request.Strategy);
        var selection = new SelectionRequest(request.BatchSize, request.Round, request.Seed, classes);
        var plan = strategy.Plan(selection);
        var gathered = await shards.AllAsync(s => s.GatherCandidatesAsync(request, cancellationToken));

        var (candidates, evaluation) = MergedPool.Of(gathered, plan, request.Seed);
        if (candidates.Length == 0) return [];

        float[] candidateVectors = [], evaluationVectors = [];
        if (plan.NeedsVectors)
        {
            candidateVectors = await FetchAsync(shards, candidates, request.Learning, cancellationToken);
            evaluationVectors = await FetchAsync(shards, evaluation, request.Learning, cancellationToken);
        }
        var pool = new SelectionPool
        {
            Dimensions = plan.NeedsVectors ? candidateVectors.Length / candidates.Length : 0,
            CandidateCount = candidates.Length,
            CandidateKeys = candidates.Select(c => c.Candidate.Key).ToArray(),
            CandidateNoise = candidates.Select(c => c.Candidate.Noise).ToArray(),
            CandidateVectors = candidateVectors,
            EvaluationKeys = evaluation.Select(c => c.Candidate.Key).ToArray(),
            EvaluationVectors = evaluationVectors,
            LabelledVectors = plan.NeedsLabelledVectors ? await labelledVectors() : [],
        };
        var chosen = await Task.Run(() => strategy.Select(pool, selection, cancellationToken), cancellationToken);
        // The order of choice is the order of asking: the first teaches most.
        return [.. chosen.Select((at, rank) => new Selected(candidates[at].Shard, candidates[at].Candidate.Ordinal, candidates[at].Candidate.Image, 1f - (float)rank / chosen.Count))];
    }

    private static async Task<float[]> FetchAsync(
        IReadOnlyList<IShardLearning> shards, Located[] wanted, LearningState? learning, CancellationToken cancellationToken)
    {
        if (wanted.Length == 0) return [];
        var byShard = Enumerable.Range(0, wanted.Length).GroupBy(i => wanted[i].Shard).ToArray();
        var parts = await Task.WhenAll(byShard.Select(g =>
            shards[g.Key].GetVectorsAsync([.. g.Select(i => wanted[i].Candidate.Ordinal)], learning, cancellationToken)));
        var dimensions = parts.Max(p => p.Dimensions);
        var values = new float[wanted.Length * dimensions];
        for (var p = 0; p < parts.Length; p++)
        {
            var rows = HeadEvaluation.ToSingles(parts[p]);
            var row = 0;
            foreach (var i in byShard[p]) rows.AsSpan(row++ * dimensions, dimensions).CopyTo(values.AsSpan(i * dimensions));
        }
        return values;
    }
}
