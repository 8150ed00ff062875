using Winnow.Abstractions.Review;
using Winnow.Model.Images;
using Winnow.Model.Review;

namespace Winnow.Grains.Review;

/// <summary>
/// A task that a queue has set aside, with the people who are at it: as many at the same time as answers are wanted, and nobody twice.
/// </summary>
/// <param name="shard">The shard that set it aside.</param>
/// <param name="task">What is asked.</param>
/// <param name="until">Until when it is set aside.</param>
/// <param name="slots">How many people are to answer it.</param>
/// <param name="place">Where it stands among those that are worth the same.</param>
internal sealed class HeldTask(int shard, ReservedTask task, DateTimeOffset until, int slots, ulong place = 0)
{
    /// <summary>The same, worth something else. What becomes of either becomes of both, so only one may be kept.</summary>
    public HeldTask With(double priority)
    {
        var other = new HeldTask(shard, task with { Priority = priority }, Until, slots, place)
        {
            OfferedAt = OfferedAt,
            _skippedBy = _skippedBy,
            _answeredBy = _answeredBy,
            _givenBackBy = _givenBackBy,
        };
        other._holders.AddRange(_holders);
        return other;
    }

    /// <summary>Somebody who is at it.</summary>
    public sealed class Holding(string actor, DateTimeOffset ends, DateTimeOffset given)
    {
        public string Actor => actor;
        public DateTimeOffset Ends { get; set; } = ends;
        public DateTimeOffset Given { get; set; } = given;
    }

    private readonly List<Holding> _holders = new(1);
    private HashSet<string>? _skippedBy = SetOf(task.SkippedBy);
    private HashSet<string>? _answeredBy = SetOf(task.AnsweredBy);
    private HashSet<string>? _givenBackBy;

    public int Shard => shard;
    public ReservedTask Task => task;
    public ImageId Image => task.Image;
    public TaskKind Kind => task.Kind;
    public ulong Place => place;
    public DateTimeOffset Until { get; set; } = until;
    public DateTimeOffset OfferedAt { get; set; }
    public IReadOnlyList<Holding> Holders => _holders;

    /// <summary>Whether somebody else may be given it.</summary>
    public bool IsFree => _holders.Count < slots;

    public Holding? HoldingOf(string actor) => _holders.Find(h => h.Actor == actor);

    /// <summary>
    /// Whether this person may be asked: who answered or could not tell never again, who gave it back where nothing else is.
    /// </summary>
    public bool IsFor(string actor, bool again) => _skippedBy?.Contains(actor) != true && _answeredBy?.Contains(actor) != true
        && (again || _givenBackBy?.Contains(actor) != true);

    /// <summary>Whether this person may be given it now.</summary>
    public bool MayTake(string actor, bool again) => IsFree && IsFor(actor, again) && HoldingOf(actor) is null;

    public void Hold(Holding holding) => _holders.Add(holding);

    public bool LetGo(string actor) => _holders.RemoveAll(h => h.Actor == actor) > 0;

    public void SkippedBy(string actor) => Add(ref _skippedBy, actor);

    public void GivenBackBy(string actor) => Add(ref _givenBackBy, actor);

    /// <summary>Who is given again what they gave back has it like any other task, and keeps it by presenting its lease.</summary>
    public void GivenAgainTo(string actor) => _givenBackBy?.Remove(actor);

    /// <summary>Somebody has answered, of so many who are to.</summary>
    public void AnsweredBy(string actor, int labels)
    {
        Add(ref _answeredBy, actor);
        slots = Math.Max(1, labels - _answeredBy!.Count);
    }

    /// <summary>A person may be asked after all.</summary>
    public void AskAgain(string actor, int labels)
    {
        _skippedBy?.Remove(actor);
        _givenBackBy?.Remove(actor);
        if (_answeredBy?.Remove(actor) == true && Kind == TaskKind.Label) slots = Math.Max(1, labels - _answeredBy.Count);
    }

    private static void Add(ref HashSet<string>? people, string actor) =>
        (people ??= new HashSet<string>(StringComparer.Ordinal)).Add(actor);

    private static HashSet<string>? SetOf(string[]? people) =>
        people is null ? null : new HashSet<string>(people, StringComparer.Ordinal);
}
