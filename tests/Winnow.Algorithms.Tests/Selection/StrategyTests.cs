using CsCheck;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Scoring;
using Winnow.Algorithms.Selection;

namespace Winnow.Algorithms.Tests.Selection;

public sealed class RandomSamplingTests : QueryStrategyConformance
{
    protected override string Name => "random";

    [Fact]
    public void Every_image_is_as_likely_as_another()
    {
        var hits = new int[10];
        for (var seed = 0UL; seed < 2000; seed++)
        {
            var request = new SelectionRequest(3, 1, seed, 2);
            foreach (var i in Strategy.Select(Pool(10, request), request, CancellationToken.None)) hits[i]++;
        }
        Assert.All(hits, h => Assert.InRange(h, 500, 700));
    }
}

public sealed class MarginSamplingTests : QueryStrategyConformance
{
    protected override string Name => "margin";

    [Fact]
    public void The_largest_margins_come_first() => Gen.ULong.Sample(seed =>
    {
        var request = new SelectionRequest(8, 1, seed, 3);
        var pool = Pool(40, request);
        var expected = Enumerable.Range(0, 40).OrderByDescending(i => pool.CandidateKeys.Span[i]).Take(8);
        Assert.Equal(expected, Strategy.Select(pool, request, CancellationToken.None));
    }, iter: 50);

    [Fact]
    public void Its_key_is_the_margin()
    {
        var keys = new float[1];
        Strategy.Keys([new ImageScore(0.1f, 0.25f, 0.3f, 0, 0, 1)], [1], new SelectionRequest(1, 1, 1, 2), keys);
        Assert.Equal(0.25f, keys[0]);
    }
}

public sealed class PowerMarginSamplingTests : QueryStrategyConformance
{
    protected override string Name => "power-margin";

    [Fact]
    public void One_image_is_drawn_with_the_power_of_its_margin()
    {
        ImageScore[] scores = [new(0, 1, 0, 0, 0, 1), new(0, 0.8f, 0, 0, 0, 1), new(0, 0.5f, 0, 0, 0, 1), ImageScore.None];
        var noise = new ulong[scores.Length];
        var keys = new float[scores.Length];
        var random = new SeededRandom(3);
        var hits = new int[scores.Length];
        const int Draws = 20_000;
        for (var draw = 0; draw < Draws; draw++)
        {
            for (var i = 0; i < noise.Length; i++) noise[i] = random.NextUInt64();
            Strategy.Keys(scores, noise, new SelectionRequest(1, 1, 1, 2), keys);
            hits[Extremes.IndexOfMax(keys)]++;
        }
        // u⁴ of 1, 0.8 and 0.5.
        double[] weights = [1, 0.4096, 0.0625];
        for (var i = 0; i < weights.Length; i++) Assert.InRange(hits[i] / (double)Draws, weights[i] / weights.Sum() - 0.015, weights[i] / weights.Sum() + 0.015);
        Assert.Equal(0, hits[3]);
    }
}

public sealed class KMeansCentroidsTests : QueryStrategyConformance
{
    protected override string Name => "k-means";

    [Fact]
    public void One_image_of_each_heap_is_chosen()
    {
        var vectors = new float[90 * 3];
        for (var i = 0; i < 90; i++)
        {
            vectors[i * 3 + i % 3] = 10;
            vectors[i * 3 + (i + 1) % 3] = i * 0.001f;
        }
        var pool = new SelectionPool { Dimensions = 3, CandidateCount = 90, CandidateKeys = new float[90], CandidateNoise = Enumerable.Range(0, 90).Select(i => (ulong)i).ToArray(), CandidateVectors = vectors };
        var chosen = Strategy.Select(pool, new SelectionRequest(3, 1, 4, 3), CancellationToken.None);
        Assert.Equal([0, 1, 2], chosen.Select(i => i % 3).Order());
    }
}

public sealed class UncertaintyHerdingTests : QueryStrategyConformance
{
    protected override string Name => "herding";

    [Theory]
    [InlineData(1)]
    [InlineData(50)]
    [InlineData(100)]
    [InlineData(5_000)]
    public void Its_filter_keeps_at_most_a_fifteenth_however_large_the_pool(int batch)
    {
        var plan = Strategy.Plan(new SelectionRequest(batch, 2, 1, 10));
        Assert.Equal(8 * batch, plan.Top);
        Assert.InRange(plan.TopAmong, 15 * plan.Top, int.MaxValue);
        Assert.True(plan.TopAmong >= 12_000);
    }

    [Fact]
    public void Lazy_greedy_chooses_what_plain_greedy_does() => Gen.Select(Gen.Int[1, 40], Gen.ULong).Sample((n, seed) =>
    {
        var request = new SelectionRequest(8, 2, seed, 3);
        var pool = Pool(n, request);
        FollowsPlainGreedy(pool, Strategy.Select(pool, request, CancellationToken.None));
    }, iter: 60);

    /// <summary>
    /// Σ u(x) · max over L ∪ S of exp(−‖x − c‖² / s²), by the letter, every gain computed anew for every choice: each image that was chosen
    /// must have had the largest gain when its turn came.
    /// </summary>
    private static void FollowsPlainGreedy(SelectionPool pool, IReadOnlyList<int> chosen)
    {
        var d = pool.Dimensions;
        var points = pool.EvaluationKeys.Length;
        var labelled = pool.LabelledVectors.Length / d;
        double Squared(ReadOnlyMemory<float> a, int i, ReadOnlyMemory<float> b, int j)
        {
            double sum = 0;
            for (var k = 0; k < d; k++) sum += Math.Pow((double)a.Span[i * d + k] - b.Span[j * d + k], 2);
            return sum;
        }

        var nearest = Enumerable.Range(0, labelled).Select(i => Enumerable.Range(0, labelled).Where(j => j != i).Min(j => Squared(pool.LabelledVectors, i, pool.LabelledVectors, j))).Order().ToArray();
        var bandwidth = labelled % 2 == 1 ? nearest[labelled / 2] : (nearest[labelled / 2 - 1] + nearest[labelled / 2]) / 2;
        double Kernel(ReadOnlyMemory<float> vectors, int c, int x) => Math.Exp(-Squared(vectors, c, pool.EvaluationVectors, x) / bandwidth);
        var covered = Enumerable.Range(0, points).Select(x => Enumerable.Range(0, labelled).Max(l => Kernel(pool.LabelledVectors, l, x))).ToArray();
        double Gain(int c) => Enumerable.Range(0, points).Sum(x => pool.EvaluationKeys.Span[x] * Math.Max(0, Kernel(pool.CandidateVectors, c, x) - covered[x]));
        for (var turn = 0; turn < chosen.Count; turn++)
        {
            var best = Enumerable.Range(0, pool.CandidateCount).Except(chosen.Take(turn)).Max(Gain);
            Assert.Equal(best, Gain(chosen[turn]), 1e-4);
            for (var x = 0; x < points; x++) covered[x] = Math.Max(covered[x], Kernel(pool.CandidateVectors, chosen[turn], x));
        }
    }
}

public sealed class QueryStrategiesTests
{
    [Fact]
    public void Names_are_unique_and_written_in_kebab_case()
    {
        Assert.Equal(QueryStrategies.All.Count, QueryStrategies.All.Select(s => s.Name).Distinct().Count());
        Assert.All(QueryStrategies.All, s => Assert.Matches("^[a-z][a-z-]*$", s.Name));
    }

    [Fact]
    public void An_unknown_name_is_answered_with_those_there_are()
    {
        var error = Assert.Throws<ArgumentException>(() => QueryStrategies.Get("oracle"));
        Assert.Contains("herding", error.Message);
    }

    [Fact]
    public void Scores_of_the_wrong_kind_are_not_needed_before_a_model_exists() =>
        Assert.Contains(QueryStrategies.All, s => !s.NeedsModel && s.Name == "k-means" && s.Plan(new SelectionRequest(5, 1, 1, 2)).UniformCandidates > 0);
}
