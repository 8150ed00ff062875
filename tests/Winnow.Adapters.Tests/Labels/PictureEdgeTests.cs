using CsCheck;
using Winnow.Model.Labels;

namespace Winnow.Adapters.Tests.Labels;

/// <summary>What reaches beyond the picture is cut, moved or refused by one rule.</summary>
public sealed class PictureEdgeTests
{
    private const int Width = 100, Height = 60;

    private static Annotation Fit(Annotation annotation)
    {
        var kept = PictureEdge.Fit([annotation], Width, Height, out var wrong);
        Assert.Null(wrong);
        return Assert.Single(kept);
    }

    private static string Refused(Annotation annotation)
    {
        PictureEdge.Fit([annotation], Width, Height, out var wrong);
        return wrong ?? throw new InvalidOperationException($"{annotation} was taken.");
    }

    [Theory]
    [InlineData(10, 10, 20, 20, 10, 10, 20, 20)]
    [InlineData(-5, -5, 20, 20, 0, 0, 15, 15)]
    [InlineData(90, 50, 20, 20, 90, 50, 10, 10)]
    [InlineData(-10, -10, 500, 500, 0, 0, 100, 60)]
    [InlineData(99.5, 0, 1, 1, 99.5, 0, 0.5, 1)]
    public void Boxes_are_cut(double x, double y, double width, double height, double toX, double toY, double toWidth, double toHeight) =>
        Assert.Equal(
            new Box(toX, toY, toWidth, toHeight), ((BoxAnnotation)Fit(new BoxAnnotation("cat", new Box(x, y, width, height)))).Box);

    [Theory]
    [InlineData(100, 0, 5, 5)]
    [InlineData(-5, 0, 5, 5)]
    [InlineData(0, 1_000, 5, 5)]
    public void A_box_beside_the_picture_is_refused(double x, double y, double width, double height) =>
        Assert.Contains("outside the picture, which has 100 × 60 pixels", Refused(new BoxAnnotation("cat", new Box(x, y, width, height))),
            StringComparison.Ordinal);

    [Fact]
    public void A_turned_box_belongs_to_the_picture_by_its_centre()
    {
        var turned = new BoxAnnotation("cat", new Box(-10, -10, 30, 30) { Rotation = 45 });
        Assert.Same(turned, Fit(turned));
        Assert.Contains("centre", Refused(turned with { Box = turned.Box with { X = -20 } }), StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_and_keypoints_are_moved_by_a_pixel_and_no_further()
    {
        Assert.Equal([0, 0, 100, 60], ((PolylineAnnotation)Fit(new PolylineAnnotation("cat", [-0.5, -1, 100.9, 60.2]))).Points);
        Assert.Contains("-1.5, 0", Refused(new PolylineAnnotation("cat", [0, 0, -1.5, 0])), StringComparison.Ordinal);
        // What nobody labelled is nowhere.
        Assert.Equal([100, 3, 2, 0, 0, 0], ((KeypointsAnnotation)Fit(new KeypointsAnnotation("cat", [100.4, 3, 2, 500, 500, 0]))).Points);
        Assert.Contains("keypoint", Refused(new KeypointsAnnotation("cat", [500, 3, 1])), StringComparison.Ordinal);
    }

    [Fact]
    public void A_mask_is_as_large_as_the_picture()
    {
        var whole = new MaskAnnotation("cat", new RunLengthMask(Width, Height, [0, Width * Height]));
        Assert.Same(whole, Fit(whole));
        Assert.Contains("60 × 100 pixels on a picture of 100 × 60",
            Refused(new MaskAnnotation("cat", new RunLengthMask(Height, Width, [0, Width * Height]))), StringComparison.Ordinal);
    }

    [Fact]
    public void Rings_that_lie_outside_go_and_the_others_stay()
    {
        IReadOnlyList<double> inside = [10, 10, 20, 10, 20, 20], outside = [200, 10, 220, 10, 220, 20];
        var cut = (PolygonAnnotation)Fit(new PolygonAnnotation("cat", outside) { Rings = [inside] });
        Assert.Equal((inside, null), (cut.Points, cut.Rings));
        Assert.Contains("polygon", Refused(new PolygonAnnotation("cat", outside)), StringComparison.Ordinal);
        Assert.Contains("region of text", Refused(new TextAnnotation("cat", outside, "stop")), StringComparison.Ordinal);
        // One that only touches the edge holds no pixel.
        Assert.Contains("polygon", Refused(new PolygonAnnotation("cat", [100, 0, 120, 0, 100, 20])), StringComparison.Ordinal);
    }

    [Fact]
    public void What_lies_within_stays_the_same_list()
    {
        Annotation[] within = [new ClassTag("cat"), new BoxAnnotation("cat", new Box(0, 0, Width, Height)),
            new PolygonAnnotation("cat", [0, 0, Width, 0, Width, Height])];
        Assert.Same(within, PictureEdge.Fit(within, Width, Height, out _));
    }

    /// <summary>A point within the picture is of the cut polygon exactly where it is of the whole one.</summary>
    [Fact]
    public void Cutting_changes_no_pixel_of_the_picture() =>
        Gen.Select(
            Gen.Double[-150, 250].Array[6, 24].Where(p => p.Length % 2 == 0),
            Gen.Select(Gen.Int[0, Width - 1].Select(Off), Gen.Int[0, Height - 1].Select(Off)).Array[20]).Sample((ring, points) =>
        {
            var kept = PictureEdge.Fit([new PolygonAnnotation("cat", ring)], Width, Height, out var wrong);
            var cut = wrong is null ? ((PolygonAnnotation)kept[0]).Points : [];
            for (var i = 0; i < cut.Count; i += 2)
                Assert.True(cut[i] is >= 0 and <= Width && cut[i + 1] is >= 0 and <= Height, $"{cut[i]}, {cut[i + 1]}");
            foreach (var (x, y) in points) Assert.Equal(Holds(ring, x, y), Holds(cut, x, y));
        }, iter: 2_000);

    // On no edge of the picture, and hardly on one of a ring, where either answer is right.
    private static double Off(int pixel) => pixel + 0.61803398875;

    // Jordan's curve theorem: a ray from the point crosses the ring an odd number of times.
    private static bool Holds(IReadOnlyList<double> ring, double x, double y)
    {
        var holds = false;
        for (int i = 0, last = ring.Count - 2; i < ring.Count; last = i, i += 2)
            if (ring[i + 1] > y != ring[last + 1] > y
                && x < (ring[last] - ring[i]) * (y - ring[i + 1]) / (ring[last + 1] - ring[i + 1]) + ring[i])
                holds = !holds;
        return holds;
    }
}
