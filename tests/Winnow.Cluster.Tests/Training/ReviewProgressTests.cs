using Winnow.Abstractions.Training;
using Winnow.Grains.Training;
using Winnow.Model.Training;

namespace Winnow.Cluster.Tests.Training;

/// <summary>When a round has heard enough of people, and what became of each image that it asked about.</summary>
public sealed class ReviewProgressTests
{
    private static OutcomeCounts Counts(int rejected = 0, int skipped = 0, int withdrawn = 0, int open = 0, int skips = 0,
        params string[] by) =>
        new(rejected, skipped, withdrawn, open, skips, by);

    [Fact]
    public void Each_image_has_one_outcome_and_together_they_are_all_that_was_chosen()
    {
        // 2 + 1 labelled, 1 rejected, 2 skipped for good, 1 withdrawn, 2 open and skipped, 1 open; and one that no shard asks about any
        // more.
        var progress = ReviewProgress.Of(
            [new(7, 5, 4, 2, Counts(rejected: 1, skipped: 2, open: 2, skips: 3, by: "ann"), Counts(rejected: 1)),
                new(3, 2, 0, 0, Counts(withdrawn: 1), Counts())], selected: 11);
        Assert.Equal(new RoundOutcomes(3, 1, 4, 1, 2), progress.Own);
        Assert.Equal(new RoundOutcomes(1, 1, 0, 0, 2), progress.Audit);
        Assert.Equal((7, 5, 2), (progress.Decided, progress.Open, progress.OpenSkipped));
        Assert.False(progress.AllDecided);
        Assert.False(progress.OnlySkippedLeft);
    }

    [Fact]
    public void Shards_of_the_last_release_count_what_is_decided_as_labelled()
    {
        var progress = ReviewProgress.Of([new(7, 5, 4, 2)], selected: 7);
        Assert.Equal(new RoundOutcomes(5, 0, 0, 0, 2), progress.Own);
        Assert.Equal(new RoundOutcomes(2, 0, 0, 0, 2), progress.Audit);
        Assert.False(progress.SkippedByAll(["ann"]));
    }

    [Fact]
    public void What_everybody_at_work_could_not_tell_is_waited_for_no_longer()
    {
        // Ann could not tell of any; Bob of none in the second shard; Eve of none of the audit sample.
        var progress = ReviewProgress.Of(
            [new(3, 1, 2, 1, Counts(open: 2, skips: 6, by: ["ann", "bob", "eve"]), Counts(open: 1, skips: 2, by: ["ann", "bob"])),
                new(1, 0, 0, 0, Counts(open: 1, skips: 2, by: ["ann", "eve"]), Counts())],
            selected: 4);
        Assert.True(progress.OnlySkippedLeft);
        Assert.Equal(["ann"], progress.SkippedBy);
        Assert.True(progress.SkippedByAll(["ann"]));
        Assert.False(progress.SkippedByAll(["ann", "bob"]));
        Assert.False(progress.SkippedByAll(["zoe"]));
        // Nobody there: somebody may come yet.
        Assert.False(progress.SkippedByAll([]));
    }

    [Fact]
    public void While_one_image_was_shown_to_nobody_there_is_something_to_wait_for()
    {
        Assert.False(ReviewProgress.Of([new(3, 1, 0, 0, Counts(open: 1, skips: 1, by: "ann"), Counts())], 3).SkippedByAll(["ann"]));
        Assert.False(ReviewProgress.Of([new(1, 0, 1, 0, Counts(open: 1, skips: 1, by: "ann"), Counts())], 1).SkippedByAll(["ann"]));
    }

    [Fact]
    public void Every_word_is_heard()
    {
        int Heard(ArmProgress shard) => ReviewProgress.Of([shard], 9).Heard;

        var silent = Heard(new(9, 2, 5, 1, Counts(), Counts()));
        Assert.Equal(silent + 1, Heard(new(9, 3, 5, 1, Counts(), Counts())));
        Assert.Equal(silent + 1, Heard(new(9, 2, 5, 2, Counts(), Counts())));
        Assert.Equal(silent + 1, Heard(new(9, 2, 5, 1, Counts(open: 1, skips: 1, by: "ann"), Counts())));
        // The same image once more.
        Assert.Equal(silent + 2, Heard(new(9, 2, 5, 1, Counts(open: 1, skips: 2), Counts())));
        Assert.Equal(silent + 3, Heard(new(9, 2, 5, 1, Counts(open: 1, skips: 2), Counts(open: 1, skips: 1))));
    }
}
