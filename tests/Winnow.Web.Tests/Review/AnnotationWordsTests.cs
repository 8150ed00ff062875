using Winnow.Cli.Review;
using Winnow.Model.Labels;

namespace Winnow.Web.Tests.Review;

/// <summary>How the command line tells annotations.</summary>
public sealed class AnnotationWordsTests
{
    private static BoxAnnotation Box(double x) => new("cat", new Box(x, 2, 30, 40.25));

    [Fact]
    public void A_few_are_told_with_their_places_and_many_are_counted()
    {
        Assert.Equal("cat, box cat at 1,2, 30 × 40.3", AnnotationWords.Of([new ClassTag("cat"), Box(1)]));
        Assert.NotEqual(AnnotationWords.Of([Box(1)]), AnnotationWords.Of([Box(1.5)]));
        Assert.Equal("4 × box cat, dog", AnnotationWords.Of([Box(1), Box(2), Box(3), Box(4), new ClassTag("dog")]));
        Assert.Equal("box cat at 1,2, 30 × 40.3 turned by 12.5°",
            AnnotationWords.Of([new BoxAnnotation("cat", new Box(1, 2, 30, 40.25) { Rotation = 12.5 })]));
    }

    [Fact]
    public void Each_shape_says_where_it_is()
    {
        Assert.Equal("polygon cat at 1,2, 8 × 7", AnnotationWords.Of([new PolygonAnnotation("cat", [1, 2, 9, 2, 9, 9])]));
        Assert.Equal("polyline cat at 0,0, 5 × 5", AnnotationWords.Of([new PolylineAnnotation("cat", [0, 0, 5, 5])]));
        Assert.Equal("keypoints cat at 3,4, 0 × 0", AnnotationWords.Of([new KeypointsAnnotation("cat", [3, 4, 2, 0, 0, 0])]));
        Assert.Equal("mask cat of 3 pixels", AnnotationWords.Of([new MaskAnnotation("cat", new RunLengthMask(2, 2, [1, 3]))]));
        Assert.Equal("text cat at 0,0, 5 × 5, reads 'stop'", AnnotationWords.Of([new TextAnnotation("cat", [0, 0, 5, 0, 5, 5], "stop")]));
    }
}
