using System.Runtime.InteropServices;

namespace Winnow.Grains.Review;

/// <summary>
/// The tasks of a kind that can be handed out, best first. For each person it is known up to where all has been passed over, as they may
/// not be asked about it, so that no lookup goes through the same tasks twice. Pure bookkeeping.
/// </summary>
internal sealed class FreeTasks
{
    /// <summary>People of whom it is kept how far they have looked; beyond that all look anew.</summary>
    private const int MostCursors = 2_000;

    /// <summary>Tasks that came last, of which it is known; whoever has not asked since before them looks anew.</summary>
    private const int MostOffered = 16_384;

    private sealed class BestFirst : IComparer<HeldTask>
    {
        public int Compare(HeldTask? x, HeldTask? y) => x!.Task.Priority != y!.Task.Priority
            ? y.Task.Priority.CompareTo(x.Task.Priority)
            : x.Place != y.Place ? x.Place.CompareTo(y.Place) : x.Image.CompareTo(y.Image);
    }

    /// <summary>The last task that a person has passed over without a gap, as of so many that had been offered.</summary>
    private sealed class Cursor
    {
        public required HeldTask At { get; set; }
        public required long Seen { get; set; }
    }

    private static readonly BestFirst Order = new();
    private readonly SortedSet<HeldTask> _tasks = new(Order);
    private readonly Dictionary<(string Actor, bool Again), Cursor> _cursors = [];

    // What was offered, in that order, after so many others. Each person looks at what came since they asked last: to set everybody's place
    // back at each task that comes would take a moment for which all wait.
    private readonly List<HeldTask> _offered = [];
    private long _before;

    private long Offered => _before + _offered.Count;

    public int Count => _tasks.Count;

    /// <summary>All of them, best first.</summary>
    public IEnumerable<HeldTask> All => _tasks;

    /// <summary>Which of two tasks comes first; below 0 where it is the one.</summary>
    public static int Compare(HeldTask one, HeldTask other) => Order.Compare(one, other);

    /// <summary>A task can be handed out, or to somebody to whom it could not be before.</summary>
    public void Offer(HeldTask task)
    {
        _tasks.Add(task);
        if (_cursors.Count == 0) return;
        if (_offered.Count == MostOffered)
        {
            _offered.RemoveRange(0, MostOffered / 2);
            _before += MostOffered / 2;
        }
        _offered.Add(task);
    }

    public void Remove(HeldTask task) => _tasks.Remove(task);

    /// <summary>The best task that a person may be given; null when there is none.</summary>
    /// <param name="actor">The person.</param>
    /// <param name="leaseEnds">
    /// When their lease would end: what is set aside for less is not given out, and not passed over for good.
    /// </param>
    /// <param name="again">Whether they may be asked what they gave back.</param>
    public HeldTask? First(string actor, DateTimeOffset leaseEnds, bool again)
    {
        HeldTask? passed = null;
        var withoutGap = true;
        HeldTask? first = null;
        foreach (var task in From(actor, again))
        {
            if (!task.MayTake(actor, again))
            {
                if (withoutGap) passed = task;
            }
            // The reservation on disk must outlast every lease under it.
            else if (task.Until < leaseEnds) withoutGap = false;
            else
            {
                first = task;
                break;
            }
        }
        if (passed is not null) Passed(actor, again, passed);
        return first;
    }

    /// <summary>How many tasks a person may be given; so many at most are counted.</summary>
    public int NewTo(string actor, int most)
    {
        var found = 0;
        foreach (var task in From(actor, again: false))
        {
            if (found >= most) break;
            if (task.MayTake(actor, again: false)) found++;
        }
        return found;
    }

    private IEnumerable<HeldTask> From(string actor, bool again)
    {
        if (_tasks.Count == 0 || PlaceOf(actor, again) is not { } cursor) return _tasks;
        return Order.Compare(cursor.At, _tasks.Max) > 0 ? [] : _tasks.GetViewBetween(cursor.At, _tasks.Max);
    }

    /// <summary>Up to where a person has passed over all; null where nothing is known.</summary>
    private Cursor? PlaceOf(string actor, bool again)
    {
        if (!_cursors.TryGetValue((actor, again), out var cursor)) return null;
        if (cursor.Seen < _before)
        {
            _cursors.Remove((actor, again));
            return null;
        }
        // One that somebody has by now leaves a place that is too early, and no task passed over.
        foreach (var task in CollectionsMarshal.AsSpan(_offered)[(int)(cursor.Seen - _before)..])
            if (Order.Compare(task, cursor.At) < 0 && task.MayTake(actor, again)) cursor.At = task;
        cursor.Seen = Offered;
        return cursor;
    }

    private void Passed(string actor, bool again, HeldTask last)
    {
        if (_cursors.Count >= MostCursors && !_cursors.ContainsKey((actor, again))) _cursors.Clear();
        if (_cursors.Count == 0)
        {
            _before = Offered;
            _offered.Clear();
        }
        _cursors[(actor, again)] = new Cursor { At = last, Seen = Offered };
    }
}
