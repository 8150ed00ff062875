using Winnow.Abstractions.Review;
using Winnow.Model.Images;

namespace Winnow.Grains.Review;

/// <summary>
/// Images whose label is known, by which people are checked: each person is shown each of them once. They are set aside for nobody, since
/// any number of people may be at one. Pure bookkeeping.
/// </summary>
internal sealed class GoldStock
{
    private sealed record Gold(ReservedTask Task, HashSet<string> KnownTo);

    // Who was given one, or answered it, since it was fetched; the shard may not know of it when it is asked again.
    private readonly HashSet<(ImageId Image, string Actor)> _given = [];
    private Gold[] _gold = [];
    private HashSet<ImageId> _images = [];

    /// <summary>How many there are.</summary>
    public int Count => _gold.Length;

    /// <summary>Takes up what shards say there is.</summary>
    public void Renew(IEnumerable<ReservedTask> tasks)
    {
        static HashSet<string> KnownTo(ReservedTask task) =>
            new([.. task.AnsweredBy ?? [], .. task.SkippedBy ?? []], StringComparer.Ordinal);
        _gold = [.. tasks.Select(t => new Gold(t, KnownTo(t)))];
        _images = _gold.Select(g => g.Task.Image).ToHashSet();
        _given.RemoveWhere(g => !_images.Contains(g.Image));
    }

    /// <summary>Whether people are checked by an image.</summary>
    public bool Has(ImageId image) => _images.Contains(image);

    /// <summary>Whether a person has said what an image shows, as its shard knew when it was fetched.</summary>
    public bool IsKnownTo(ImageId image, string actor) =>
        Array.Exists(_gold, g => g.Task.Image == image && g.KnownTo.Contains(actor));

    /// <summary>One that this person has not been shown; null when there is none.</summary>
    /// <param name="actor">The person.</param>
    /// <param name="draw">In (0, 1): where in the order it is looked for, so that not all meet the same ones first.</param>
    public ReservedTask? Take(string actor, double draw)
    {
        var from = (int)(draw * _gold.Length);
        for (var i = 0; i < _gold.Length; i++)
        {
            var gold = _gold[(from + i) % _gold.Length];
            if (gold.KnownTo.Contains(actor) || !_given.Add((gold.Task.Image, actor))) continue;
            return gold.Task;
        }
        return null;
    }
}
