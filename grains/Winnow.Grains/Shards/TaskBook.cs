using Winnow.Grains.Images;
using Winnow.Grains.Ports;

namespace Winnow.Grains.Shards;

/// <summary>
/// What the arms of a dataset have asked about, and the open tasks among it by priority. Closed and reserved tasks are left in the heap
/// and passed over when they surface, so taking the next task never scans.
/// </summary>
internal sealed class TaskBook(ShardIndex index)
{
    private readonly Dictionary<string, Dictionary<int, int>> _rounds = new(StringComparer.Ordinal);
    private readonly Dictionary<int, float> _priorities = [];
    private readonly PriorityQueue<int, (float NegatedPriority, int Ordinal)> _heap = new();
    private readonly Dictionary<int, DateTimeOffset> _reserved = [];

    /// <summary>Open tasks, set aside or not.</summary>
    public int Open { get; private set; }

    /// <summary>Open tasks that nobody has set aside.</summary>
    public int Free => Open - _reserved.Count;

    /// <summary>Reservations that have run out so far: each is of a queue that is gone, or that nobody has asked for long.</summary>
    public int RanOut { get; private set; }

    /// <summary>Turn of the queue that sets aside; 0 as long as none has said one.</summary>
    public long Turn { get; private set; }

    // What was set aside before the shard heard of the turn, and until when that is kept once the queue has said what it has: until then
    // it may be the queue's own, which the shard does not know after it has opened.
    private readonly HashSet<int> _ofBefore = [];
    private DateTimeOffset _keptUntil;
    private bool _isKept;

    /// <summary>Whether the queue of a turn has yet to say what it has here.</summary>
    public bool IsNewTo(long turn) => turn == Turn && !_isKept;

    /// <summary>The queue of a turn has said what it has here.</summary>
    public void Kept(long turn) => _isKept |= turn == Turn;

    /// <summary>The arm's images with the round that asked.</summary>
    public IReadOnlyDictionary<int, int> ArmRounds(string arm) => _rounds.GetValueOrDefault(arm) ?? Empty;

    private static readonly Dictionary<int, int> Empty = [];

    /// <summary>Records that an arm asks about an image; a second time changes nothing.</summary>
    public void Add(in TaskRow task)
    {
        if (!_rounds.TryGetValue(task.Arm, out var arm)) _rounds[task.Arm] = arm = [];
        if (!arm.TryAdd(task.Ordinal, task.Round)) return;
        var wasOpen = index.IsOpen(task.Ordinal);
        index.Set(task.Ordinal, ShardIndex.Flags.Asked);
        if (!index.IsOpen(task.Ordinal)) return;
        if (!wasOpen) Open++;
        var known = _priorities.GetValueOrDefault(task.Ordinal, float.NegativeInfinity);
        if (task.Priority > known)
        {
            _priorities[task.Ordinal] = task.Priority;
            _heap.Enqueue(task.Ordinal, (-task.Priority, task.Ordinal));
        }
    }

    /// <summary>Whether the arm has asked about the image.</summary>
    public bool Contains(string arm, int ordinal) => _rounds.TryGetValue(arm, out var rounds) && rounds.ContainsKey(ordinal);

    /// <summary>The arms and rounds in which an image was asked about.</summary>
    public IEnumerable<(string Arm, int Round)> AskedBy(int ordinal)
    {
        foreach (var (arm, rounds) in _rounds)
            if (rounds.TryGetValue(ordinal, out var round)) yield return (arm, round);
    }

    public float PriorityOf(int ordinal) => _priorities.GetValueOrDefault(ordinal);

    /// <summary>
    /// Takes up to <paramref name="max"/> free tasks off the book, highest priority first, and sets them aside until
    /// <paramref name="until"/>.
    /// </summary>
    public List<int> Reserve(int max, DateTimeOffset now, DateTimeOffset until)
    {
        FreeExpired(now);
        var taken = new List<int>(Math.Min(max, 256));
        while (taken.Count < max && _heap.TryDequeue(out var ordinal, out _))
        {
            if (!index.IsOpen(ordinal) || !_reserved.TryAdd(ordinal, until)) continue;
            index.Set(ordinal, ShardIndex.Flags.Reserved);
            taken.Add(ordinal);
        }
        return taken;
    }

    /// <summary>Until when an image is set aside by what was written of it; long ago where it is not.</summary>
    public DateTimeOffset WrittenUntil(int ordinal) => _reserved.GetValueOrDefault(ordinal, DateTimeOffset.UnixEpoch);

    /// <summary>How an image is set aside at a moment: for <see cref="SetBack"/>.</summary>
    public (DateTimeOffset Until, bool IsOfBefore) Standing(int ordinal) => (WrittenUntil(ordinal), _ofBefore.Contains(ordinal));

    /// <summary>Until when an image is set aside for the queue whose turn it is, as far as is known; long ago where it is not.</summary>
    public DateTimeOffset ReservedUntil(int ordinal)
    {
        var until = _reserved.GetValueOrDefault(ordinal, DateTimeOffset.UnixEpoch);
        return until > _keptUntil && _ofBefore.Contains(ordinal) ? _keptUntil : until;
    }

    /// <summary>Sets an open task aside for at least so long: somebody may hold a lease on it.</summary>
    public void SetAside(int ordinal, DateTimeOffset until)
    {
        if (!index.IsOpen(ordinal)) return;
        if (ReservedUntil(ordinal) >= until) return;
        _ofBefore.Remove(ordinal);
        _reserved[ordinal] = until;
        index.Set(ordinal, ShardIndex.Flags.Reserved);
    }

    /// <summary>
    /// Another queue sets aside from now on, or this is the first that is heard of one. Once it has said what it has, all else is set aside
    /// until <paramref name="until"/> at most, and may be taken over until then.
    /// </summary>
    public void TakeOver(long turn, DateTimeOffset until)
    {
        (Turn, _isKept, _keptUntil) = (turn, false, until);
        _ofBefore.UnionWith(_reserved.Keys);
    }

    /// <summary>What was to be set aside until a moment could not be written: it is so as before, unless that has changed since.</summary>
    public void SetBack(int ordinal, DateTimeOffset until, (DateTimeOffset Until, bool IsOfBefore) before)
    {
        if (WrittenUntil(ordinal) != until) return;
        if (before.Until == DateTimeOffset.UnixEpoch)
        {
            Release(ordinal);
            return;
        }
        _reserved[ordinal] = before.Until;
        if (before.IsOfBefore) _ofBefore.Add(ordinal);
    }

    /// <summary>Makes a task free again that is set aside until this moment, and no longer by now.</summary>
    public void Release(int ordinal, DateTimeOffset until)
    {
        if (_reserved.GetValueOrDefault(ordinal) == until) Release(ordinal);
    }

    /// <summary>Makes a task free again.</summary>
    public void Release(int ordinal)
    {
        _ofBefore.Remove(ordinal);
        if (!_reserved.Remove(ordinal)) return;
        index.Clear(ordinal, ShardIndex.Flags.Reserved);
        if (index.IsOpen(ordinal)) _heap.Enqueue(ordinal, (-PriorityOf(ordinal), ordinal));
    }

    /// <summary>A task was answered: called after the index has closed the image, with whether it was open before.</summary>
    public void Close(int ordinal, bool wasOpen)
    {
        if (!wasOpen) return;
        Open--;
        if (_reserved.Remove(ordinal)) index.Clear(ordinal, ShardIndex.Flags.Reserved);
        _ofBefore.Remove(ordinal);
        _priorities.Remove(ordinal);
    }

    /// <summary>
    /// A task that was answered is open again, and comes before those that are free: called after the index has opened the image.
    /// </summary>
    public void Reopen(int ordinal)
    {
        Open++;
        var first = _heap.TryPeek(out _, out var best) ? Math.Max(0, -best.NegatedPriority) : 0;
        _priorities[ordinal] = first + 1;
        _heap.Enqueue(ordinal, (-_priorities[ordinal], ordinal));
    }

    /// <summary>Frees reservations whose time has passed: their queue is gone, and so are its leases.</summary>
    public void FreeExpired(DateTimeOffset now)
    {
        if (_reserved.Count == 0) return;
        List<int>? expired = null;
        foreach (var (ordinal, until) in _reserved)
            if (until <= now || (_isKept && _keptUntil <= now && _ofBefore.Contains(ordinal))) (expired ??= []).Add(ordinal);
        if (expired is null) return;
        RanOut += expired.Count;
        foreach (var ordinal in expired) Release(ordinal);
    }

    /// <summary>
    /// An open image is asked about by this arm no more. True when no other arm asks either, so that it is no task any longer.
    /// </summary>
    public bool Withdraw(string arm, int ordinal)
    {
        if (!_rounds.TryGetValue(arm, out var asked) || !asked.Remove(ordinal)) return false;
        foreach (var other in _rounds.Values)
            if (other.ContainsKey(ordinal)) return false;
        if (index.IsOpen(ordinal)) Open--;
        index.Clear(ordinal, ShardIndex.Flags.Asked);
        if (_reserved.Remove(ordinal)) index.Clear(ordinal, ShardIndex.Flags.Reserved);
        _ofBefore.Remove(ordinal);
        _priorities.Remove(ordinal);
        return true;
    }
}
