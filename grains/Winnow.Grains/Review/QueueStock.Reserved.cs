using Winnow.Model.Images;

namespace Winnow.Grains.Review;

/// <summary>For how long shards have set the tasks aside: a task is this queue's until that moment, and no longer.</summary>
internal sealed partial class QueueStock
{
    /// <summary>Until when a task is set aside; long ago where it is not here.</summary>
    public DateTimeOffset UntilOf(ImageId image) => _held.TryGetValue(image, out var held) ? held.Until : DateTimeOffset.MinValue;

    /// <summary>
    /// Forgets the tasks whose reservation has run out: they may be another queue's by now. The shards that they came from, which offer
    /// them again.
    /// </summary>
    public IReadOnlyCollection<int> ForgetRunOut(DateTimeOffset now)
    {
        HeldTask[] gone = [.. _held.Values.Where(h => h.Until <= now)];
        foreach (var held in gone) Remove(held.Image);
        return [.. gone.Select(h => h.Shard).Distinct()];
    }

    /// <summary>
    /// Tasks whose reservation runs out before <paramref name="before"/>, by shard: to be extended while the queue still wants them.
    /// </summary>
    public IReadOnlyList<(int Shard, ImageId[] Images)> RunningOut(DateTimeOffset before) =>
        [.. _held.Values.Where(h => h.Until < before).GroupBy(h => h.Shard, h => h.Image).Select(g => (g.Key, g.ToArray()))];

    public void Extended(IEnumerable<ImageId> images, DateTimeOffset until)
    {
        foreach (var image in images)
            if (_held.TryGetValue(image, out var held)) held.Until = until;
    }

    /// <summary>
    /// Everything that is not held by a person, taken out of the stock; by shard, what stays set aside until <paramref name="atLeast"/>.
    /// What does not could be another queue's before its shard hears of it.
    /// </summary>
    public IReadOnlyList<(int Shard, ImageId[] Images)> TakeAllFree(DateTimeOffset atLeast)
    {
        var free = _held.Values.Where(h => h.Holders.Count == 0).ToArray();
        foreach (var held in free) Remove(held.Image);
        return [.. free.Where(h => h.Until >= atLeast).GroupBy(h => h.Shard, h => h.Image).Select(g => (g.Key, g.ToArray()))];
    }
}
