using System.Buffers;
using System.Runtime.InteropServices;
using Winnow.Abstractions.Training;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Scoring;
using Winnow.Algorithms.Selection;
using Winnow.Grains.Columns;
using Winnow.Grains.Selection;
using Winnow.Model.Images;

namespace Winnow.Cluster.Tests.Selection;

/// <summary>What shards bring, merged, must be what a naive twin finds that sorts the whole pool.</summary>
public sealed class MergedPoolTests
{
    // Larger than the part among which herding looks for the most uncertain.
    private const int Images = 30_000;
    private const ulong Seed = 42;

    [Theory]
    [InlineData("herding", 1)]
    [InlineData("herding", 7)]
    [InlineData("herding", 64)]
    [InlineData("margin", 7)]
    [InlineData("k-means", 7)]
    public void Any_number_of_shards_brings_what_the_whole_pool_holds(string name, int shards)
    {
        var pool = Draw();
        var request = new GatherCandidates("main", name, 50, 2, Seed);
        var plan = QueryStrategies.All.Get(name).Plan(new SelectionRequest(50, 2, Seed, 10));
        var gathered = pool.GroupBy(i => i.Id.A % (ulong)shards).Select(g => Gather([.. g], request, shards)).ToArray();
        var merged = MergedPool.Of(gathered, plan, Seed);
        Assert.Equal(Candidates(pool, QueryStrategies.All.Get(name).NeedsModel, plan), merged.Candidates.Select(c => c.Candidate.Image));
        Assert.Equal(Uniform(pool, LocalSelection.EvaluationSeed(Seed), plan.UniformEvaluation),
            merged.Evaluation.Select(c => c.Candidate.Image));
    }

    [Theory]
    [InlineData("random")]
    [InlineData("power-margin")]
    public void Keys_with_noise_merge_as_well(string name)
    {
        var pool = Draw();
        var request = new GatherCandidates("main", name, 50, 2, Seed);
        var plan = QueryStrategies.All.Get(name).Plan(new SelectionRequest(50, 2, Seed, 10));
        var whole = MergedPool.Of([Gather(pool, request)], plan, Seed);
        var merged = MergedPool.Of([.. pool.GroupBy(i => i.Id.A % 7).Select(g => Gather([.. g], request, 7))], plan, Seed);
        Assert.Equal(whole.Candidates.Select(c => c.Candidate.Image), merged.Candidates.Select(c => c.Candidate.Image));
        Assert.Equal(50, merged.Candidates.Length);
    }

    [Fact]
    public void A_pool_that_lies_unevenly_is_drawn_from_no_less_uniformly()
    {
        // All but a few in one of 64 shards, which brings what would be an even share: the draw ends where its images are no longer known.
        var pool = Draw();
        var request = new GatherCandidates("main", "herding", 50, 2, Seed);
        var plan = QueryStrategies.All.Get("herding").Plan(new SelectionRequest(50, 2, Seed, 10));
        var merged = MergedPool.Of([Gather(pool[..^500], request, 64), Gather(pool[^500..], request, 64)], plan, Seed);
        Assert.InRange(merged.Evaluation.Length, LocalSelection.UniformShare(plan.UniformEvaluation, 64), plan.UniformEvaluation - 1);
        Assert.Equal(Uniform(pool, LocalSelection.EvaluationSeed(Seed), merged.Evaluation.Length),
            merged.Evaluation.Select(c => c.Candidate.Image));
    }

    [Fact]
    public void The_most_uncertain_of_a_part_are_not_those_of_the_pool()
    {
        var pool = Draw();
        var plan = QueryStrategies.All.Get("herding").Plan(new SelectionRequest(50, 2, Seed, 10));
        var most = Uncertain(pool).Take(plan.Top).ToHashSet();
        var shared = MergedPool.Of([Gather(pool, new GatherCandidates("main", "herding", 50, 2, Seed))], plan, Seed)
            .Candidates.Take(plan.Top).Count(c => most.Contains(c.Candidate.Image));
        // 12,000 of 30,000: two of five, by chance.
        Assert.InRange(shared, plan.Top * 3 / 10, plan.Top / 2);
    }

    private static List<ImageId> Candidates(Drawn[] pool, bool byMargin, SelectionPlan plan)
    {
        var part = plan.TopAmong > 0
            ? Uniform(pool, LocalSelection.CandidateSeed(Seed), plan.TopAmong).ToHashSet() : [.. pool.Select(i => i.Id)];
        IEnumerable<ImageId> top = byMargin ? Uncertain(pool).Where(part.Contains).Take(plan.Top) : [];
        return [.. top.Concat(Uniform(pool, LocalSelection.CandidateSeed(Seed), plan.UniformCandidates)).Distinct()];
    }

    private static IEnumerable<ImageId> Uncertain(Drawn[] pool) =>
        pool.OrderByDescending(i => i.Score.Margin).ThenBy(i => LocalSelection.HashOf(i.Id, Seed)).Select(i => i.Id);

    private static IEnumerable<ImageId> Uniform(Drawn[] pool, ulong stream, int count) =>
        pool.Select(i => i.Id).OrderBy(id => LocalSelection.HashOf(id, stream)).Take(count);

    private static Drawn[] Draw()
    {
        var random = new SeededRandom(5);
        return [.. Enumerable.Range(0, Images).Select(_ => new Drawn(
            new ImageId(random.NextUInt64(), random.NextUInt64(), random.NextUInt64(), random.NextUInt64()),
            // Coarse, so that many are equal and the hashes decide.
            new ImageScore(0, random.Next(500) / 500f, 0, 0, 0, 1)))];
    }

    private static GatheredCandidates Gather(Drawn[] images, GatherCandidates request, int shards = 1)
    {
        var scores = new SegmentColumn(Marshal.SizeOf<ImageScore>()).With("key", new Segment([.. images.Select(i => i.Score)]));
        return LocalSelection.Gather(request, 10, shards, [.. Enumerable.Range(0, images.Length)], images.Select(i => i.Id).ToArray(),
            scores);
    }

    private readonly record struct Drawn(ImageId Id, ImageScore Score);

    private sealed class Segment : IMemoryOwner<byte>
    {
        public Segment(ImageScore[] scores)
        {
            var bytes = SegmentFormat.Allocate(Marshal.SizeOf<ImageScore>(), scores.Length);
            MemoryMarshal.AsBytes<ImageScore>(scores).CopyTo(SegmentFormat.Rows(bytes));
            SegmentFormat.Seal(bytes, new SegmentHeader(Marshal.SizeOf<ImageScore>(), 0, scores.Length));
            Memory = bytes;
        }

        public Memory<byte> Memory { get; }

        public void Dispose()
        {
        }
    }
}
