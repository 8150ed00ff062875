using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Scoring;
using Winnow.Algorithms.Selection;
using Winnow.Algorithms.Tests.Numerics;
using Winnow.Algorithms.Training;

namespace Winnow.Algorithms.Tests.Selection;

/// <summary>
/// What each strategy chose in release 34be458, where all vectors were handed to it at once: a round of a seed chooses the same.
/// </summary>
public sealed class FixedSelectionTests
{
    [Theory]
    [InlineData("random",
        "699,422,446,298,281,610,84,300,118,360,384,30,150,166,525,595,86,385,674,343,3,451,10,538,244,613,434,319,121," +
        "623,59,377,302,105,26,661,556,592,682,689,609,124,426,517,223,344,241,420,366,568,338,627,210,31,647,206,39," +
        "96,350,353")]
    [InlineData("margin",
        "669,402,267,248,117,326,521,691,625,308,672,628,338,126,393,84,95,590,487,678,534,639,168,78,376,532,279,53," +
        "25,543,481,515,381,564,503,133,390,448,496,695,193,149,547,661,362,32,602,169,62,198,603,460,114,578,614,668," +
        "341,150,278,300")]
    [InlineData("power-margin",
        "699,422,298,84,300,150,385,610,661,338,434,124,420,381,682,281,105,578,366,31,595,166,41,503,625,350,393,628," +
        "170,633,609,168,96,374,550,678,28,515,496,615,353,38,402,265,39,546,654,651,637,607,536,487,647,167,143,133," +
        "389,694,206,284")]
    [InlineData("k-means",
        "52,192,258,642,466,182,249,206,614,657,405,604,269,190,128,697,0,60,241,300,67,600,544,335,357,553,605,56,14," +
        "144,434,412,638,472,238,487,312,161,142,692,459,12,340,436,306,130,480,439,675,185,359,612,413,457,400,588," +
        "636,210,165,156")]
    [InlineData("herding",
        "181,452,457,250,472,469,254,354,624,19,275,440,432,110,73,31,313,358,511,21,385,656,329,659,322,598,532,45," +
        "587,82,599,377,421,593,370,603,274,480,153,278,353,373,551,441,306,582,182,243,40,165,256,643,44,222,638,376," +
        "199,675,697,285")]
    public async Task A_seed_gives_the_same_batch(string name, string expected)
    {
        var request = new SelectionRequest(60, 2, 11, 5);
        var random = new SeededRandom(77);
        var noise = Enumerable.Range(0, 700).Select(_ => random.NextUInt64()).ToArray();
        ImageScore[] scores = [.. Enumerable.Range(0, 700).Select(_ =>
            new ImageScore((float)random.NextDouble(), (float)random.NextDouble(), (float)random.NextDouble(), 0, 0, 1))];
        var keys = new float[700];
        var strategy = QueryStrategies.All.Get(name);
        strategy.Keys(strategy.NeedsModel ? scores : [], noise, request, keys);
        var candidates = new MatrixPart(keys, noise, new RowMatrix(12, NumericsTests.Normal(random, 700 * 12)));
        var weights = Enumerable.Range(0, 400).Select(_ => (float)random.NextDouble()).ToArray();
        var evaluation = new MatrixPart(weights, new ulong[400], new RowMatrix(12, NumericsTests.Normal(random, 400 * 12)));
        var labelled = new Examples(NumericsTests.Normal(random, 50 * 12), 12, Targets.Of(new int[50], 5));
        var chosen = await strategy.SelectAsync(new MatrixPool(candidates, evaluation, labelled), request, CancellationToken.None);
        Assert.Equal(expected, string.Join(',', chosen));
    }
}
