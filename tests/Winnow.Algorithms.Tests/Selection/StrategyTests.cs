using CsCheck;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Scoring;
using Winnow.Algorithms.Selection;
using Winnow.Algorithms.Training;

namespace Winnow.Algorithms.Tests.Selection;

public sealed class RandomSamplingTests : StrategyConformance<RandomSampling>
{
    [Fact]
    public async Task Every_image_is_as_likely_as_another()
    {
        var hits = new int[10];
        for (var seed = 0UL; seed < 2000; seed++)
        {
            var request = new SelectionRequest(3, 1, seed, 2);
            foreach (var i in await SelectAsync(Pool(10, request), request)) hits[i]++;
        }
        Assert.All(hits, h => Assert.InRange(h, 500, 700));
    }
}

public sealed class MarginSamplingTests : StrategyConformance<MarginSampling>
{
    [Fact]
    public Task The_largest_margins_come_first() => Gen.ULong.SampleAsync(async seed =>
    {
        var request = new SelectionRequest(8, 1, seed, 3);
        var pool = Pool(40, request);
        var expected = Enumerable.Range(0, 40).OrderByDescending(i => pool.Candidates.Keys.Span[i]).Take(8);
        Assert.Equal(expected, await SelectAsync(pool, request));
    }, iter: 50);

    [Fact]
    public void Its_key_is_the_margin()
    {
        var keys = new float[1];
        Strategy.Keys([new ImageScore(0.1f, 0.25f, 0.3f, 0, 0, 1)], [1], new SelectionRequest(1, 1, 1, 2), keys);
        Assert.Equal(0.25f, keys[0]);
    }
}

public sealed class PowerMarginSamplingTests : StrategyConformance<PowerMarginSampling>
{
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
        for (var i = 0; i < weights.Length; i++)
            Assert.InRange(hits[i] / (double)Draws, weights[i] / weights.Sum() - 0.015, weights[i] / weights.Sum() + 0.015);
        Assert.Equal(0, hits[3]);
    }
}

public sealed class KMeansCentroidsTests : StrategyConformance<KMeansCentroids>
{
    [Fact]
    public async Task One_image_of_each_heap_is_chosen()
    {
        var vectors = new float[90 * 3];
        for (var i = 0; i < 90; i++)
        {
            vectors[i * 3 + i % 3] = 10;
            vectors[i * 3 + (i + 1) % 3] = i * 0.001f;
        }
        var candidates = new MatrixPart(new float[90], Enumerable.Range(0, 90).Select(i => (ulong)i).ToArray(), new RowMatrix(3, vectors));
        var none = new MatrixPart(Array.Empty<float>(), Array.Empty<ulong>(), RowMatrix.None);
        var chosen = await SelectAsync(new MatrixPool(candidates, none, new Examples([], 3, Targets.Of([], 3))),
            new SelectionRequest(3, 1, 4, 3));
        Assert.Equal([0, 1, 2], chosen.Select(i => i % 3).Order());
    }
}

public sealed class UncertaintyHerdingTests : StrategyConformance<UncertaintyHerding>
{
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
    public Task Lazy_greedy_chooses_what_plain_greedy_does() => Gen.Select(Gen.Int[1, 40], Gen.ULong).SampleAsync(async (n, seed) =>
    {
        var request = new SelectionRequest(8, 2, seed, 3);
        var pool = Pool(n, request);
        await FollowsPlainGreedyAsync(pool, await SelectAsync(pool, request));
    }, iter: 60);

    /// <summary>
    /// Σ u(x) · max over L ∪ S of exp(−‖x − c‖² / s²), by the letter, every gain computed anew for every choice: each image that was chosen
    /// must have had the largest gain when its turn came.
    /// </summary>
    private static async Task FollowsPlainGreedyAsync(MatrixPool pool, IReadOnlyList<int> chosen)
    {
        var points = pool.Evaluation.Count;
        var candidates = await pool.Candidates.VectorsAsync(CancellationToken.None);
        var evaluation = await pool.Evaluation.VectorsAsync(CancellationToken.None);
        var known = new RowMatrix(candidates.Columns, (await pool.LabelledAsync(CancellationToken.None)).Vectors);
        var labelled = known.Count;
        static double Squared(RowMatrix a, int i, RowMatrix b, int j)
        {
            double sum = 0;
            for (var k = 0; k < a.Columns; k++) sum += Math.Pow((double)a.Row(i)[k] - b.Row(j)[k], 2);
            return sum;
        }

        double Nearest(int i) => Enumerable.Range(0, labelled).Where(j => j != i).Min(j => Squared(known, i, known, j));
        var nearest = Enumerable.Range(0, labelled).Select(Nearest).Order().ToArray();
        var bandwidth = labelled % 2 == 1 ? nearest[labelled / 2] : (nearest[labelled / 2 - 1] + nearest[labelled / 2]) / 2;
        double Kernel(RowMatrix vectors, int c, int x) => Math.Exp(-Squared(vectors, c, evaluation, x) / bandwidth);
        var covered = Enumerable.Range(0, points).Select(x => Enumerable.Range(0, labelled).Max(l => Kernel(known, l, x))).ToArray();
        double Gain(int c) =>
            Enumerable.Range(0, points).Sum(x => pool.Evaluation.Keys.Span[x] * Math.Max(0, Kernel(candidates, c, x) - covered[x]));
        for (var turn = 0; turn < chosen.Count; turn++)
        {
            var best = Enumerable.Range(0, pool.Candidates.Count).Except(chosen.Take(turn)).Max(Gain);
            Assert.Equal(best, Gain(chosen[turn]), 1e-4);
            for (var x = 0; x < points; x++) covered[x] = Math.Max(covered[x], Kernel(candidates, chosen[turn], x));
        }
    }
}

public sealed class MaximumCoverageTests : StrategyConformance<MaximumCoverage>
{
    [Fact]
    public async Task It_goes_where_nothing_is_labelled_and_is_led_by_no_score()
    {
        // Three clusters: one is labelled, one is small, one is large.
        float[] centres = [0, 0, 0, 10, 0, 0, 0, 10, 0];
        int[] sizes = [40, 5, 30];
        var random = new SeededRandom(4);
        var rows = new List<float>();
        for (var c = 0; c < 3; c++)
            for (var i = 0; i < sizes[c]; i++)
                for (var k = 0; k < 3; k++) rows.Add(centres[c * 3 + k] + (float)random.NextDouble() / 10);
        var vectors = new RowMatrix(3, [.. rows]);
        var keys = new float[vectors.Count];
        Strategy.Keys([], [], new SelectionRequest(2, 1, 1, 2), keys);
        Assert.All(keys, k => Assert.Equal(1, k));
        var noise = Enumerable.Range(0, vectors.Count).Select(i => (ulong)i).ToArray();
        var part = new MatrixPart(keys, noise, vectors);
        var labelled = new Examples([0, 0, 0, 1, 0, 0, 0, 0, 1], 3, Targets.Of([0, 0, 0], 2));
        var chosen = await SelectAsync(new MatrixPool(part, part, labelled), new SelectionRequest(2, 2, 1, 2));
        Assert.Equal([2, 1], chosen.Select(i => i < 40 ? 0 : i < 45 ? 1 : 2));
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
        var error = Assert.Throws<ArgumentException>(() => QueryStrategies.All.Get("oracle"));
        Assert.Contains("herding", error.Message);
    }

    [Fact]
    public void Scores_of_the_wrong_kind_are_not_needed_before_a_model_exists() =>
        Assert.Contains(QueryStrategies.All,
        s => !s.NeedsModel && s.Name == "k-means" && s.Plan(new SelectionRequest(5, 1, 1, 2)).UniformCandidates > 0);
}
