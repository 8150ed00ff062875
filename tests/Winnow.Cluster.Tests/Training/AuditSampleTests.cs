using Winnow.Abstractions.Training;
using Winnow.Grains.Evaluation;
using Winnow.Grains.Images;
using Winnow.Model.Images;

namespace Winnow.Cluster.Tests.Training;

public sealed class AuditSampleTests
{
    private static ImageId[] Images(int count) => [.. Enumerable.Range(0, count).Select(i => ImageId.Of(BitConverter.GetBytes(i)))];

    private static LabelledRows Part(int labelled, AuditRest? rest) =>
        new(Images(labelled), new int[labelled], new MatrixRows(0, []), rest);

    [Fact]
    public void An_image_belongs_to_the_sample_by_its_id_the_seed_and_the_threshold_alone()
    {
        var images = Images(1_000);
        var threshold = images.Select(i => AuditSample.HashOf(i, 5)).Order().ElementAt(99);
        Assert.Equal(100, images.Count(i => AuditSample.Holds(i, 5, threshold)));
        Assert.NotEqual(images.Where(i => AuditSample.Holds(i, 5, threshold)), images.Where(i => AuditSample.Holds(i, 6, threshold)));
        Assert.DoesNotContain(images, i => AuditSample.Holds(i, 5, 0));
    }

    [Theory]
    [InlineData((int)(ShardIndex.Flags.Quarantined | ShardIndex.Flags.Closed), 1, true, true, nameof(AuditOutcome.PutAside))]
    [InlineData((int)(ShardIndex.Flags.Asked | ShardIndex.Flags.Closed), 1, true, true, nameof(AuditOutcome.Labelled))]
    // What made it ready to be judged is lost, and will come again: it stays a label, and the shard does not answer until then.
    [InlineData((int)(ShardIndex.Flags.Asked | ShardIndex.Flags.Closed), 1, true, false, nameof(AuditOutcome.Labelled))]
    [InlineData((int)(ShardIndex.Flags.Imported | ShardIndex.Flags.Closed), 1, false, true, nameof(AuditOutcome.Labelled))]
    [InlineData((int)(ShardIndex.Flags.Imported | ShardIndex.Flags.Closed), 1, false, false, nameof(AuditOutcome.NotYet))]
    [InlineData((int)(ShardIndex.Flags.Asked | ShardIndex.Flags.Closed), -1, true, true, nameof(AuditOutcome.Unlabelled))]
    [InlineData((int)(ShardIndex.Flags.Asked), -1, true, true, nameof(AuditOutcome.Open))]
    [InlineData((int)(ShardIndex.Flags.None), -1, false, true, nameof(AuditOutcome.NotYet))]
    public void Every_image_of_the_sample_has_one_outcome(int flags, int label, bool wasAsked, bool isScored, string outcome) =>
        Assert.Equal(outcome, AuditSample.OutcomeOf((ShardIndex.Flags)flags, label, wasAsked, isScored).ToString());

    [Fact]
    public void Fewer_images_than_were_drawn_are_an_error_and_no_smaller_sample()
    {
        LabelledRows[] whole = [Part(3, new AuditRest(1, 2, 3, 4)), Part(0, new AuditRest(0, 0, 0, 1))];
        Assert.Equal(new AuditRest(1, 2, 3, 5), AuditSample.RestOf(whole));
        AuditSample.Check(whole, 14);
        AuditSample.Check(whole, 0);
        // An earlier release drew it, and did not write down how many they were.
        AuditSample.Check([], null);
        Assert.Contains("15 images", Assert.Throws<OrleansException>(() => AuditSample.Check(whole, 15)).Message, StringComparison.Ordinal);
        // A shard of the last release, or one that forgot.
        Assert.Throws<OrleansException>(() => AuditSample.Check([whole[0], Part(0, null)], 14));
        AuditSample.Check([whole[0], Part(1, null)], 14);
    }
}
