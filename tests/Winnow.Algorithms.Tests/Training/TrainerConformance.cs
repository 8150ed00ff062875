using CsCheck;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Tests.Numerics;
using Winnow.Algorithms.Training;

namespace Winnow.Algorithms.Tests.Training;

/// <summary>What every trainer must do. A new one inherits this class.</summary>
public abstract class TrainerConformance<T> where T : ITrainer, new()
{
    protected const int Classes = 3;
    protected const int Dimensions = 6;

    protected static IHead Train(Examples examples, ulong seed = 1) => new T().Train(examples, seed, null, CancellationToken.None).Head;

    /// <summary>Three heaps, a class each.</summary>
    private static float[] Heaps(int n, ulong seed)
    {
        var vectors = NumericsTests.Normal(new SeededRandom(seed), n * Dimensions);
        for (var i = 0; i < n; i++) vectors[(i * Dimensions) + (i % Classes)] += 5;
        return vectors;
    }

    private static int[] Labels(int n) => [.. Enumerable.Range(0, n).Select(i => i % Classes)];

    private static double Accuracy(IHead head, float[] vectors)
    {
        var logits = HeadRows.Logits(head, vectors);
        var n = vectors.Length / Dimensions;
        return Enumerable.Range(0, n).Count(i => Extremes.IndexOfMax(logits.AsSpan(i * Classes, Classes)) == i % Classes) / (double)n;
    }

    [Fact]
    public void It_is_known_by_its_name() => Assert.IsType<T>(Trainers.All.Get(new T().Name));

    [Fact]
    public void Its_heads_tell_what_it_learns() => Assert.Equal(
        new T().LearnsSets, Train(new Examples(Heaps(30, 2), Dimensions, Targets.Of(Labels(30), Classes))).TellsSets);

    [Fact]
    public void It_learns_what_can_be_learnt() => Gen.ULong.Sample(seed =>
    {
        var head = Train(new Examples(Heaps(90, seed), Dimensions, Targets.Of(Labels(90), Classes)), seed);
        Assert.Equal((Classes, Dimensions, 1f), (head.Classes, head.Dimensions, head.Temperature));
        Assert.InRange(Accuracy(head, Heaps(300, seed + 1)), 0.95, 1);
    }, iter: 5);

    [Fact]
    public void The_same_examples_and_seed_give_the_same_head() => Gen.ULong.Sample(seed =>
    {
        var examples = new Examples(Heaps(60, seed), Dimensions, Targets.Of(Labels(60), Classes));
        Assert.Equal(Train(examples, seed).ToBytes(), Train(examples, seed).ToBytes());
    }, iter: 5);

    [Fact]
    public void Certain_soft_labels_and_weights_of_one_change_nothing()
    {
        var (vectors, labels) = (Heaps(60, 4), Labels(60));
        var soft = new float[60 * Classes];
        for (var i = 0; i < 60; i++) soft[(i * Classes) + labels[i]] = 1;
        var (hard, same) = (Targets.Of(labels, Classes), Targets.Soft(soft, Classes, [.. Enumerable.Repeat(1f, 60)]));
        var (a, b) = (Logits(hard), Logits(same));
        for (var i = 0; i < a.Length; i++) Assert.Equal(a[i], b[i], 1e-2);

        float[] Logits(Targets targets) => HeadRows.Logits(Train(new Examples(vectors, Dimensions, targets)), vectors);
    }

    [Fact]
    public void What_weighs_nothing_teaches_nothing()
    {
        var (vectors, labels) = (Heaps(120, 5), Labels(120));
        // The second half is labelled wrong, and weighs nothing.
        for (var i = 60; i < 120; i++) labels[i] = (i + 1) % Classes;
        var weighted = Train(
            new Examples(vectors, Dimensions, Targets.Of(labels, Classes, [.. Enumerable.Range(0, 120).Select(i => i < 60 ? 1f : 0f)])));
        var believed = Train(new Examples(vectors, Dimensions, Targets.Of(labels, Classes)));
        var fresh = Heaps(300, 6);
        Assert.InRange(Accuracy(weighted, fresh), 0.95, 1);
        Assert.True(Accuracy(believed, fresh) < Accuracy(weighted, fresh));
    }

    [Fact]
    public void A_soft_label_draws_towards_each_of_its_classes()
    {
        var soft = new float[60 * Classes];
        for (var i = 0; i < 60; i++) (soft[i * Classes], soft[(i * Classes) + 1]) = (0.7f, 0.3f);
        var vectors = NumericsTests.Normal(new SeededRandom(7), 60 * Dimensions);
        var p = HeadRows.Probabilities(Train(new Examples(vectors, Dimensions, Targets.Soft(soft, Classes))),
            new RowMatrix(Dimensions, new float[Dimensions]));
        Assert.InRange(p.Row(0)[0], 0.6, 0.8);
        Assert.InRange(p.Row(0)[2], 0, 0.1);
    }

    [Fact]
    public void One_class_alone_is_always_predicted()
    {
        var logits = HeadRows.Logits(Train(new Examples([1, 0, 0, 1], 2, Targets.Of([1, 1], Classes))), [0.3f, -2]);
        Assert.Equal(1, Extremes.IndexOfMax(logits));
    }

    [Fact]
    public void It_tells_how_far_it_is_and_ends_when_it_is_cancelled()
    {
        var examples = new Examples(Heaps(60, 8), Dimensions, Targets.Of(Labels(60), Classes));
        var told = new Heard();
        new T().Train(examples, 1, told, CancellationToken.None);
        Assert.NotEmpty(told.Shares);
        Assert.All(told.Shares, s => Assert.InRange(s, 0, 1));
        Assert.Equal(1, told.Shares.Max());
        Assert.ThrowsAny<OperationCanceledException>(() => new T().Train(examples, 1, null, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Nothing_to_learn_from_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Train(new Examples([], 2, Targets.Of([], Classes))));
        Assert.Throws<ArgumentException>(() => Train(new Examples([1, 2], 2, Targets.Of([0], Classes, [0]))));
    }

    private sealed class Heard : IProgress<double>
    {
        private readonly List<double> _shares = [];

        public IReadOnlyList<double> Shares => _shares;

        public void Report(double value)
        {
            lock (_shares) _shares.Add(value);
        }
    }
}

public sealed class LogisticRegressionTrainerTests : TrainerConformance<LogisticRegressionTrainer>
{
    /// <summary>
    /// Fixed values of release 34be458, where examples had neither weights nor soft labels. Processors with wider vectors add in another
    /// order, and the search stops within its own tolerance.
    /// </summary>
    [Fact]
    public void Plain_labels_give_what_they_gave()
    {
        var labels = Enumerable.Range(0, 150).Select(i => i * 7 % 5).ToArray();
        var vectors = NumericsTests.Normal(new SeededRandom(5), 150 * 12);
        for (var i = 0; i < 150; i++) vectors[(i * 12) + labels[i]] += 2;
        var search = RegularisationSearch.Choose(new Examples(vectors, 12, Targets.Of(labels, 5)), new RegularisationOptions(), 3);
        Assert.Equal(0.01, search.C);
        Assert.Equal(0.7328312405602113, search.LogLoss!.Value, 1e-4);
        Assert.Equal(0.20330685, search.OutOfFoldTemperature, 1e-4);
    }
}
