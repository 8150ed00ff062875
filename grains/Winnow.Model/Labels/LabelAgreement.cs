namespace Winnow.Model.Labels;

/// <summary>
/// Whether two people said the same of an image. Nobody draws the same shape twice: two shapes of a kind and class are the same where their
/// upright extents share at least half of what they cover together (intersection over union, as PASCAL VOC counts detections: Everingham
/// et al. 2010). Attributes and texts are to be equal. Pure, and the same whichever of the two comes first.
/// </summary>
public static class LabelAgreement
{
    /// <summary>The least intersection over union of two shapes that are the same.</summary>
    public const double LeastOverlap = 0.5;

    /// <summary>Whether each annotation of the one is one of the other.</summary>
    public static bool Agree(IReadOnlyList<Annotation> one, IReadOnlyList<Annotation> other)
    {
        if (one.Count != other.Count) return false;
        if (one.Count == 0) return true;
        var (left, right) = (Read(one), Read(other));
        // Most pairs that there can be, best first: which of two like shapes is which does not matter as long as all find one.
        var pairs = new List<(double Overlap, int Left, int Right)>();
        for (var i = 0; i < left.Length; i++)
            for (var j = 0; j < right.Length; j++)
                if (left[i].SaysSameAs(right[j]) && Overlap(left[i].Extent, right[j].Extent) is >= LeastOverlap and var overlap)
                    pairs.Add((overlap, i, j));
        pairs.Sort((a, b) => a.Overlap != b.Overlap ? b.Overlap.CompareTo(a.Overlap)
            : (a.Left, a.Right).CompareTo((b.Left, b.Right)));
        var (taken, given) = (new bool[left.Length], new bool[right.Length]);
        var found = 0;
        foreach (var (_, i, j) in pairs)
        {
            if (taken[i] || given[j]) continue;
            taken[i] = given[j] = true;
            found++;
        }
        return found == left.Length;
    }

    /// <summary>Intersection over union of two extents; 1 where neither is a shape.</summary>
    public static double Overlap(in Extent? one, in Extent? other)
    {
        if (one is not { } first || other is not { } second) return one is null && other is null ? 1 : 0;
        if (first == second) return 1;
        var (a, b) = (first.Broad(), second.Broad());
        var width = Math.Min(a.Right, b.Right) - Math.Max(a.Left, b.Left);
        var height = Math.Min(a.Bottom, b.Bottom) - Math.Max(a.Top, b.Top);
        if (width <= 0 || height <= 0) return 0;
        var shared = width * height;
        return shared / (a.Area + b.Area - shared);
    }

    private readonly record struct Said(Annotation Annotation, Extent? Extent)
    {
        public bool SaysSameAs(in Said other) =>
            Annotation.GetType() == other.Annotation.GetType() && Annotation.Class == other.Annotation.Class
            && Annotation.Crowd == other.Annotation.Crowd && SameText(other.Annotation)
            && SameAttributes(Annotation.Attributes, other.Annotation.Attributes);

        private bool SameText(Annotation other) => Annotation is not TextAnnotation text || text.Text == ((TextAnnotation)other).Text;

        private static bool SameAttributes(
            IReadOnlyDictionary<string, AttributeValue>? one, IReadOnlyDictionary<string, AttributeValue>? other) =>
            (one?.Count ?? 0) == (other?.Count ?? 0)
            && (one is null || one.All(a => other!.TryGetValue(a.Key, out var value) && Equals(a.Value, value)));
    }

    private static Said[] Read(IReadOnlyList<Annotation> annotations) => [.. annotations.Select(a => new Said(a, Extent.Of(a)))];
}
