using Winnow.Model.Review;
using Winnow.Studio.Label;

namespace Winnow.Studio.Similar;

/// <summary>One image of a lot, and what a person says of it so far.</summary>
internal sealed class AlikeTile(ReviewTask task)
{
    public ReviewTask Task => task;

    /// <summary>How sure the model is; null where it says nothing.</summary>
    public double? Sure { get; init; }

    /// <summary>Whether it is not what the others are.</summary>
    public bool IsOut { get; set; }

    /// <summary>The place of the class that it is instead; null while that is not said.</summary>
    public int? Class { get; set; }
}

/// <summary>Images that the model takes for one class, in the order in which they lie close together.</summary>
internal sealed class AlikeLot
{
    public AlikeLot(IReadOnlyList<ReviewTask> tasks, Winnow.Model.Labels.LabelSchema schema, long since)
    {
        Since = since;
        var proposals = tasks.Select(t => Proposal.Of(t, schema)).ToList();
        // The server gives images of one class; where it takes them for none, somebody says which.
        Class = proposals.FirstOrDefault(p => p is { Classes.Count: 1 }) is { } first
            && proposals.All(p => p is { Classes.Count: 1 } && p.Classes[0] == first.Classes[0]) ? first.Classes[0] : null;
        Tiles = [.. tasks.Select((t, i) => new AlikeTile(t)
        {
            Sure = proposals[i] is { Classes: [var one] } p && p.Sureness.TryGetValue(one, out var sure) ? sure : null,
        })];
    }

    public IReadOnlyList<AlikeTile> Tiles { get; }

    /// <summary>The place of the class; null where the model takes them for none.</summary>
    public int? Class { get; set; }

    /// <summary>When it was first looked at, as a timestamp.</summary>
    public long Since { get; set; }

    public int Out => Tiles.Count(t => t.IsOut);

    /// <summary>What is said of each: its class, or null where it is left to be asked by itself.</summary>
    public IEnumerable<(AlikeTile Tile, int? Class)> Said => Tiles.Select(t => (t, t.IsOut ? t.Class : Class));
}
