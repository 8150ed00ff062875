using System.IO.Hashing;
using System.Runtime.InteropServices;
using CsCheck;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Scoring;
using Winnow.Algorithms.Tests.Numerics;

namespace Winnow.Algorithms.Tests.Heads;

public sealed class SigmoidHeadTests : HeadConformance
{
    private static SigmoidHead Drawn(int classes, int dimensions, ulong seed, float temperature)
    {
        var random = new SeededRandom(seed);
        return new SigmoidHead(classes, dimensions, NumericsTests.Normal(random, classes * dimensions),
            NumericsTests.Normal(random, classes), NumericsTests.Normal(random, classes), temperature);
    }

    protected override IHead Make(int classes, int dimensions, ulong seed, float temperature) =>
        Drawn(classes, dimensions, seed, temperature);

    protected override double LeastConfidenceOf(IHead head, float[] probabilities)
    {
        var thresholds = ((SigmoidHead)head).Thresholds;
        return 1 - probabilities.Select((p, c) => p >= thresholds[c] ? p : 1.0 - p).Aggregate(1.0, (a, b) => a * b);
    }

    [Fact]
    public void Scores_equal_their_naive_twin() => Gen.Select(Gen.Int[1, 250], Gen.Int[1, 12], Gen.ULong, Gen.Double[0.3, 3])
        .Sample((classes, d, seed, temperature) =>
    {
        const int N = 5;
        var head = Drawn(classes, d, seed, (float)temperature);
        var rows = NumericsTests.Normal(new SeededRandom(seed + 1), N * d).Select(v => (Half)v).ToArray();
        var scores = new ImageScore[N];
        head.Score(rows, scores);
        for (var i = 0; i < N; i++)
        {
            double sure = 1, entropy = 0, energy = 0, nearest = 1;
            var all = new double[classes];
            for (var c = 0; c < classes; c++)
            {
                var z = (head.Bias[c] + Enumerable.Range(0, d).Sum(j => (double)head.Weights[c * d + j] * (double)rows[i * d + j]))
                    / temperature;
                var (p, t) = (1 / (1 + Math.Exp(-z)), 1 / (1 + Math.Exp(-head.Cutoffs[c] / temperature)));
                all[c] = p;
                sure *= p >= t ? p : 1 - p;
                entropy -= (p > 0 ? p * Math.Log(p) : 0) + (p < 1 ? (1 - p) * Math.Log(1 - p) : 0);
                energy -= Math.Log(1 + Math.Exp(z));
                nearest = Math.Min(nearest, p >= t ? (p - t) / (1 - t) : (t - p) / t);
            }
            var order = all.OrderDescending().ToArray();
            Assert.Equal(1 - sure, scores[i].LeastConfidence, 5e-3);
            Assert.Equal(1 - nearest, scores[i].Margin, 5e-3);
            Assert.Equal(entropy / classes, scores[i].Entropy, 2e-3);
            Assert.Equal(energy, scores[i].Energy, 2e-2 + 1e-4 * Math.Abs(energy));
            Assert.Equal(order[0], all[scores[i].Predicted], 1e-3);
            Assert.Equal(order[Math.Min(1, classes - 1)], all[scores[i].RunnerUp], 1e-3);
        }
    }, iter: 200);

    [Fact]
    public void One_class_is_as_unsure_as_two_that_exclude_each_other() => Gen.Single[-6, 6].Sample(z =>
    {
        ImageScore[] alone = new ImageScore[1], pair = new ImageScore[1];
        new SigmoidHead(1, 1, [z], [0], [0], 1).Score([(Half)1], alone);
        new SoftmaxHead(2, 1, [z, 0], [0, 0], 1).Score([(Half)1], pair);
        Assert.Equal(pair[0].Margin, alone[0].Margin, 1e-5);
        Assert.Equal(pair[0].LeastConfidence, alone[0].LeastConfidence, 1e-5);
        Assert.Equal(pair[0].Entropy, alone[0].Entropy, 1e-5);
    });

    [Fact]
    public void Calibration_changes_how_sure_it_is_and_never_what_it_predicts() => Gen.ULong.Sample(seed =>
    {
        var head = Drawn(20, 4, seed, 1);
        var rows = NumericsTests.Normal(new SeededRandom(seed + 1), 4).Select(v => (Half)v).ToArray();
        Assert.Equal(SetOf(1), SetOf(0.4f));
        Assert.Equal(SetOf(1), SetOf(5));

        int[] SetOf(float temperature)
        {
            var (at, p) = ((SigmoidHead)head.At(temperature), new float[20]);
            at.Probabilities(rows, p);
            var thresholds = at.Thresholds;
            return [.. Enumerable.Range(0, 20).Where(c => p[c] >= thresholds[c])];
        }
    }, iter: 100);

    [Fact]
    public void Certainty_beyond_what_a_float_can_tell_gives_numbers()
    {
        var scores = new ImageScore[1];
        new SigmoidHead(3, 1, [3e4f, -3e4f, 2e4f], [0, 0, 0], [0, 0, 400], 0.05f).Score([(Half)60], scores);
        Assert.Equal((0f, 0f, (ushort)0), (scores[0].LeastConfidence, scores[0].Margin, scores[0].Predicted));
        Assert.InRange(scores[0].Entropy, 0, 1e-30);
        Assert.True(float.IsFinite(scores[0].Energy));
    }

    [Fact]
    public void Bytes_whose_checksum_is_right_and_whose_shape_is_not_are_no_head()
    {
        var bytes = Drawn(3, 4, 1, 1).ToBytes();
        foreach (var (classes, dimensions) in new[] { (0, 4), (-1, -1), (3, 0), (3, 5), (2, 4), (3, 3), (int.MaxValue, int.MaxValue) })
        {
            var changed = (byte[])bytes.Clone();
            MemoryMarshal.Write(changed.AsSpan(8), in classes);
            MemoryMarshal.Write(changed.AsSpan(12), in dimensions);
            MemoryMarshal.Write(changed.AsSpan(changed.Length - 4), Crc32.HashToUInt32(changed.AsSpan(0, changed.Length - 4)));
            Assert.Throws<InvalidDataException>(() => HeadFormats.Read(changed));
        }
        Assert.Throws<InvalidDataException>(() => SoftmaxHead.FromBytes(bytes));
    }

    [Fact]
    public void A_cutoff_that_is_no_number_is_noticed() =>
        Assert.False(new SigmoidHead(1, 1, [1], [0], [float.NaN], 1).IsFinite);

    /// <summary>Written by the first release that knew it.</summary>
    [Fact]
    public void A_head_of_the_first_release_is_read()
    {
        var head = Assert.IsType<SigmoidHead>(HeadFormats.Read(Convert.FromHexString(First)));
        Assert.Equal((2, 1, 1.5f), (head.Classes, head.Dimensions, head.Temperature));
        Assert.Equal([1f, -2f], head.Weights);
        Assert.Equal([0.5f, 0f], head.Bias);
        Assert.Equal([0f, 0.25f], head.Cutoffs);
        Assert.Equal(First, Convert.ToHexString(head.ToBytes()));
    }

    private const string First =
        "574E48530100000002000000010000000000C03F0000803F000000C00000003F00000000000000000000803E2C906654";
}
