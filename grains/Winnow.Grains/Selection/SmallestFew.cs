using Winnow.Abstractions.Training;

namespace Winnow.Grains.Selection;

/// <summary>
/// The few candidates of smallest order among many that are shown one after the other: as much memory as there are to keep, and one
/// comparison for most.
/// </summary>
/// <param name="count">How many to keep; 0 or more.</param>
internal sealed class SmallestFew<TOrder>(int count) where TOrder : IComparable<TOrder>
{
    private readonly PriorityQueue<Candidate, TOrder> _kept = new(Comparer<TOrder>.Create(static (a, b) => b.CompareTo(a)));
    private TOrder _worst = default!;

    /// <summary>Whether any are kept at all.</summary>
    public bool Wanted => count > 0;

    /// <summary>Whether one of this order belongs to them so far.</summary>
    public bool Takes(TOrder order) => _kept.Count < count || (count > 0 && order.CompareTo(_worst) < 0);

    /// <summary>Adds one that <see cref="Takes"/> has spoken for.</summary>
    public void Add(in Candidate candidate, TOrder order)
    {
        if (_kept.Count == count) _kept.DequeueEnqueue(candidate, order);
        else _kept.Enqueue(candidate, order);
        _kept.TryPeek(out _, out _worst!);
    }

    /// <summary>What was kept, smallest first. Empties it.</summary>
    public Candidate[] TakeAll()
    {
        var all = new Candidate[_kept.Count];
        for (var i = all.Length - 1; i >= 0; i--) all[i] = _kept.Dequeue();
        return all;
    }
}
