using Winnow.Abstractions.Training;
using Winnow.Algorithms.Scoring;
using Winnow.Algorithms.Selection;
using Winnow.Grains.Columns;
using Winnow.Model.Images;

namespace Winnow.Grains.Selection;

/// <summary>
/// The stage of selection that runs on each shard: the strategy's keys over all eligible images, the best and the uniform ones kept.
/// </summary>
internal static class LocalSelection
{
    // Each kind of draw hashes ids under its own stream, or the uniform samples would be the same images.
    private const ulong CandidateStream = 0x5E1E_C700_0000_0001;
    private const ulong EvaluationStream = 0x5E1E_C700_0000_0002;

    /// <summary>
    /// Images whose keys are computed together. Nothing grows with the pool but the list of who may be chosen: ten million images would
    /// otherwise leave gigabytes to the collector.
    /// </summary>
    private const int Block = 2_048;

    /// <param name="request">What is asked for.</param>
    /// <param name="classes">Classes of the label schema.</param>
    /// <param name="shards">Shards that the pool is spread over.</param>
    /// <param name="eligible">Ordinals that may be chosen.</param>
    /// <param name="ids">The images of all ordinals.</param>
    /// <param name="scores">The column of scores; null before there is a model.</param>
    public static GatheredCandidates Gather(GatherCandidates request, int classes, int shards, IReadOnlyList<int> eligible,
        ReadOnlyMemory<ImageId> ids, SegmentColumn? scores)
    {
        var strategy = QueryStrategies.All.Get(request.Strategy);
        if (strategy.NeedsModel && scores is null)
            throw new InvalidOperationException($"Strategy '{strategy.Name}' needs a model's scores, and the pool has none yet.");
        var selection = new SelectionRequest(request.BatchSize, request.Round, request.Seed, classes);
        var plan = strategy.Plan(selection);
        // No shard knows which of its best stand in the uniform part of the whole pool: it brings its share of that part, keys and all.
        var top = new SmallestFew<(float, ulong)>(plan.TopAmong > 0 ? 0 : plan.Top);
        var uniform = new SmallestFew<ulong>(UniformShare(plan.Uniform, shards));
        var evaluation = new SmallestFew<ulong>(UniformShare(plan.UniformEvaluation, shards));
        var noise = new ulong[Block];
        var keys = new float[Block];
        var rows = strategy.NeedsModel ? new ImageScore[Block] : [];
        for (var from = 0; from < eligible.Count; from += Block)
        {
            var count = Math.Min(Block, eligible.Count - from);
            for (var i = 0; i < count; i++) noise[i] = HashOf(ids.Span[eligible[from + i]], request.Seed);
            for (var i = 0; i < count && rows.Length > 0; i++) rows[i] = scores!.Row<ImageScore>(eligible[from + i])[0];
            strategy.Keys(rows.AsSpan(0, Math.Min(count, rows.Length)), noise.AsSpan(0, count), selection, keys.AsSpan(0, count));
            for (var i = 0; i < count; i++)
            {
                var candidate = new Candidate(eligible[from + i], ids.Span[eligible[from + i]], keys[i], noise[i]);
                if (top.Takes((-keys[i], noise[i]))) top.Add(candidate, (-keys[i], noise[i]));
                Draw(uniform, candidate, request.Seed ^ CandidateStream);
                Draw(evaluation, candidate, request.Seed ^ EvaluationStream);
            }
        }
        return new GatheredCandidates(eligible.Count, top.TakeAll(), uniform.TakeAll(), evaluation.TakeAll());
    }

    private static void Draw(SmallestFew<ulong> kept, in Candidate candidate, ulong seed)
    {
        if (!kept.Wanted) return;
        var hash = HashOf(candidate.Image, seed);
        if (kept.Takes(hash)) kept.Add(candidate, hash);
    }

    /// <summary>
    /// As many of a uniform draw as one of several shards brings: its even share, and eight standard deviations more. Ids are hashes and
    /// spread evenly, so one in 10¹⁵ shards would have had more to bring, and then <see cref="MergedPool"/> draws fewer. If each brought
    /// what the draw might at worst want of it, a draw of 120,000 from ten million images would move seven million of them.
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
}
