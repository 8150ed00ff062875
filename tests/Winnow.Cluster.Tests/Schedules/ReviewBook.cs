using System.Globalization;
using Winnow.Adapters.Tests.Ledger;
using Winnow.Grains.Settings;
using Winnow.Model.Images;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Cluster.Tests.Schedules;

/// <summary>What people were given and what they were told of their answers, held against what is on disk.</summary>
internal sealed class ReviewBook(VirtualClock clock, TimeSpan leasePeriod, Func<ImageId, NaiveShard> diskOf)
{
    /// <param name="Image">The image.</param>
    /// <param name="Kind">What is asked about it.</param>
    /// <param name="Actor">Who was given it.</param>
    /// <param name="From">Since when it is known to be theirs.</param>
    /// <param name="Until">When the lease ends.</param>
    /// <param name="Asked">A queue that is followed by another later than this may have given it.</param>
    private sealed record Grant(
        ImageId Image, TaskKind Kind, string Actor, DateTimeOffset From, DateTimeOffset Until, DateTimeOffset Asked);

    private readonly List<Grant> _grants = [];
    private readonly List<DateTimeOffset> _turns = [];
    private readonly Dictionary<(ImageId Image, string Actor), DateTimeOffset> _letGo = [];
    private readonly Dictionary<Guid, (ImageId Image, SubmitResult? Told)> _answers = [];

    /// <summary>Decisions that people were told to be on disk.</summary>
    public int Acknowledged => _answers.Values.Count(a => a.Told is { Status: < SubmitStatus.Refused });

    /// <summary>Tasks that people were given.</summary>
    public int Given => _grants.Count;

    /// <summary>Somebody was given a task: until the lease ends, what is on disk keeps it from being given to anybody else.</summary>
    public void Was(ReviewTask task, string actor)
    {
        var given = task.LeasedUntil - leasePeriod;
        _grants.Add(new Grant(task.Image, task.Kind, actor, given, task.LeasedUntil, given));
        var disk = diskOf(task.Image);
        var ordinal = disk.Images.FindIndex(i => i.Row.Id == task.Image);
        var closed = AskedOf(disk, ordinal) != task.Kind;
        var asked = disk.Tasks.Values.Where(t => t.Ordinal == ordinal).ToArray();
        var until = asked.Select(t => t.ReservedUntil).DefaultIfEmpty().Max();
        // A task that is none any more, or that its holder may have let go, is anybody's.
        var isTheirs = asked.Length > 0 && !closed && !_letGo.ContainsKey((task.Image, actor)) && clock.GetUtcNow() < task.LeasedUntil;
        if (isTheirs && until < task.LeasedUntil)
            throw new ScheduleFault(
                $"{actor} holds {task.Name} until {Told(task.LeasedUntil)}; on disk it is set aside until {Told(until)}");
    }

    /// <summary>What is asked of people about an image, by what is on disk; null for nothing.</summary>
    public static TaskKind? AskedOf(NaiveShard disk, int ordinal)
    {
        var asked = disk.Tasks.Values.Where(t => t.Ordinal == ordinal).ToArray();
        var isDrawn = asked.Any(t => t.Arm == Arms.Verification);
        var last = disk.History.FindLast(h => h.Ordinal == ordinal);
        if (last is { Version: > 0, Closes: true }) return isDrawn && last.Stage == Stage.Labeled ? TaskKind.Verify : null;
        if (last is { Version: > 0, Stage: Stage.Disputed }) return asked.Length > 0 ? TaskKind.Arbitrate : null;
        return asked.Any(t => t.Arm != Arms.Verification) ? TaskKind.Label : null;
    }

    /// <summary>Another queue hands out from now on: what others gave is kept for a moment, and longer for whoever presents it.</summary>
    public void QueueFollowed() => _turns.Add(clock.GetUtcNow());

    /// <summary>Somebody presented a lease at a moment and was told that the task is theirs.</summary>
    public void Presented(ImageId image, TaskKind kind, string actor, DateTimeOffset began, DateTimeOffset until) =>
        _grants.Add(new Grant(image, kind, actor, clock.GetUtcNow(), until, began));

    /// <summary>
    /// Somebody presented a lease that runs, and was told that the task is not theirs: nobody must be while it is, and open.
    /// </summary>
    public void WasRefused(ImageId image, TaskKind kind, string actor, DateTimeOffset ends, string why)
    {
        var disk = diskOf(image);
        var ordinal = disk.Images.FindIndex(i => i.Row.Id == image);
        var isOpen = AskedOf(disk, ordinal) == kind;
        var until = _grants.Where(g => g.Image == image && g.Kind == kind && g.Actor == actor).Select(EndOf).Max();
        if (isOpen && ends > clock.GetUtcNow() && until > clock.GetUtcNow())
            throw new ScheduleFault($"{actor} holds an image until {Told(until)} and was told that it is not so: {why}");
        LetsGo(image, actor);
    }

    /// <summary>Somebody is about to answer a task, or to give it back: from now on it may be given to others.</summary>
    public void LetsGo(ImageId image, string actor) => _letGo.TryAdd((image, actor), clock.GetUtcNow());

    public void Sent(SubmitDecision decision) => _answers.TryAdd(decision.OperationId, (decision.Image, null));

    /// <summary>Somebody was told what became of an answer.</summary>
    public void Was(SubmitDecision decision, SubmitResult told)
    {
        _answers[decision.OperationId] = (decision.Image, told);
        var entries = diskOf(decision.Image).History.Where(h => h.OperationId == decision.OperationId).ToArray();
        if (told.Status >= SubmitStatus.Refused)
        {
            if (entries.Length > 0) throw new ScheduleFault($"an answer was {told.Status} and is on disk: {told.Reason}");
        }
        else if (entries is not [var entry] || entry.Image != decision.Image || entry.Version != told.Version)
            throw new ScheduleFault($"an answer was acknowledged as version {told.Version}, and on disk are {entries.Length} of it");
    }

    /// <summary>What must hold of all of it together.</summary>
    public void Check(IEnumerable<ImageId> images)
    {
        // Whoever held a task that somebody else has answered keeps nobody from the one which that answer became.
        foreach (var given in _grants.GroupBy(g => (g.Image, g.Kind)))
            foreach (var first in given)
                foreach (var second in given)
                {
                    if (first.Actor == second.Actor || second.From < first.From) continue;
                    if (second.From >= EndOf(first) || second.From >= EndOf(second)) continue;
                    throw new ScheduleFault(
                        $"{first.Actor} held an image from {Told(first.From)} to {Told(EndOf(first))}, "
                        + $"{second.Actor} got it at {Told(second.From)}");
                }
        foreach (var image in images)
        {
            var history = diskOf(image).History.Where(h => h.Image == image).OrderBy(h => h.Version).ToArray();
            for (var i = 0; i < history.Length; i++)
                if (history[i].Version != i + 1 || !_answers.TryGetValue(history[i].OperationId, out var answer) || answer.Image != image)
                    throw new ScheduleFault($"entry {i + 1} of a history is number {history[i].Version}, of an answer that nobody gave");
            foreach (var (operation, (_, told)) in _answers.Where(a => a.Value.Image == image))
                if (told is not null && history.Count(h => h.OperationId == operation) != (told.Status < SubmitStatus.Refused ? 1 : 0))
                    throw new ScheduleFault($"what was {told.Status} is not so on disk any more");
        }
    }

    private DateTimeOffset EndOf(Grant grant)
    {
        var end = _letGo.TryGetValue((grant.Image, grant.Actor), out var letGo) && letGo < grant.Until ? letGo : grant.Until;
        // A queue that was followed hands out for a moment yet, as long as it cannot know.
        foreach (var began in _turns)
            if (grant.Asked < began + TurnTimes.Holds && began + TurnTimes.Grace < end) end = began + TurnTimes.Grace;
        return end;
    }

    private static string Told(DateTimeOffset moment) => moment.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
}

/// <summary>Something does not hold that always must.</summary>
public sealed class ScheduleFault(string what) : Exception(what);
