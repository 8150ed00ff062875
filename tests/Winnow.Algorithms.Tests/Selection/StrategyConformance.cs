using CsCheck;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Scoring;
using Winnow.Algorithms.Selection;
using Winnow.Algorithms.Tests.Numerics;
using Winnow.Algorithms.Training;

namespace Winnow.Algorithms.Tests.Selection;

/// <summary>What every query strategy must do. A new one inherits this class.</summary>
public abstract class StrategyConformance<T> where T : IQueryStrategy, new()
{
    private const int Dimensions = 4;

    protected static IQueryStrategy Strategy { get; } = new T();

    protected static Task<IReadOnlyList<int>> SelectAsync(ISelectionPool pool, SelectionRequest request) =>
        Strategy.SelectAsync(pool, request, CancellationToken.None);

    [Fact]
    public void It_is_known_by_its_name() => Assert.IsType<T>(QueryStrategies.All.Get(Strategy.Name));

    [Fact]
    public Task It_chooses_as_many_distinct_candidates_as_it_can() =>
        Gen.Select(Gen.Int[0, 60], Gen.Int[1, 40], Gen.ULong).SampleAsync(async (n, batch, seed) =>
    {
        var request = new SelectionRequest(batch, 2, seed, 3);
        var chosen = await SelectAsync(Pool(n, request), request);
        Assert.Equal(Math.Min(n, batch), chosen.Count);
        Assert.Equal(chosen.Count, chosen.Distinct().Count());
        Assert.All(chosen, i => Assert.InRange(i, 0, n - 1));
    }, iter: 60);

    [Fact]
    public Task It_chooses_the_same_twice() => Gen.Select(Gen.Int[1, 50], Gen.ULong).SampleAsync(async (n, seed) =>
    {
        var request = new SelectionRequest(10, 2, seed, 3);
        Assert.Equal(await SelectAsync(Pool(n, request), request), await SelectAsync(Pool(n, request), request));
    }, iter: 30);

    [Fact]
    public async Task Images_that_are_all_alike_do_not_stop_it()
    {
        var request = new SelectionRequest(5, 1, 1, 2);
        static RowMatrix Alike(int n) => new(Dimensions, [.. Enumerable.Repeat(1f, n * Dimensions)]);
        var pool = new MatrixPool(
            new MatrixPart(new float[20], Enumerable.Range(0, 20).Select(i => (ulong)i * 77).ToArray(), Alike(20), Head),
            new MatrixPart(new float[6], new ulong[6], Alike(6), Head),
            new Examples(Alike(3).Values, Dimensions, Targets.Of([0, 1, 0], 2)));
        Assert.Equal(5, (await SelectAsync(pool, request)).Distinct().Count());
    }

    [Fact]
    public Task It_ends_when_it_is_cancelled()
    {
        var request = new SelectionRequest(5, 1, 1, 2);
        return Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Strategy.SelectAsync(Pool(30, request), request, new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task It_asks_for_what_it_looks_at_and_not_twice()
    {
        var request = new SelectionRequest(8, 2, 5, 3);
        var pool = new AskedPool(Pool(40, request));
        await SelectAsync(pool, request);
        Assert.All(pool.Asked, a => Assert.Equal(a.Which.Count, a.Which.Distinct().Count()));
        Assert.Equal(pool.Asked.Count, pool.Asked.Select(a => (a.Of, string.Join(',', a.Which))).Distinct().Count());
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
            if (plan.TopAmong > 0) Assert.True(plan.TopAmong >= plan.Top);
            Assert.True(plan.Uniform >= plan.TopAmong && plan.Uniform >= plan.UniformCandidates);
        }
    }

    protected static SoftmaxHead Head { get; } =
        new(3, Dimensions, NumericsTests.Normal(new SeededRandom(9), 3 * Dimensions), new float[3], 1);

    protected static MatrixPool Pool(int n, SelectionRequest request)
    {
        var random = new SeededRandom(request.Seed + 1);
        var noise = Enumerable.Range(0, n).Select(_ => random.NextUInt64()).ToArray();
        var scores = Enumerable.Range(0, n)
            .Select(_ => new ImageScore((float)random.NextDouble(), (float)random.NextDouble(), (float)random.NextDouble(), 0, 0, 1))
            .ToArray();
        var keys = new float[n];
        Strategy.Keys(Strategy.NeedsModel ? scores : [], noise, request, keys);
        RowMatrix Rows(int count) => new(Dimensions, NumericsTests.Normal(random, count * Dimensions));
        var candidates = new MatrixPart(keys, noise, Rows(n), Head);
        var weights = Enumerable.Range(0, 40).Select(_ => (float)random.NextDouble()).ToArray();
        return new MatrixPool(
            candidates, new MatrixPart(weights, new ulong[40], Rows(40), Head),
            new Examples(Rows(7).Values, Dimensions, Targets.Of([0, 1, 2, 0, 1, 2, 0], 3)));
    }

    /// <summary>Remembers what was asked of a pool.</summary>
    private sealed class AskedPool(ISelectionPool pool) : ISelectionPool
    {
        public List<(string Of, IReadOnlyList<int> Which)> Asked { get; } = [];

        public IPoolPart Candidates => new Part(pool.Candidates, "candidates", Asked);

        public IPoolPart Evaluation => new Part(pool.Evaluation, "evaluation", Asked);

        public Task<Examples> LabelledAsync(CancellationToken cancellationToken)
        {
            Asked.Add(("labelled", []));
            return pool.LabelledAsync(cancellationToken);
        }

        private sealed class Part(IPoolPart part, string name, List<(string Of, IReadOnlyList<int> Which)> asked) : IPoolPart
        {
            public int Count => part.Count;

            public ReadOnlyMemory<float> Keys => part.Keys;

            public ReadOnlyMemory<ulong> Noise => part.Noise;

            public Task<RowMatrix> VectorsAsync(IReadOnlyList<int> which, CancellationToken cancellationToken)
            {
                asked.Add(($"vectors of {name}", which));
                return part.VectorsAsync(which, cancellationToken);
            }

            public Task<RowMatrix> ProbabilitiesAsync(IReadOnlyList<int> which, CancellationToken cancellationToken)
            {
                asked.Add(($"probabilities of {name}", which));
                return part.ProbabilitiesAsync(which, cancellationToken);
            }
        }
    }
}
