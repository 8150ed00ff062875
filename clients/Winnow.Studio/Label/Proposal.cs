using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Studio.Label;

/// <summary>What a machine proposes for a task: of several the surest one.</summary>
/// <param name="Classes">Places in the schema, in its order.</param>
/// <param name="Source">Who proposes.</param>
/// <param name="Sureness">How sure it is of each, where it says so.</param>
public sealed record Proposal(IReadOnlyList<int> Classes, string Source, IReadOnlyDictionary<int, double> Sureness)
{
    public static Proposal? Of(ReviewTask? task, LabelSchema schema)
    {
        var best = task?.Prelabels.Where(p => p.Annotations.Count > 0 || schema.TakesNone)
            .MaxBy(p => p.Confidence ?? p.Annotations.Max(a => a.Confidence) ?? 0);
        if (best is null) return null;
        var places = best.Annotations.OfType<ClassTag>().Select(a => (Place: schema.IndexOf(a.Class), a.Confidence))
            .Where(a => a.Place >= 0).OrderBy(a => a.Place).ToList();
        // What names classes that the schema has not proposes nothing.
        if (places.Count != best.Annotations.Count) return null;
        return new Proposal([.. places.Select(p => p.Place)], best.Source,
            places.Where(p => p.Confidence is not null).DistinctBy(p => p.Place).ToDictionary(p => p.Place, p => p.Confidence!.Value));
    }
}
