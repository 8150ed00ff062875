using System.Text.Json;
using Winnow.Model;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Web.Tests.Labels;

/// <summary>A kind of label, how a dataset of it is asked for on the command line, and what people say of a picture then.</summary>
internal sealed record LabelKind(string Name, string[] Task, Func<GarmentPicture, Annotation[]> Says)
{
    private const int Broad = 20_000;

    /// <summary>What is kept of what they say; the same unless something reaches beyond the picture.</summary>
    public Func<GarmentPicture, Annotation[]> Keeps { get; init; } = Says;

    /// <summary>Whether it goes all of its way on the command line.</summary>
    public bool OnCommandLine => Name is "boxes" or "all";

    /// <summary>Whether something that is said of a picture reaches beyond it.</summary>
    public bool IsCut(GarmentPicture picture) => Name == "boxes" && picture.Objects.Any(o => o.Cut && !IsTurned(o));

    /// <summary>The whole schema, where options cannot say it; null where they do.</summary>
    public LabelSchema? Schema { get; init; }

    /// <summary>Every task that <c>datasets create --task</c> knows but the one class, and one with all of a schema.</summary>
    public static IReadOnlyList<LabelKind> All(IReadOnlyList<string> classes) =>
    [
        new("tags", ["classes"], p => p.As(Geometry.Class)),
        new("boxes", ["boxes"], p => Boxes(p, o => IsTurned(o) ? Backwards(o.Turned) : o.Whole))
        {
            Keeps = p => Boxes(p, o => IsTurned(o) ? o.Turned : Within(o.Whole, p)),
        },
        new("polygons", ["polygons"], p => p.As(Geometry.Polygon)),
        new("masks", ["masks"], p => p.As(Geometry.Mask)),
        new("points", ["polylines", "keypoints"], p => [.. p.As(Geometry.Polyline), .. p.As(Geometry.Keypoints)]),
        new("text", ["text"], p => p.As(Geometry.Text)),
        new("all", [], p => [.. p.As(Geometry.Class), .. p.Objects.SelectMany((o, i) => WithAttributes(o, i))])
        {
            Schema = new LabelSchema
            {
                Classes = [.. classes.Select(c => new LabelClass(c) { Keypoints = GarmentObject.KeypointNames, Skeleton = [3, 0, 0, 4] })],
                Geometries = [Geometry.Class, Geometry.Box, Geometry.Keypoints],
                MultiLabel = true,
                Attributes =
                [
                    new LabelAttribute("cut", AttributeKind.Flag), new LabelAttribute("price", AttributeKind.Text),
                    new LabelAttribute("share", AttributeKind.Number),
                    new LabelAttribute("size", AttributeKind.Choice) { Options = ["large", "small"] },
                    new LabelAttribute("touches", AttributeKind.Choices) { Options = ["left", "top"] },
                ],
            },
        },
    ];

    /// <summary>As JSON, to compare to the last member.</summary>
    public static string Json(IReadOnlyList<Annotation>? annotations) =>
        annotations is null ? "none" : JsonSerializer.Serialize([.. annotations], ModelJson.Default.AnnotationArray);

    private static Annotation[] Boxes(GarmentPicture picture, Func<GarmentObject, Box> box) =>
        [.. picture.Objects.Select(o => new BoxAnnotation(o.Class, box(o)))];

    private static IEnumerable<Annotation> WithAttributes(GarmentObject one, int number)
    {
        var said = new SortedDictionary<string, AttributeValue>(StringComparer.Ordinal)
        {
            ["cut"] = AttributeValue.Of(one.Cut),
            ["share"] = AttributeValue.Of(one.Area / (one.Box.Width * one.Box.Height)),
            ["size"] = AttributeValue.Of(one.Area > Broad ? "large" : "small"),
            ["touches"] = AttributeValue.Of([.. Edges(one)]),
        };
        if (one.Tag is { } tag) said["price"] = AttributeValue.Of(tag.Text);
        yield return new BoxAnnotation(one.Class, one.Box) { Id = $"garment {number}", Attributes = said, Crowd = number == 1 };
        yield return new KeypointsAnnotation(one.Class, one.Keypoints) { Source = "by eye" };
    }

    private static IEnumerable<string> Edges(GarmentObject one)
    {
        if (one.Box.X == 0) yield return "left";
        if (one.Box.Y == 0) yield return "top";
    }

    private static Box Within(Box box, GarmentPicture picture)
    {
        var (left, top) = (Math.Max(0, box.X), Math.Max(0, box.Y));
        return new Box(left, top, Math.Min(picture.Width, box.X + box.Width) - left, Math.Min(picture.Height, box.Y + box.Height) - top);
    }

    private static bool IsTurned(GarmentObject one) => one.Turned.Rotation != 0;

    /// <summary>The same box, said the other way round: it is kept as turned clockwise.</summary>
    private static Box Backwards(Box box) => box with { Rotation = box.Rotation - 360 };
}
