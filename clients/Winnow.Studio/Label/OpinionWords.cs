using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Studio.Shell;

namespace Winnow.Studio.Label;

/// <summary>What somebody said of an image, in a few words.</summary>
internal static class OpinionWords
{
    public static string Of(Opinion opinion, LabelSchema schema)
    {
        if (opinion.Kind == DecisionKind.Reject) return "rejected";
        if (opinion.Annotations.Count == 0) return "nothing is there";
        return string.Join(", ", opinion.Annotations.GroupBy(a => a.Class).Select(g =>
        {
            var name = schema.IndexOf(g.Key) is >= 0 and var at ? ClassPanel.NameOf(schema.Classes[at]) : g.Key;
            return g.Count() == 1 ? name : $"{Counted.Of(g.Count())} × {name}";
        }));
    }
}
