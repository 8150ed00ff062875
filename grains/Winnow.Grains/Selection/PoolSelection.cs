using Winnow.Abstractions.Training;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Selection;
using Winnow.Algorithms.Training;
using Winnow.Grains.Datasets;
using Winnow.Model.Images;

namespace Winnow.Grains.Selection;

/// <summary>An image that a round asks about.</summary>
[GenerateSerializer, Immutable, Alias("winnow.selected")]
internal readonly record struct Selected([property: Id(0)] int Shard, [property: Id(1)] int Ordinal, [property: Id(2)] ImageId Image,
    [property: Id(3)] float Priority);

/// <summary>What a selection rests on beside the pool; each is asked for when a strategy first wants it.</summary>
/// <param name="Labelled">What the arm has labelled so far.</param>
/// <param name="Head">The head that scored the pool; null before there is one.</param>
internal sealed record SelectionSources(Func<CancellationToken, Task<Examples>> Labelled, Func<CancellationToken, Task<IHead?>> Head);

/// <summary>
/// The stage of selection that sees all shards: merges what they bring, and lets the strategy choose, which fetches what else it looks at.
/// Everything is put in an order that depends on ids alone, so a round chooses the same however images arrived.
/// </summary>
internal static class PoolSelection
{
    public static async Task<IReadOnlyList<Selected>> SelectAsync(
        IReadOnlyList<IShardLearning> shards, GatherCandidates request, int classes, SelectionSources sources,
        CancellationToken cancellationToken)
    {
        var strategy = QueryStrategies.All.Get(request.Strategy);
        var selection = new SelectionRequest(request.BatchSize, request.Round, request.Seed, classes);
        var gathered = await shards.AllAsync(s => s.GatherCandidatesAsync(request, cancellationToken));

        var (candidates, evaluation) = MergedPool.Of(gathered, strategy.Plan(selection), request.Seed);
        if (candidates.Length == 0) return [];

        var turns = TaskScheduler.Current;
        ShardPart Part(Located[] images) => new(shards, images, request.Learning, sources.Head, turns);
        var pool = new ShardPool(Part(candidates), Part(evaluation), sources.Labelled, turns);
        var chosen = await Task.Run(() => strategy.SelectAsync(pool, selection, cancellationToken), cancellationToken);
        // The order of choice is the order of asking: the first teaches most.
        return [.. chosen.Select((at, rank) =>
            new Selected(candidates[at].Shard, candidates[at].Candidate.Ordinal, candidates[at].Candidate.Image,
                1f - (float)rank / chosen.Count))];
    }

    private sealed class ShardPool(ShardPart candidates, ShardPart evaluation, Func<CancellationToken, Task<Examples>> labelled,
        TaskScheduler turns)
        : ISelectionPool
    {
        public IPoolPart Candidates => candidates;

        public IPoolPart Evaluation => evaluation;

        public Task<Examples> LabelledAsync(CancellationToken cancellationToken) =>
            Task.Factory.StartNew(() => labelled(cancellationToken), cancellationToken, TaskCreationOptions.DenyChildAttach, turns)
            .Unwrap();
    }
}
