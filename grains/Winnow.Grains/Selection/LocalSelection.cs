using Winnow.Abstractions.Training;
using Winnow.Algorithms.Scoring;
using Winnow.Algorithms.Selection;
using Winnow.Grains.Scoring;
using Winnow.Model.Images;

namespace Winnow.Grains.Selection;

/// <summary>The stage of selection that runs on each shard: the strategy's keys over all eligible images, the best and the uniform ones kept.</summary>
internal static class LocalSelection
{
    // Each kind of draw hashes ids under its own stream, or the uniform samples would be the same images.
    private const ulong CandidateStream = 0x5E1E_C700_0000_0001;
    private const ulong EvaluationStream = 0x5E1E_C700_0000_0002;

    /// <param name="request">What is asked for.</param>
    /// <param name="classes">Classes of the label schema.</param>
    /// <param name="shards">Shards that the pool is spread over.</param>
    /// <param name="eligible">Ordinals that may be chosen.</param>
    /// <param name="ids">Their images.</param>
    /// <param name="scores">The column of scores; null before there is a model.</param>
    public static GatheredCandidates Gather(GatherCandidates request, int classes, int shards, IReadOnlyList<int> eligible, ReadOnlySpan<ImageId> ids, SegmentColumn? scores)
    {
        var strategy = QueryStrategies.Get(request.Strategy);
        var selection = new SelectionRequest(request.BatchSize, request.Round, request.Seed, classes);
        var plan = strategy.Plan(selection);
        var count = eligible.Count;
        var noise = Hash(ids, request.Seed);
        var keys = new float[count];
        strategy.Keys(ScoresOf(strategy, eligible, scores), noise, selection, keys);
        var all = new Candidate[count];
        for (var i = 0; i < count; i++) all[i] = new Candidate(eligible[i], ids[i], keys[i], noise[i]);
        return new GatheredCandidates(
            count,
            // No shard knows which of its best stand in the uniform part of the whole pool: it brings its share of that part, keys and all.
            plan.TopAmong > 0 ? [] : Smallest(all, plan.Top, i => (-keys[i], noise[i])),
            plan.Uniform == 0 ? [] : SmallestHashes(all, ids, UniformShare(plan.Uniform, shards), request.Seed ^ CandidateStream),
            plan.UniformEvaluation == 0 ? [] : SmallestHashes(all, ids, UniformShare(plan.UniformEvaluation, shards), request.Seed ^ EvaluationStream));
    }

    /// <summary>
    /// As many of a uniform draw as one of several shards brings: its even share, and eight standard deviations more. Ids are hashes and spread evenly, so one in 10¹⁵ shards
    /// would have had more to bring, and then <see cref="MergedPool"/> draws fewer. If each brought what the draw might at worst want of it, a draw of 120,000 from ten million
    /// images would move seven million of them.
    /// </summary>
    public static int UniformShare(int wanted, int shards)
    {
        const int ForSmallDraws = 64;
        var share = (double)wanted / shards;
        return shards == 1 ? wanted : Math.Min(wanted, (int)(share + 8 * Math.Sqrt(share)) + ForSmallDraws);
    }

    /// <summary>The stream under which the uniform candidates of all shards are merged.</summary>
    public static ulong CandidateSeed(ulong seed) => seed ^ CandidateStream;

    /// <summary>The stream under which the uniform evaluation points of all shards are merged.</summary>
    public static ulong EvaluationSeed(ulong seed) => seed ^ EvaluationStream;

    public static ulong HashOf(ImageId id, ulong seed)
    {
        Span<byte> bytes = stackalloc byte[ImageId.Size];
        id.CopyTo(bytes);
        return Algorithms.Numerics.StableHash.Of(bytes, seed);
    }

    /// <summary>The <paramref name="count"/> candidates with the smallest order, smallest first.</summary>
    public static Candidate[] Smallest<TOrder>(IReadOnlyList<Candidate> candidates, int count, Func<int, TOrder> orderOf) where TOrder : IComparable<TOrder>
    {
        if (count <= 0) return [];
        var kept = new PriorityQueue<int, TOrder>(Comparer<TOrder>.Create(static (a, b) => b.CompareTo(a)));
        for (var i = 0; i < candidates.Count; i++)
        {
            if (kept.Count < count) kept.Enqueue(i, orderOf(i));
            else kept.EnqueueDequeue(i, orderOf(i));
        }
        var result = new Candidate[kept.Count];
        for (var i = result.Length - 1; i >= 0; i--) result[i] = candidates[kept.Dequeue()];
        return result;
    }

    private static Candidate[] SmallestHashes(Candidate[] all, ReadOnlySpan<ImageId> ids, int count, ulong seed)
    {
        var hashes = Hash(ids, seed);
        return Smallest(all, count, i => hashes[i]);
    }

    private static ulong[] Hash(ReadOnlySpan<ImageId> ids, ulong seed)
    {
        var hashes = new ulong[ids.Length];
        for (var i = 0; i < hashes.Length; i++) hashes[i] = HashOf(ids[i], seed);
        return hashes;
    }

    private static ImageScore[] ScoresOf(IQueryStrategy strategy, IReadOnlyList<int> eligible, SegmentColumn? scores)
    {
        if (!strategy.NeedsModel) return [];
        if (scores is null) throw new InvalidOperationException($"Strategy '{strategy.Name}' needs a model's scores, and the pool has none yet.");
        var rows = new ImageScore[eligible.Count];
        for (var i = 0; i < rows.Length; i++) rows[i] = scores.Row<ImageScore>(eligible[i])[0];
        return rows;
    }
}
