using CsCheck;
using Winnow.Model.Labels;

namespace Winnow.Adapters.Tests.Labels;

/// <summary>Whether two people said the same, and the extents by which shapes are compared.</summary>
public sealed class LabelAgreementTests
{
    private static BoxAnnotation Box(string name, double x, double y, double width, double height) =>
        new(name, new Box(x, y, width, height));

    private static readonly Gen<Annotation> Some = Gen.Select(Gen.Int[0, 4], Gen.Int[0, 1], Gen.Int[0, 6], Gen.Int[0, 6], Gen.Int[1, 6])
        .Select((kind, name, x, y, size) => (Annotation)(kind switch
        {
            0 => new ClassTag($"c{name}"),
            1 => Box($"c{name}", x, y, size, size + 1),
            2 => new PolygonAnnotation($"c{name}", [x, y, x + size, y, x, y + size]),
            3 => new KeypointsAnnotation($"c{name}", [x, y, 2, 0, 0, 0, x + size, y + size, 1]),
            _ => new TextAnnotation($"c{name}", [x, y, x + size, y, x, y + size], "stop"),
        }));

    [Fact]
    public void Shapes_of_a_class_that_share_half_of_what_they_cover_are_the_same()
    {
        Assert.True(LabelAgreement.Agree([Box("cat", 0, 0, 10, 10)], [Box("cat", 1, 1, 10, 10)]));
        // 10 × 5 of 10 × 15 is a third.
        Assert.False(LabelAgreement.Agree([Box("cat", 0, 0, 10, 10)], [Box("cat", 0, 5, 10, 10)]));
        Assert.False(LabelAgreement.Agree([Box("cat", 0, 0, 10, 10)], [Box("dog", 0, 0, 10, 10)]));
        Assert.False(LabelAgreement.Agree([Box("cat", 0, 0, 10, 10)], []));
        Assert.True(LabelAgreement.Agree([], []));
        Assert.False(LabelAgreement.Agree([Box("cat", 0, 0, 4, 4)], [new PolygonAnnotation("cat", [0, 0, 4, 0, 4, 4, 0, 4])]));
    }

    [Fact]
    public void Texts_and_attributes_are_to_be_equal_and_confidences_are_not()
    {
        TextAnnotation Text(string text) => new("sign", [0, 0, 9, 0, 9, 4], text);
        Assert.True(LabelAgreement.Agree([Text("stop")], [Text("stop") with { Points = [0, 0, 9, 0, 9, 4.5] }]));
        Assert.False(LabelAgreement.Agree([Text("stop")], [Text("step")]));
        ClassTag Tag(string? state) => new("cat")
        {
            Attributes = state is null ? null : new Dictionary<string, AttributeValue> { ["state"] = AttributeValue.Of(state) },
        };
        Assert.True(LabelAgreement.Agree([Tag("asleep")], [Tag("asleep") with { Confidence = 0.5, Source = "yolo" }]));
        Assert.False(LabelAgreement.Agree([Tag("asleep")], [Tag("awake")]));
        Assert.False(LabelAgreement.Agree([Tag("asleep")], [Tag(null)]));
    }

    [Fact]
    public void Of_like_shapes_each_finds_one_and_none_two()
    {
        Annotation[] two = [Box("cat", 0, 0, 10, 10), Box("cat", 20, 0, 10, 10)];
        Assert.True(LabelAgreement.Agree(two, [Box("cat", 21, 0, 10, 10), Box("cat", 0, 1, 10, 10)]));
        Assert.False(LabelAgreement.Agree(two, [Box("cat", 0, 0, 10, 10), Box("cat", 0, 0, 10, 10)]));
    }

    [Fact]
    public void It_does_not_matter_who_comes_first_nor_in_which_order_they_say_it() =>
        Gen.Select(Some.Array[0, 6], Some.Array[0, 6], Gen.Int[0, 1000]).Sample((one, other, seed) =>
        {
            Assert.Equal(LabelAgreement.Agree(one, other), LabelAgreement.Agree(other, one));
            var shuffled = one.ToArray();
            new Random(seed).Shuffle(shuffled);
            Assert.True(LabelAgreement.Agree(one, shuffled));
        });

    [Fact]
    public void An_extent_is_the_upright_rectangle_around_a_shape()
    {
        Assert.Null(Extent.Of(new ClassTag("cat")));
        Assert.Equal(new Extent(1, 2, 4, 6), Extent.Of(Box("cat", 1, 2, 3, 4)));
        var turned = Extent.Of(new BoxAnnotation("cat", new Box(0, 0, 4, 2) { Rotation = 90 }))!.Value;
        Assert.Equal((1.0, -1.0, 3.0, 3.0), (Math.Round(turned.Left, 9), Math.Round(turned.Top, 9), Math.Round(turned.Right, 9),
            Math.Round(turned.Bottom, 9)));
        Assert.Equal(new Extent(0, 0, 9, 8), Extent.Of(
            new PolygonAnnotation("cat", [0, 0, 5, 0, 0, 5]) { Rings = [[6, 6, 9, 6, 6, 8]] }));
        // What is not labelled lies nowhere, and what is level has no area.
        var level = Extent.Of(new KeypointsAnnotation("cat", [0, 0, 0, 3, 4, 2, 7, 4, 1]))!.Value;
        Assert.Equal((new Extent(3, 4, 7, 4), new Extent(3, 3.5, 7, 4.5)), (level, level.Broad()));
        Assert.Null(Extent.Of(new KeypointsAnnotation("cat", [0, 0, 0])));
        // Columns of three: the second pixel of the first, then all of the second.
        Assert.Equal(new Extent(0, 1, 1, 2), Extent.Of(new MaskAnnotation("cat", new RunLengthMask(2, 3, [1, 1, 4]))));
        Assert.Equal(new Extent(0, 0, 2, 3), Extent.Of(new MaskAnnotation("cat", new RunLengthMask(2, 3, [2, 4]))));
        Assert.Null(Extent.Of(new MaskAnnotation("cat", new RunLengthMask(2, 3, [6]))));
    }

    /// <summary>The extent of a mask against a reading of its pixels.</summary>
    [Fact]
    public void The_extent_of_a_mask_is_that_of_its_pixels() =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[1, 5], Gen.Int[0, 6].Array[1, 12]).Sample((width, height, runs) =>
        {
            var left = width * height;
            var counts = new List<int>();
            foreach (var run in runs)
            {
                counts.Add(Math.Min(run, left));
                left -= counts[^1];
            }
            counts.Add(left);
            var set = new List<(int X, int Y)>();
            var at = 0;
            for (var i = 0; i < counts.Count; i++)
                for (var n = 0; n < counts[i]; n++, at++)
                    if (i % 2 == 1) set.Add((at / height, at % height));
            Extent? expected = set.Count == 0 ? null
                : new Extent(set.Min(p => p.X), set.Min(p => p.Y), set.Max(p => p.X) + 1, set.Max(p => p.Y) + 1);
            Assert.Equal(expected, Extent.Of(new MaskAnnotation("cat", new RunLengthMask(width, height, counts))));
        });
}
