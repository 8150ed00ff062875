using Winnow.Grains.Columns;
using Winnow.Grains.Evaluation;

namespace Winnow.Cluster.Tests.Training;

public sealed class PromotionRuleTests
{
    private static bool[] Right(int hits, int of) => [.. Enumerable.Range(0, of).Select(i => i < hits)];

    [Fact]
    public void The_first_model_is_promoted() => Assert.True(PromotionRule.Decide([1.0], [], [false], [], true).Promote);

    [Fact]
    public void The_lower_log_loss_wins()
    {
        Assert.True(PromotionRule.Decide([0.5, 0.5], [0.6, 0.6], Right(2, 2), Right(2, 2), true).Promote);
        Assert.False(PromotionRule.Decide([0.7, 0.5], [0.5, 0.6], Right(2, 2), Right(2, 2), false).Promote);
    }

    [Fact]
    public void More_labels_excuse_what_chance_explains_and_no_more()
    {
        Assert.True(PromotionRule.Decide([0.9, 0.1, 0.8, 0.3], [0.5, 0.4, 0.6, 0.5], Right(4, 4), Right(4, 4), true).Promote);
        Assert.False(PromotionRule.Decide([0.61, 0.62, 0.6, 0.61], [0.5, 0.51, 0.5, 0.5], Right(4, 4), Right(4, 4), true).Promote);
    }

    [Fact]
    public void A_significant_loss_of_accuracy_vetoes()
    {
        var losses = Enumerable.Repeat(0.1, 20).ToArray();
        var worse = Enumerable.Repeat(0.9, 20).ToArray();
        var decision = PromotionRule.Decide(losses, worse, Right(10, 20), Right(20, 20), true);
        Assert.False(decision.Promote);
        Assert.Contains("Accuracy fell", decision.Reason);
    }

    [Fact]
    public void Without_an_audit_sample_more_labels_decide()
    {
        Assert.True(PromotionRule.Decide([], [], [], [], true).Promote);
        Assert.False(PromotionRule.Decide([], [], [], [], false).Promote);
        Assert.Contains("None of 7 audit images", PromotionRule.Unmeasured(7, true).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Audit_images_without_a_label_excuse_nothing()
    {
        // Wrong under both: neither better nor worse for them.
        var better = PromotionRule.Decide([0.5, 0.5, 0.69, 0.69], [0.6, 0.6, 0.69, 0.69], Right(2, 4), Right(2, 4), true);
        var worse = PromotionRule.Decide([0.61, 0.62, 0.6, 0.61, 0.69], [0.5, 0.51, 0.5, 0.5, 0.69], Right(4, 5), Right(4, 5), true);
        Assert.Equal((true, false), (better.Promote, worse.Promote));
    }
}

public sealed class AuditEvaluationTests
{
    [Fact]
    public void Each_half_is_judged_under_the_other_halfs_temperature()
    {
        // Even rows are always right, odd rows always wrong: a temperature fitted on itself would flatter the even half.
        var labels = Enumerable.Range(0, 100).Select(_ => 0).ToArray();
        var logits = Enumerable.Range(0, 100).SelectMany(i => i % 2 == 0 ? new[] { 3f, 0f } : [0f, 3f]).ToArray();
        var result = AuditEvaluation.Measure(logits, labels, 2, 1);
        Assert.Equal(50, result.Right.Count(r => r));
        // The even half under the flattest temperature, the odd half under the sharpest.
        Assert.Equal(Math.Log(1 + Math.Exp(-3.0 / 20)), result.Losses[0], 2);
        Assert.True(result.Losses[1] > 20);
    }

    [Fact]
    public void Logits_beyond_the_exponential_give_numbers()
    {
        var result = AuditEvaluation.Measure([500f, 0f, 0f, 500f], [0, 0], 2, 0.05f);
        Assert.All(result.Losses, l => Assert.True(double.IsFinite(l)));
        Assert.Equal([true, false], result.Right);
    }

    [Fact]
    public void Images_without_a_label_are_wrong_under_any_model()
    {
        var labelled = AuditEvaluation.Measure([2f, 0f, 0f, 2f], [0, 1], 2, 1);
        var result = AuditEvaluation.Measure([2f, 0f, 0f, 2f], [0, 1], 2, 1, unlabelled: 2);
        Assert.Equal([true, true, false, false], result.Right);
        Assert.Equal([.. labelled.Losses, Math.Log(2), Math.Log(2)], result.Losses);
        var metrics = AuditEvaluation.ToMetrics(result, [0, 1], 2, (0, 0, 0), null);
        Assert.Equal((4, 2, 0.5), (metrics.AuditCount, metrics.AuditUnlabelled, metrics.AuditAccuracy));
        Assert.Equal(result.Losses.Average(), metrics.AuditLogLoss);
        Assert.Equal(AuditEvaluation.ToMetrics(labelled, [0, 1], 2, (0, 0, 0), null).AuditCalibrationError, metrics.AuditCalibrationError);
        // Nothing but those.
        var none = AuditEvaluation.ToMetrics(AuditEvaluation.Measure([], [], 2, 1, unlabelled: 3), [], 2, (0, 0, 0), null);
        Assert.Equal((3, 3, 0.0, null), (none.AuditCount, none.AuditUnlabelled, none.AuditAccuracy, none.AuditCalibrationError));
    }

    [Fact]
    public void A_small_sample_takes_the_fallback()
    {
        var result = AuditEvaluation.Measure([2f, 0f], [0], 2, 2);
        Assert.Equal(Math.Log(1 + Math.Exp(-1)), result.Losses[0], 5);
    }
}

public sealed class SegmentFormatTests
{
    [Fact]
    public void A_segment_says_what_it_holds_and_notices_damage()
    {
        var segment = SegmentFormat.Allocate(8, 3);
        SegmentFormat.Rows(segment).Fill(7);
        SegmentFormat.Seal(segment, new SegmentHeader(8, 40, 3));
        Assert.Equal(new SegmentHeader(8, 40, 3), SegmentFormat.Read(segment));
        Assert.True(SegmentFormat.IsIntact(segment));
        segment[^1] ^= 1;
        Assert.False(SegmentFormat.IsIntact(segment));
        for (var length = 0; length < segment.Length; length++) Assert.Throws<InvalidDataException>(() => SegmentFormat.Read(segment.AsSpan(0, length)));
    }

    [Fact]
    public void Rows_are_found_over_several_segments()
    {
        var column = new SegmentColumn(4);
        foreach (var (first, count) in new[] { (0, 3), (3, 1), (4, 5) })
        {
            var segment = SegmentFormat.Allocate(4, count);
            for (var i = 0; i < count; i++) BitConverter.TryWriteBytes(SegmentFormat.Rows(segment)[(4 * i)..], first + i);
            SegmentFormat.Seal(segment, new SegmentHeader(4, first, count));
            column = column.With("key", new Owner(segment));
        }
        for (var o = 0; o < 9; o++) Assert.Equal(o, column.Row<int>(o)[0]);
        Assert.Equal([4, 5, 6], column.Rows<int>(4, 3, out _).ToArray());
        Assert.Throws<InvalidDataException>(() =>
        {
            var gap = SegmentFormat.Allocate(4, 1);
            SegmentFormat.Seal(gap, new SegmentHeader(4, 10, 1));
            column.With("key", new Owner(gap));
        });
    }

    private sealed class Owner(byte[] bytes) : System.Buffers.IMemoryOwner<byte>
    {
        public Memory<byte> Memory => bytes;

        public void Dispose()
        {
        }
    }
}
