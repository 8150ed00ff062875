using CsCheck;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Scoring;
using Winnow.Algorithms.Selection;
using Winnow.Algorithms.Tests.Numerics;

namespace Winnow.Algorithms.Tests.Selection;

/// <summary>What every query strategy must do. A new one inherits this class and names itself.</summary>
public abstract class QueryStrategyConformance
{
    private const int Dimensions = 4;

    protected abstract string Name { get; }

    protected IQueryStrategy Strategy => QueryStrategies.Get(Name);

    [Fact]
    public void It_chooses_as_many_distinct_candidates_as_it_can() => Gen.Select(Gen.Int[0, 60], Gen.Int[1, 40], Gen.ULong).Sample((n, batch, seed) =>
    {
        var request = new SelectionRequest(batch, 2, seed, 3);
        var chosen = Strategy.Select(Pool(n, request), request, CancellationToken.None);
        Assert.Equal(Math.Min(n, batch), chosen.Count);
        Assert.Equal(chosen.Count, chosen.Distinct().Count());
        Assert.All(chosen, i => Assert.InRange(i, 0, n - 1));
    }, iter: 60);

    [Fact]
    public void It_chooses_the_same_twice() => Gen.Select(Gen.Int[1, 50], Gen.ULong).Sample((n, seed) =>
    {
        var request = new SelectionRequest(10, 2, seed, 3);
        Assert.Equal(Strategy.Select(Pool(n, request), request, CancellationToken.None), Strategy.Select(Pool(n, request), request, CancellationToken.None));
    }, iter: 30);

    [Fact]
    public void Images_that_are_all_alike_do_not_stop_it()
    {
        var request = new SelectionRequest(5, 1, 1, 2);
        var pool = new SelectionPool
        {
            Dimensions = Dimensions,
            CandidateCount = 20,
            CandidateKeys = new float[20],
            CandidateNoise = Enumerable.Range(0, 20).Select(i => (ulong)i * 77).ToArray(),
            CandidateVectors = Enumerable.Repeat(1f, 20 * Dimensions).ToArray(),
            EvaluationKeys = new float[6],
            EvaluationVectors = Enumerable.Repeat(1f, 6 * Dimensions).ToArray(),
            LabelledVectors = Enumerable.Repeat(1f, 3 * Dimensions).ToArray(),
        };
        Assert.Equal(5, Strategy.Select(pool, request, CancellationToken.None).Distinct().Count());
    }

    [Fact]
    public void It_ends_when_it_is_cancelled()
    {
        var request = new SelectionRequest(5, 1, 1, 2);
        Assert.ThrowsAny<OperationCanceledException>(() => Strategy.Select(Pool(30, request), request, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Its_keys_are_numbers_even_where_an_image_has_no_score()
    {
        ImageScore[] scores = [new(0.1f, 0.2f, 0.3f, 0, 0, 1), ImageScore.None, new(0.9f, 0.99f, 1.2f, 0, 1, 0)];
        var keys = new float[3];
        Strategy.Keys(Strategy.NeedsModel ? scores : [], [1, 2, 3], new SelectionRequest(2, 1, 1, 2), keys);
        Assert.All(keys, k => Assert.True(float.IsFinite(k)));
    }

    [Fact]
    public void Its_plan_brings_enough_for_the_batch()
    {
        foreach (var batch in new[] { 1, 20, 1000 })
        {
            var plan = Strategy.Plan(new SelectionRequest(batch, 1, 1, 10));
            Assert.True(plan.Top + plan.UniformCandidates >= batch);
            if (plan.NeedsLabelledVectors) Assert.True(plan.NeedsVectors);
            if (plan.TopAmong > 0) Assert.True(plan.TopAmong >= plan.Top);
            Assert.True(plan.Uniform >= plan.TopAmong && plan.Uniform >= plan.UniformCandidates);
        }
    }

    protected SelectionPool Pool(int n, SelectionRequest request)
    {
        var random = new SeededRandom(request.Seed + 1);
        var noise = Enumerable.Range(0, n).Select(_ => random.NextUInt64()).ToArray();
        var scores = Enumerable.Range(0, n).Select(_ => new ImageScore((float)random.NextDouble(), (float)random.NextDouble(), (float)random.NextDouble(), 0, 0, 1)).ToArray();
        var keys = new float[n];
        Strategy.Keys(Strategy.NeedsModel ? scores : [], noise, request, keys);
        return new SelectionPool
        {
            Dimensions = Dimensions,
            CandidateCount = n,
            CandidateKeys = keys,
            CandidateNoise = noise,
            CandidateVectors = NumericsTests.Normal(random, n * Dimensions),
            EvaluationKeys = Enumerable.Range(0, 40).Select(_ => (float)random.NextDouble()).ToArray(),
            EvaluationVectors = NumericsTests.Normal(random, 40 * Dimensions),
            LabelledVectors = NumericsTests.Normal(random, 7 * Dimensions),
        };
    }
}
