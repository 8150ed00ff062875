using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Studio.Images;

/// <summary>What people and machines said, in words.</summary>
internal static class AnnotationWords
{
    /// <summary>Classes, each with how often it is there and as what.</summary>
    public static string Of(IReadOnlyList<Annotation> annotations) => annotations.Count == 0 ? "nothing of it"
        : string.Join(", ", annotations.GroupBy(a => (a.Class, Shape: ShapeOf(a)))
            .Select(g => g.Key.Shape is { } shape ? $"{g.Count()} {g.Key.Class} ({shape})" : g.Key.Class));

    public static string Of(Decision decision) => decision.Kind switch
    {
        DecisionKind.Label => Of(decision.Annotations),
        DecisionKind.Gold when decision.Annotations.Count > 0 => Of(decision.Annotations),
        DecisionKind.TakeBack => $"took back {decision.Of}",
        DecisionKind.AskAgain => "asked again",
        DecisionKind.Reject => "no class fits",
        DecisionKind.Skip => "could not tell",
        DecisionKind.Confirm => "it is so",
        _ => "what stands is certain",
    };

    private static string? ShapeOf(Annotation annotation) => annotation is ClassTag ? null
        : annotation.GetType().Name.Replace("Annotation", "", StringComparison.Ordinal).ToLowerInvariant();
}
