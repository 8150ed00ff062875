using CsCheck;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Scoring;
using Winnow.Algorithms.Tests.Numerics;

namespace Winnow.Algorithms.Tests.Heads;

/// <summary>What every head must do. A new one inherits this class.</summary>
public abstract class HeadConformance
{
    /// <summary>A head of a shape, its numbers drawn.</summary>
    protected abstract IHead Make(int classes, int dimensions, ulong seed, float temperature);

    /// <summary>What a score's least confidence is of a row's probabilities.</summary>
    protected virtual double LeastConfidenceOf(IHead head, float[] probabilities) => 1 - probabilities.Max();

    private static readonly Gen<(int Classes, int Dimensions, ulong Seed, double Temperature)> Shapes =
        Gen.Select(Gen.Int[2, 40], Gen.Int[1, 12], Gen.ULong, Gen.Double[0.3, 3]);

    private static Half[] Rows(int n, int dimensions, ulong seed) =>
        [.. NumericsTests.Normal(new SeededRandom(seed), n * dimensions).Select(v => (Half)v)];

    [Fact]
    public void Its_format_is_known_by_name_and_read_by_what_bytes_begin_with() => Shapes.Sample((classes, d, seed, temperature) =>
    {
        var head = Make(classes, d, seed, (float)temperature);
        Assert.Same(head.Format, HeadFormats.All.Get(head.Format.Name));
        var read = HeadFormats.Read(head.ToBytes());
        Assert.Equal((head.Format, head.Classes, head.Dimensions, head.Temperature),
            (read.Format, read.Classes, read.Dimensions, read.Temperature));
        // The same numbers, and the same name by their hash.
        Assert.Equal(head.ToBytes(), read.ToBytes());
    }, iter: 50);

    [Fact]
    public void A_class_that_it_is_to_leave_out_takes_no_part_in_what_it_says() => Shapes.Sample((classes, d, seed, temperature) =>
    {
        var head = Make(classes + 3, d, seed, (float)temperature);
        int[] gone = [0, classes / 2, classes + 2];
        var (rows, k) = (Rows(5, d, seed + 1), classes + 3);
        var without = HeadFormats.Read(head.Without(gone).ToBytes());
        Assert.True(without.IsFinite);
        float[] logits = new float[5 * k], probabilities = new float[5 * k];
        without.Probabilities(rows, probabilities);
        head.Logits(rows, logits);
        var scores = new ImageScore[5];
        without.Score(rows, scores);
        for (var i = 0; i < 5; i++)
        {
            Assert.All(gone, g => Assert.Equal(0, probabilities[(i * k) + g]));
            var live = Enumerable.Range(0, k).Except(gone.Distinct()).MaxBy(c => logits[(i * k) + c]);
            Assert.Equal(live, scores[i].Predicted);
            Assert.Equal(LeastConfidenceOf(without, probabilities[(i * k)..((i + 1) * k)]), scores[i].LeastConfidence, 1e-4);
            Assert.True(float.IsFinite(scores[i].Entropy) && float.IsFinite(scores[i].Energy));
        }
        Assert.Same(head, head.Without([]));
    }, iter: 50);

    [Fact]
    public void Damaged_bytes_are_no_head() => Gen.Select(Gen.Int[0, 10_000], Gen.Byte[1, 255]).Sample((at, flip) =>
    {
        var bytes = Make(3, 4, 1, 1.5f).ToBytes();
        bytes[at % bytes.Length] ^= flip;
        Assert.Throws<InvalidDataException>(() => HeadFormats.Read(bytes));
        Assert.Throws<InvalidDataException>(() => HeadFormats.Read(bytes.AsSpan(0, at % bytes.Length)));
    });

    [Fact]
    public void Probabilities_are_shares_and_follow_the_logits() => Shapes.Sample((classes, d, seed, temperature) =>
    {
        var head = Make(classes, d, seed, (float)temperature);
        var rows = Rows(5, d, seed + 1);
        float[] logits = new float[5 * classes], probabilities = new float[5 * classes];
        head.Logits(rows, logits);
        head.Probabilities(rows, probabilities);
        Assert.All(probabilities, p => Assert.InRange(p, 0, 1.000001f));
        for (var i = 0; i < 5; i++)
        {
            var best = Extremes.IndexOfMax(logits.AsSpan(i * classes, classes));
            Assert.Equal(probabilities.AsSpan(i * classes, classes).ToArray().Max(), probabilities[(i * classes) + best], 1e-6);
        }
    }, iter: 50);

    [Fact]
    public void The_temperature_divides_the_logits() => Shapes.Sample((classes, d, seed, temperature) =>
    {
        var head = Make(classes, d, seed, 1);
        var rows = Rows(3, d, seed + 1);
        float[] plain = new float[3 * classes], divided = new float[3 * classes];
        head.Logits(rows, plain);
        head.At((float)temperature).Logits(rows, divided);
        for (var i = 0; i < plain.Length; i++) Assert.Equal(plain[i] / temperature, divided[i], 1e-2);
        Assert.Equal(1, head.Temperature);
    }, iter: 50);

    [Fact]
    public void Scores_tell_of_the_probabilities() => Shapes.Sample((classes, d, seed, temperature) =>
    {
        var head = Make(classes, d, seed, (float)temperature);
        var rows = Rows(6, d, seed + 1);
        rows.AsSpan(0, d).Fill(Half.NaN);
        var probabilities = new float[6 * classes];
        var scores = new ImageScore[6];
        head.Score(rows, scores);
        head.Probabilities(rows, probabilities);
        Assert.True(float.IsNaN(scores[0].Margin));
        for (var i = 1; i < 6; i++)
        {
            var p = probabilities.AsSpan(i * classes, classes).ToArray();
            Assert.Equal(p.Max(), p[scores[i].Predicted], 1e-5);
            Assert.Equal(LeastConfidenceOf(head, p), scores[i].LeastConfidence, 2e-3);
        }
    }, iter: 50);

    [Fact]
    public void What_is_no_number_is_noticed()
    {
        Assert.True(Make(3, 2, 1, 1).IsFinite);
        Assert.False(Make(3, 2, 1, float.NaN).IsFinite);
    }
}

public sealed class SoftmaxHeadTests : HeadConformance
{
    protected override IHead Make(int classes, int dimensions, ulong seed, float temperature)
    {
        var random = new SeededRandom(seed);
        return new SoftmaxHead(classes, dimensions, NumericsTests.Normal(random, classes * dimensions),
            NumericsTests.Normal(random, classes), temperature);
    }

    /// <summary>Written by release 34be458: <c>new SoftmaxHead(2, 1, [1, -2], [0.5f, 0], 1.5f).ToBytes()</c>.</summary>
    [Fact]
    public void A_head_of_the_last_release_is_read()
    {
        var head = Assert.IsType<SoftmaxHead>(HeadFormats.Read(Convert.FromHexString(LastRelease)));
        Assert.Equal((2, 1, 1.5f), (head.Classes, head.Dimensions, head.Temperature));
        Assert.Equal([1f, -2f], head.Weights);
        Assert.Equal([0.5f, 0f], head.Bias);
        Assert.Equal(LastRelease, Convert.ToHexString(head.ToBytes()));
    }

    private const string LastRelease = "574E48440100000002000000010000000000C03F0000803F000000C00000003F00000000117DDBC5";
}
