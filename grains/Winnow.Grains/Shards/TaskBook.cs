using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Grains.Shards;

/// <summary>
/// What the arms of a dataset have asked about, and the tasks of a shard: the images about which something is asked of people
/// (<see cref="ShardIndex.QuestionOf"/>), each kind by priority. Closed and reserved tasks are left in their heap and passed over when they
/// surface, so taking the next task never scans.
/// </summary>
internal sealed class TaskBook(ShardIndex index)
{
    /// <summary>An image that is set aside, and for what.</summary>
    private readonly record struct Reservation(DateTimeOffset Until, TaskKind Kind);

    private static readonly int KindCount = Enum.GetValues<TaskKind>().Length;
    private static readonly Dictionary<int, int> Empty = [];

    private readonly Dictionary<string, Dictionary<int, int>> _rounds = new(StringComparer.Ordinal);
    private readonly Dictionary<int, float> _priorities = [];

    // What each image in verification is worth, whether it is a task at the moment or not.
    private readonly Dictionary<int, float> _verifications = [];
    private readonly PriorityQueue<int, (float NegatedPriority, int Ordinal)>[] _heaps = NewHeaps();
    private readonly Dictionary<int, Reservation> _reserved = [];

    // Of each kind: tasks, and how many of them are set aside.
    private readonly int[] _open = new int[KindCount];
    private readonly int[] _aside = new int[KindCount];

    private static PriorityQueue<int, (float, int)>[] NewHeaps() =>
        [.. Enumerable.Range(0, KindCount).Select(_ => new PriorityQueue<int, (float, int)>())];

    /// <summary>Tasks of all kinds, set aside or not.</summary>
    public int Open => _open.Sum();

    /// <summary>Tasks of a kind that nobody has set aside.</summary>
    public int FreeOf(TaskKind kind) => _open[(int)kind] - _aside[(int)kind];

    /// <summary>The same of all kinds.</summary>
    public int Free => Open - _reserved.Count;

    /// <summary>Tasks of each kind, in the order of the kinds.</summary>
    public int[] OpenOfEach() => [.. _open];

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

    /// <summary>Records that an arm asks about an image, or that somebody verifies its label; a second time changes nothing.</summary>
    public void Add(in TaskRow task)
    {
        if (task.Arm == Arms.Verification)
        {
            if (!_verifications.TryAdd(task.Ordinal, task.Priority)) return;
            var asked = index.QuestionOf(task.Ordinal);
            index.Set(task.Ordinal, ShardIndex.Flags.InVerification);
            Follow(task.Ordinal, asked);
            return;
        }
        if (!_rounds.TryGetValue(task.Arm, out var arm)) _rounds[task.Arm] = arm = [];
        if (!arm.TryAdd(task.Ordinal, task.Round)) return;
        var before = index.QuestionOf(task.Ordinal);
        index.Set(task.Ordinal, ShardIndex.Flags.Asked);
        if (!index.IsOpen(task.Ordinal)) return;
        var known = _priorities.GetValueOrDefault(task.Ordinal, float.NegativeInfinity);
        if (task.Priority > known) _priorities[task.Ordinal] = task.Priority;
        if (before is null) Follow(task.Ordinal, before);
        else if (task.Priority > known) Offer(task.Ordinal, before.Value);
    }

    /// <summary>Whether the arm has asked about the image.</summary>
    public bool Contains(string arm, int ordinal) => _rounds.TryGetValue(arm, out var rounds) && rounds.ContainsKey(ordinal);

    /// <summary>
    /// Whether people are asked about an image as somebody wants to know it, and not for a round that paid for it: what they say is no
    /// other arm's then.
    /// </summary>
    public bool IsAskedWithoutRounds(int ordinal) =>
        Contains(Arms.Standing, ordinal)
        || (Contains(Arms.Again, ordinal) && AskedBy(ordinal).All(a => Arms.IsWithoutRounds(a.Arm)));

    /// <summary>The arms and rounds in which an image was asked about.</summary>
    public IEnumerable<(string Arm, int Round)> AskedBy(int ordinal)
    {
        foreach (var (arm, rounds) in _rounds)
            if (rounds.TryGetValue(ordinal, out var round)) yield return (arm, round);
    }

    /// <summary>What asking about an image is worth, for what is asked of it now.</summary>
    public float PriorityOf(int ordinal) =>
        index.QuestionOf(ordinal) != TaskKind.Verify && _priorities.TryGetValue(ordinal, out var asked)
            ? asked : _verifications.GetValueOrDefault(ordinal);

    /// <summary>Asking about an image is worth something else from now on, for what is asked of it now.</summary>
    public void Prioritize(int ordinal, float priority)
    {
        if (index.QuestionOf(ordinal) is not { } kind) return;
        if (kind != TaskKind.Verify) _priorities[ordinal] = priority;
        if (kind == TaskKind.Verify || (_verifications.ContainsKey(ordinal) && !AskedBy(ordinal).Any())) _verifications[ordinal] = priority;
        if (!_reserved.ContainsKey(ordinal)) Offer(ordinal, kind);
    }

    /// <summary>
    /// Takes up to <paramref name="max"/> free tasks of a kind off the book, highest priority first, and sets them aside until
    /// <paramref name="until"/>.
    /// </summary>
    public List<int> Reserve(TaskKind kind, int max, DateTimeOffset now, DateTimeOffset until)
    {
        FreeExpired(now);
        var taken = new List<int>(Math.Min(max, 256));
        while (taken.Count < max && _heaps[(int)kind].TryDequeue(out var ordinal, out var at))
        {
            if (index.QuestionOf(ordinal) != kind || _reserved.ContainsKey(ordinal)) continue;
            // It is worth something else by now, and stands at another place too.
            if (at.NegatedPriority != -PriorityOf(ordinal)) continue;
            Keep(ordinal, until, kind);
            taken.Add(ordinal);
        }
        return taken;
    }

    /// <summary>Until when an image is set aside by what was written of it; long ago where it is not.</summary>
    public DateTimeOffset WrittenUntil(int ordinal) =>
        _reserved.TryGetValue(ordinal, out var reserved) ? reserved.Until : DateTimeOffset.UnixEpoch;

    /// <summary>How an image is set aside at a moment: for <see cref="SetBack"/>.</summary>
    public (DateTimeOffset Until, bool IsOfBefore) Standing(int ordinal) => (WrittenUntil(ordinal), _ofBefore.Contains(ordinal));

    /// <summary>Until when an image is set aside for the queue whose turn it is, as far as is known; long ago where it is not.</summary>
    public DateTimeOffset ReservedUntil(int ordinal)
    {
        var until = WrittenUntil(ordinal);
        return until > _keptUntil && _ofBefore.Contains(ordinal) ? _keptUntil : until;
    }

    /// <summary>Sets a task aside for at least so long: somebody may hold a lease on it.</summary>
    public void SetAside(int ordinal, DateTimeOffset until)
    {
        if (index.QuestionOf(ordinal) is not { } kind) return;
        if (ReservedUntil(ordinal) >= until) return;
        _ofBefore.Remove(ordinal);
        Keep(ordinal, until, kind);
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
        _reserved[ordinal] = _reserved[ordinal] with { Until = before.Until };
        if (before.IsOfBefore) _ofBefore.Add(ordinal);
    }

    /// <summary>Makes a task free again that is set aside until this moment, and no longer by now.</summary>
    public void Release(int ordinal, DateTimeOffset until)
    {
        if (WrittenUntil(ordinal) == until) Release(ordinal);
    }

    /// <summary>Makes a task free again.</summary>
    public void Release(int ordinal)
    {
        if (Unreserve(ordinal) && index.QuestionOf(ordinal) is { } kind) Offer(ordinal, kind);
    }

    /// <summary>
    /// What is asked about an image has changed, or is to be asked anew: called after the index knows. A task of another kind is a new one,
    /// which nobody has set aside.
    /// </summary>
    /// <param name="ordinal">The image.</param>
    /// <param name="before">What was asked before.</param>
    public void Follow(int ordinal, TaskKind? before)
    {
        var now = index.QuestionOf(ordinal);
        if (now == before) return;
        if (before is { } ended)
        {
            _open[(int)ended]--;
            Unreserve(ordinal);
        }
        if (index.Has(ordinal, ShardIndex.Flags.Closed | ShardIndex.Flags.Quarantined)) _priorities.Remove(ordinal);
        if (now is not { } begun) return;
        _open[(int)begun]++;
        Offer(ordinal, begun);
    }

    /// <summary>
    /// The label of an image that had one is asked for again, and before all that is free: called after the index has opened the image, and
    /// in place of <see cref="Follow"/>.
    /// </summary>
    public void Reopen(int ordinal, TaskKind? before)
    {
        if (index.QuestionOf(ordinal) is { } kind && kind != TaskKind.Verify) _priorities[ordinal] = BeforeAll(kind);
        Follow(ordinal, before);
    }

    /// <summary>What a task of a kind is worth that comes before all which are free.</summary>
    public float BeforeAll(TaskKind kind) =>
        1 + (_heaps[(int)kind].TryPeek(out _, out var best) ? Math.Max(0, -best.NegatedPriority) : 0);

    /// <summary>Frees reservations whose time has passed: their queue is gone, and so are its leases.</summary>
    public void FreeExpired(DateTimeOffset now)
    {
        if (_reserved.Count == 0) return;
        List<int>? expired = null;
        foreach (var (ordinal, reserved) in _reserved)
            if (reserved.Until <= now || (_isKept && _keptUntil <= now && _ofBefore.Contains(ordinal))) (expired ??= []).Add(ordinal);
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
        var before = index.QuestionOf(ordinal);
        index.Clear(ordinal, ShardIndex.Flags.Asked);
        Follow(ordinal, before);
        // Somebody is asked still who settles what is disputed of it.
        if (index.QuestionOf(ordinal) is not null) return false;
        _priorities.Remove(ordinal);
        return true;
    }

    private void Offer(int ordinal, TaskKind kind) => _heaps[(int)kind].Enqueue(ordinal, (-PriorityOf(ordinal), ordinal));

    private void Keep(int ordinal, DateTimeOffset until, TaskKind kind)
    {
        if (_reserved.TryAdd(ordinal, new Reservation(until, kind))) _aside[(int)kind]++;
        else _reserved[ordinal] = _reserved[ordinal] with { Until = until };
        index.Set(ordinal, ShardIndex.Flags.Reserved);
    }

    private bool Unreserve(int ordinal)
    {
        _ofBefore.Remove(ordinal);
        if (!_reserved.Remove(ordinal, out var reserved)) return false;
        _aside[(int)reserved.Kind]--;
        index.Clear(ordinal, ShardIndex.Flags.Reserved);
        return true;
    }
}
