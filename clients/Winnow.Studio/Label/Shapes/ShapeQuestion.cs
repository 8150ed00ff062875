using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Studio.Label.Shapes;

/// <summary>What is asked of shapes at a moment. Where a machine proposes boxes, two questions come before any drawing.</summary>
internal enum ShapeStep
{
    /// <summary>What is there, and where?</summary>
    Draw,

    /// <summary>Are the proposed boxes good?</summary>
    Good,

    /// <summary>Are all found?</summary>
    Found,
}

/// <summary>What a task about shapes begins with, and how it is put.</summary>
internal static class ShapeQuestion
{
    /// <summary>
    /// What is shown first: what others said where that is asked about, else the surest proposal. Tasks that are to be answered without a
    /// hint come without proposals.
    /// </summary>
    public static IReadOnlyList<Annotation> FirstOf(ReviewTask task, LabelSchema schema)
    {
        if (task.Kind is TaskKind.Verify or TaskKind.Arbitrate) return task.Opinions is [var said, ..] ? said.Annotations : [];
        var best = task.Prelabels.Where(p => p.Annotations.Count > 0)
            .MaxBy(p => p.Confidence ?? p.Annotations.Max(a => a.Confidence) ?? 0);
        // What the schema does not take proposes nothing.
        if (best is null || AnnotationRules.Check(best.Annotations, schema) is not null) return [];
        return [.. best.Annotations.Select(a =>
            a with { Source = a.Source ?? best.Source, Confidence = a.Confidence ?? best.Confidence })];
    }

    public static ShapeStep StepOf(ReviewTask task, IReadOnlyList<Annotation> first) =>
        task.Kind is TaskKind.Label or TaskKind.Qualify && first.Any(a => a is BoxAnnotation) ? ShapeStep.Good : ShapeStep.Draw;

    public static string Of(LabelSchema schema, CanvasState state)
    {
        var drawn = schema.Geometries.Where(g => g != Geometry.Class).Distinct().ToList();
        if (state.Armed == "keypoints" && schema.Classes[state.Place].Keypoints is { } names && state.Set < names.Count)
            return $"Where is {names[state.Set]}?";
        if (drawn.Count > 1) return "What is in the picture, and where?";
        return drawn[0] switch
        {
            Geometry.Box => "Draw a box around each",
            Geometry.Polygon => "Outline each",
            Geometry.Polyline => "Draw each line",
            Geometry.Keypoints => "Where are its points?",
            Geometry.Mask => "Paint each",
            _ => "What does it say?",
        };
    }

    /// <summary>What is wrong with a label set as it would be sent, in the server's own words, and which shape it is; -1 for none of them.
    /// </summary>
    public static (string Reason, int At)? Check(IReadOnlyList<Annotation> annotations, LabelSchema schema, (int Width, int Height) size)
    {
        for (var i = 0; i < annotations.Count; i++)
        {
            if (AnnotationRules.Check([annotations[i]], schema) is { } wrong) return (wrong, i);
            PictureEdge.Fit([annotations[i]], size.Width, size.Height, out var outside);
            if (outside is not null) return (outside, i);
        }
        return AnnotationRules.Check(annotations, schema) is { } together ? (together, -1) : null;
    }
}
