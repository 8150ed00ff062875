using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Quality;

namespace Winnow.Algorithms.Tests.Quality;

public sealed class CrossFittingTests
{
    private const int Classes = 3, Dimensions = 4;

    /// <summary>Points around one corner per class, so far apart.</summary>
    private static (float[] Rows, int[] Labels) Draw(int n, double apart, ulong seed)
    {
        var random = new SeededRandom(seed);
        var labels = Enumerable.Range(0, n).Select(i => i % Classes).ToArray();
        var rows = new float[n * Dimensions];
        for (var i = 0; i < n; i++)
            for (var d = 0; d < Dimensions; d++)
            {
                // The sum of twelve uniform numbers is as good as normal.
                var noise = Enumerable.Range(0, 12).Sum(_ => random.NextDouble()) - 6;
                rows[i * Dimensions + d] = (float)(noise + (d == labels[i] ? apart : 0));
            }
        return (rows, labels);
    }

    [Fact]
    public void A_space_that_separates_is_right_and_one_of_noise_is_as_good_as_chance()
    {
        var (far, labels) = Draw(150, 8, 1);
        var (noise, _) = Draw(150, 0, 2);
        var right = CrossFitting.Measure(far, labels, Classes, Dimensions, 7)!;
        var chance = CrossFitting.Measure(noise, labels, Classes, Dimensions, 7)!;
        Assert.InRange(right.Accuracy, 0.98, 1);
        // No example may teach its own head: with 150 of four numbers it would be learned by heart in part.
        Assert.InRange(chance.Accuracy, 0.2, 0.47);
        Assert.True(right.Lower <= right.Accuracy && right.Accuracy <= right.Upper);
        Assert.Equal(right.Right.Count(r => r) / 150.0, right.Accuracy);
        Assert.True(right.LogLoss < chance.LogLoss);
        var difference = CrossFitting.Compare(right, chance);
        Assert.Equal(right.Right.Count(r => r) - chance.Right.Count(r => r), difference.Better - difference.Worse);
        Assert.True(difference.PValue < 1e-6);
        Assert.Equal((difference.Worse, difference.Better, difference.PValue),
            (CrossFitting.Compare(chance, right).Better, CrossFitting.Compare(chance, right).Worse,
                CrossFitting.Compare(chance, right).PValue));
    }

    [Fact]
    public void The_same_seed_gives_the_same_and_a_space_equals_itself()
    {
        var (rows, labels) = Draw(90, 1.5, 3);
        var one = CrossFitting.Measure(rows, labels, Classes, Dimensions, 11)!;
        Assert.Equal(one.Right, CrossFitting.Measure(rows, labels, Classes, Dimensions, 11)!.Right);
        Assert.Equal(new PairedDifference(0, 0, 1), CrossFitting.Compare(one, one));
    }

    [Fact]
    public void Too_few_labels_say_nothing()
    {
        var (rows, labels) = Draw(6, 8, 4);
        Assert.Null(CrossFitting.Measure(rows, labels, Classes, Dimensions, 1));
        Assert.Null(CrossFitting.Measure([], [], Classes, Dimensions, 1));
    }

    [Fact]
    public void Spaces_of_different_examples_are_not_compared()
    {
        var (rows, labels) = Draw(90, 8, 5);
        var all = CrossFitting.Measure(rows, labels, Classes, Dimensions, 1)!;
        var some = CrossFitting.Measure(rows.AsSpan(0, 60 * Dimensions), labels.AsSpan(0, 60), Classes, Dimensions, 1)!;
        Assert.Throws<ArgumentException>(() => CrossFitting.Compare(all, some));
    }
}
