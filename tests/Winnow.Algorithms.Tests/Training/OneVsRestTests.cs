using CsCheck;
using Winnow.Algorithms.Evaluation;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Quality;
using Winnow.Algorithms.Tests.Numerics;
using Winnow.Algorithms.Tests.Reference;
using Winnow.Algorithms.Training;

namespace Winnow.Algorithms.Tests.Training;

/// <summary>What every trainer must do that learns sets. A new one inherits this class.</summary>
public abstract class SetTrainerConformance<T> : TrainerConformance<T> where T : ITrainer, new()
{
    private static readonly double[] Shares = [0.5, 0.3, 0.15];

    /// <summary>Each class, for itself, lifts one dimension of the vectors that it is there in.</summary>
    protected static Examples Drawn(int n, ulong seed, float[]? weights = null)
    {
        var random = new SeededRandom(seed);
        var vectors = NumericsTests.Normal(random, n * Dimensions);
        var sets = new int[n][];
        for (var i = 0; i < n; i++)
        {
            sets[i] = [.. Enumerable.Range(0, Classes).Where(c => random.NextDouble() < Shares[c])];
            foreach (var c in sets[i]) vectors[(i * Dimensions) + c] += 5;
        }
        return new Examples(vectors, Dimensions, Targets.Sets(sets, Classes, weights));
    }

    protected static SetCounts Judge(IHead head, Examples examples) =>
        AuditEvaluation.Measure(head, examples.Vectors, examples.Targets, 1).Sets!;

    [Fact]
    public void It_finds_each_class_for_itself() => Gen.ULong.Sample(seed =>
    {
        var trained = new T().Train(Drawn(200, seed), seed, null, CancellationToken.None);
        Assert.InRange(Judge(trained.Head, Drawn(400, seed + 1)).MacroF1!.Value, 0.9, 1);
        Assert.InRange(trained.CrossValidatedLogLoss!.Value, 0, 0.3);
    }, iter: 5);

    [Fact]
    public void Sets_give_the_same_head_again() => Gen.ULong.Sample(seed =>
        Assert.Equal(Train(Drawn(60, seed), seed).ToBytes(), Train(Drawn(60, seed), seed).ToBytes()), iter: 5);

    [Fact]
    public void Nothing_of_the_schema_is_learnt_as_well()
    {
        var examples = Drawn(200, 3);
        var head = Train(examples);
        var plain = new float[Dimensions * 20];
        var none = Targets.Sets([.. Enumerable.Range(0, 20).Select(_ => Array.Empty<int>())], Classes);
        var told = AuditEvaluation.Measure(head, plain, none, 1);
        Assert.All(told.Right, Assert.True);
    }

    [Fact]
    public void A_set_that_weighs_nothing_teaches_nothing()
    {
        var right = Drawn(100, 5);
        int[][] wrong = [.. Enumerable.Range(0, 100).Select(i => right.Targets.SetOf(i).Length > 0 ? Array.Empty<int>() : [0, 1, 2])];
        int[][] both = [.. Enumerable.Range(0, 100).Select(i => right.Targets.SetOf(i).ToArray()), .. wrong];
        float[] vectors = [.. right.Vectors, .. right.Vectors];
        var weighted = Train(new Examples(vectors, Dimensions,
            Targets.Sets(both, Classes, [.. Enumerable.Range(0, 200).Select(i => i < 100 ? 1f : 0f)])));
        var believed = Train(new Examples(vectors, Dimensions, Targets.Sets(both, Classes)));
        var fresh = Drawn(300, 6);
        Assert.InRange(Judge(weighted, fresh).MicroF1!.Value, 0.85, 1);
        Assert.True(Judge(believed, fresh).MicroF1 is not { } f1 || f1 < Judge(weighted, fresh).MicroF1);
    }

    [Fact]
    public void How_sure_a_set_is_is_learnt()
    {
        var vectors = NumericsTests.Normal(new SeededRandom(7), 200 * Dimensions);
        var there = new float[200 * Classes];
        for (var i = 0; i < 200; i++) (there[i * Classes], there[(i * Classes) + 1]) = (0.7f, 0.2f);
        var p = HeadRows.Probabilities(Train(new Examples(vectors, Dimensions, Targets.SoftSets(there, Classes))),
            new RowMatrix(Dimensions, new float[Dimensions]));
        Assert.InRange(p.Row(0)[0], 0.65, 0.75);
        Assert.InRange(p.Row(0)[1], 0.15, 0.25);
        Assert.InRange(p.Row(0)[2], 0, 0.02);
    }

    [Fact]
    public void A_class_that_nobody_has_seen_is_unlikely_and_one_that_all_have_is_likely()
    {
        var vectors = NumericsTests.Normal(new SeededRandom(8), 40 * Dimensions);
        var head = Train(new Examples(vectors, Dimensions, Targets.Sets([.. Enumerable.Range(0, 40).Select(_ => new[] { 1 })], Classes)));
        var p = HeadRows.Probabilities(head, new RowMatrix(Dimensions, vectors[..Dimensions]));
        Assert.InRange(p.Row(0)[1], 0.9, 1);
        Assert.InRange(p.Row(0)[0], 1e-6, 0.1);
        Assert.True(head.IsFinite);
    }

    [Fact]
    public void Training_of_sets_ends_when_it_is_cancelled() => Assert.ThrowsAny<OperationCanceledException>(
        () => new T().Train(Drawn(60, 8), 1, null, new CancellationToken(canceled: true)));

    [Fact]
    public void No_sets_are_refused() =>
        Assert.Throws<ArgumentException>(() => Train(new Examples([], Dimensions, Targets.Sets([], Classes))));
}

public sealed class OneVsRestTrainerTests : SetTrainerConformance<OneVsRestTrainer>
{
    private static SetsReference[] References => ReferenceValues.Loaded.Sets;

    private static Targets TargetsOf(SetsReference r) => Targets.Sets(
        [.. Enumerable.Range(0, r.N).Select(i => Enumerable.Range(0, r.K).Where(c => r.Y[(i * r.K) + c] == 1).ToArray())], r.K, r.Weights);

    [Fact]
    public void A_head_equals_scikit_learn()
    {
        foreach (var r in References)
        {
            var head = OneVsRest.Fit(new Examples(r.X, r.D, TargetsOf(r)),
                new LogisticRegressionOptions { C = r.C, Tolerance = 1e-6, MaxIterations = 2000 });
            for (var i = 0; i < r.Coef.Length; i++) Assert.Equal(r.Coef[i], head.Weights[i], 2e-3);
            for (var c = 0; c < r.K; c++) Assert.Equal(r.Intercept[c], head.Bias[c], 2e-3);
            // Vectors are rounded to half precision where heads are applied.
            var (logits, targets) = (HeadRows.Logits(head, r.X), TargetsOf(r));
            Assert.Equal(r.Loss, Enumerable.Range(0, r.N).Average(i => targets.LogLoss(i, logits.AsSpan(i * r.K, r.K), 1)), 2e-3);
            var measured = AuditEvaluation.Measure(head, r.X, targets, 1);
            Assert.Equal(r.MicroF1, measured.Sets!.MicroF1!.Value, 0.02);
            Assert.Equal(r.MacroF1, measured.Sets.MacroF1!.Value, 0.02);
            Assert.Equal(r.Exact, measured.Right.Count(x => x) / (double)r.N, 0.03);
        }
    }

    /// <summary>More often there than sure: a low threshold finds more than it gets wrong.</summary>
    [Fact]
    public void Thresholds_are_where_F1_of_what_was_held_out_is_best() => Gen.ULong.Sample(seed =>
    {
        var random = new SeededRandom(seed);
        var (n, logits, sets) = (60, new float[60 * 2], new int[60][]);
        for (var i = 0; i < n; i++)
        {
            var isThere = random.NextDouble() < 0.4;
            // The second class is there three times: too seldom to choose by.
            sets[i] = [.. isThere ? [0] : Array.Empty<int>(), .. i < 3 ? [1] : Array.Empty<int>()];
            logits[i * 2] = (float)(random.NextDouble() * 4) - (isThere ? 3 : 4);
            logits[(i * 2) + 1] = i;
        }
        var targets = Targets.Sets(sets, 2);
        var (cutoffs, chosen) = ClassThresholds.Choose(logits, targets);
        Assert.Equal((1, 0f), (chosen, cutoffs[1]));
        var best = F1(cutoffs[0]);
        foreach (var cut in logits.Where((_, at) => at % 2 == 0)) Assert.True(F1(cut) <= best + 1e-12);

        double F1(float cut)
        {
            var counts = SetCounts.Of(1);
            for (var i = 0; i < n; i++) counts.Add([logits[i * 2]], [cut], sets[i].Contains(0) ? [0] : []);
            return counts.MicroF1 ?? 0;
        }
    }, iter: 50);

    [Fact]
    public void Without_anything_held_out_a_half_is_kept()
    {
        var trained = new OneVsRestTrainer().Train(Drawn(6, 1), 1, null, CancellationToken.None);
        Assert.Equal((0, null, 1f), (trained.Thresholds!.Value, trained.CrossValidatedLogLoss, trained.OutOfFoldTemperature));
        Assert.All(((SigmoidHead)trained.Head).Thresholds, t => Assert.Equal(0.5f, t));
    }

    [Fact]
    public void A_rare_class_gets_a_threshold_that_finds_more_of_it()
    {
        // Seldom there and never surely told: at a half hardly any of it would be found.
        Examples Rare(int n, ulong seed)
        {
            var random = new SeededRandom(seed);
            var vectors = NumericsTests.Normal(random, n * Dimensions);
            int[][] sets = [.. Enumerable.Range(0, n).Select(_ => random.NextDouble() < 0.12 ? new[] { 0 } : [])];
            for (var i = 0; i < n; i++)
                if (sets[i].Length > 0) vectors[i * Dimensions] += 1.5f;
            return new Examples(vectors, Dimensions, Targets.Sets(sets, 1));
        }
        var trained = new OneVsRestTrainer().Train(Rare(600, 1), 1, null, CancellationToken.None);
        var (head, fresh) = ((SigmoidHead)trained.Head, Rare(3000, 2));
        Assert.Equal(1, trained.Thresholds);
        Assert.InRange(head.Thresholds[0], 0.05, 0.45);
        Assert.True(Judge(head, fresh).MicroF1 > (Judge(head with { Cutoffs = [0] }, fresh).MicroF1 ?? 0) + 0.05);
    }

    [Fact]
    public void What_is_no_set_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Targets.Sets([[0, 0]], 2));
        Assert.Throws<ArgumentException>(() => Targets.Sets([[1, 0]], 2));
        Assert.Throws<ArgumentException>(() => Targets.Sets([[2]], 2));
        Assert.Throws<ArgumentException>(() => Targets.Sets([[-1]], 2));
        Assert.Throws<ArgumentException>(() => Targets.SoftSets([0.5f, 1.5f], 2));
        Assert.Throws<ArgumentException>(() => Targets.SoftSets([0.5f, float.NaN], 2));
        Assert.Throws<ArgumentException>(() => Targets.SoftSets([0.5f], 2));
        var sets = new Examples([1, 2], 1, Targets.Sets([[0], []], 2));
        Assert.Throws<ArgumentException>(() => LogisticRegression.Fit(sets, new LogisticRegressionOptions()));
        Assert.Throws<ArgumentException>(() => OneVsRest.Fit(sets, new LogisticRegressionOptions { C = 0 }));
    }
}
