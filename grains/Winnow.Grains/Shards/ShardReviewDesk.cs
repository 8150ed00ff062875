using System.Diagnostics;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Review;
using Winnow.Abstractions.Telemetry;
using Winnow.Abstractions.Training;
using Winnow.Grains.Images;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Model.Images;
using Winnow.Model.Review;
using Winnow.Model.Training;
using StableHash = Winnow.Algorithms.Numerics.StableHash;

namespace Winnow.Grains.Shards;

/// <summary>
/// The shard as people's work sees it: what is asked, and answered. Something is asked of an image in memory exactly while the ledger has a
/// task for it and nothing that closes it.
/// </summary>
internal sealed class ShardReviewDesk(
    ShardWriter writer, ShardIndex index, TaskBook tasks, ShardRounds rounds, ShardColumns columns, IGrainFactory grains,
    KnownLevel level, TimeProvider time)
{
    private const ulong VerificationOrder = 0x7EF1;
    private static readonly TimeSpan QueueAnswersWithin = TimeSpan.FromSeconds(5);

    /// <summary>Commits a human fact; only the image's own version can be in its way.</summary>
    public async Task<CommitOutcome> CommitAsync(HumanFact fact, CancellationToken cancellationToken)
    {
        if (!index.TryFind(fact.Image, out var ordinal)) return CommitOutcome.Conflict;
        if (fact.Schema is { } judged) await writer.FollowSchemaAsync(judged, cancellationToken);
        // By now its label may count as nothing, or the image be asked about again: it is judged anew.
        if (!writer.Dataset.Schema.Serves(fact.Schema)) return CommitOutcome.Conflict;
        // Whoever judged it by another schema judged for another dataset.
        if (!HistoryRow.MayBe(fact.Label, writer.Dataset.Schema))
            throw new RefusedException(
                $"The answer for {fact.Image} is of no class of dataset '{writer.Key.Dataset}'. Take the task again.");
        var asked = index.QuestionOf(ordinal);
        var reopens = !fact.Closes && index.Has(ordinal, ShardIndex.Flags.Asked) && !index.IsOpen(ordinal);
        TaskRow[] drawn = [.. fact.Verify ? [VerificationOf(ordinal)] : (TaskRow[])[], .. AskedAnew(fact, ordinal)];
        var row = new HistoryRow(
            fact.Image, ordinal, fact.Version, fact.OperationId, fact.EntryJson, fact.Label, fact.Closes, fact.Stage)
        {
            Level = drawn.Length > 0 ? Math.Max(fact.Level, ClusterLevels.Tiers) : fact.Level,
        };
        // Word of the answer may not have come there: a queue that still has the task would give it out again, set aside for nobody.
        if (reopens && asked is null) await TellQueueAsync(fact.Image, cancellationToken);
        var commit = writer.New() with
        {
            History = [row],
            Tasks = drawn,
            Reservations = ReservationsAfter(fact, ordinal),
            Acts = fact.Act is { } act ? [act] : [],
        };
        var status = await writer.TryCommitAsync(commit, cancellationToken);
        if (status == ShardCommitStatus.Conflict) return CommitOutcome.Conflict;
        if (fact.Label >= 0 && fact.Label != HistoryRow.LabelSet && fact.Label != index.LearnedOf(ordinal)
            && columns.ScoreOf(ordinal) is { } score)
        {
            var agrees = score.Predicted == fact.Label ? "agree" : "differ";
            WinnowTelemetry.ModelAgreement.Add(1, new TagList { { "dataset", writer.Key.Dataset }, { "status", agrees } });
        }
        // While it is still closed: what is asked again comes first, which is said when it opens.
        foreach (var again in drawn.Where(d => d.Arm == Arms.Again)) tasks.Add(again);
        // As it is now: other entries may have been committed meanwhile.
        (asked, var wasOpen) = (index.QuestionOf(ordinal), index.IsOpen(ordinal));
        index.Decide(ordinal, fact.Version, fact.Label, fact.Closes, fact.Stage);
        var isOpen = index.IsOpen(ordinal);
        if (isOpen && !wasOpen) tasks.Reopen(ordinal, asked);
        else tasks.Follow(ordinal, asked);
        foreach (var verification in drawn.Where(d => d.Arm == Arms.Verification)) tasks.Add(verification);
        if (fact.Anew && index.QuestionOf(ordinal) == asked) tasks.Release(ordinal);
        if (wasOpen && !isOpen) rounds.Answered(ordinal);
        if (isOpen && !wasOpen) rounds.Reopened(ordinal);
        if (index.QuestionOf(ordinal) is { } begun && (begun != asked || fact.Anew)) WorkArrived();
        // An image's grain of the last release says it by the level alone.
        if ((fact.Amends || fact.Level == ClusterLevels.Reopening) && asked is not null && index.QuestionOf(ordinal) != asked)
            grains.GetGrain<IQueueGrain>(writer.Key.Dataset).SettledAsync(fact.Image, fact.Version, null, true, CancellationToken.None)
                .Ignore();
        return CommitOutcome.Committed;
    }

    /// <summary>
    /// An image that somebody has asked about again is a task by that alone: no round may ever have asked about it, and what a policy asks
    /// of it or a round may be withdrawn.
    /// </summary>
    private IEnumerable<TaskRow> AskedAnew(HumanFact fact, int ordinal)
    {
        var asksAgain = fact is { Amends: true, Closes: false, Label: HistoryRow.AskedAgain, Stage: not Stage.Disputed };
        // What is of a later level anyway says that this one is reached, which this silo may not have heard.
        var reached = level.KeepsTiers || fact.Level >= ClusterLevels.Tiers;
        if (!asksAgain || !reached || tasks.Contains(Arms.Again, ordinal)) yield break;
        yield return new TaskRow(ordinal, Arms.Again, 1, tasks.BeforeAll(TaskKind.Label), DateTimeOffset.UnixEpoch);
    }

    /// <summary>
    /// A task that is another after an entry is set aside for nobody. One that stays is so for as long as it was, in a ledger too that
    /// frees whatever an entry closes.
    /// </summary>
    private ReservationRow[] ReservationsAfter(HumanFact fact, int ordinal)
    {
        if (index.QuestionAfter(ordinal, fact.Label, fact.Closes, fact.Stage, fact.Verify) is not { } after) return [];
        if (after != index.QuestionOf(ordinal) || fact.Anew) return [new ReservationRow(ordinal, DateTimeOffset.UnixEpoch)];
        var until = tasks.WrittenUntil(ordinal);
        return fact.Closes && until > time.GetUtcNow() ? [new ReservationRow(ordinal, until)] : [];
    }

    /// <summary>
    /// Word that an image is no task at this moment. A queue that is about to end may wait for this shard: then nobody waits for it, and
    /// the decision is made again.
    /// </summary>
    private async Task TellQueueAsync(ImageId image, CancellationToken cancellationToken)
    {
        try
        {
            await grains.GetGrain<IQueueGrain>(writer.Key.Dataset).WithdrawnAsync([image], cancellationToken)
                .WaitAsync(QueueAnswersWithin, time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new OrleansException($"The queue of dataset '{writer.Key.Dataset}' does not answer. Repeat the call.", e);
        }
    }

    /// <summary>Asks people about images, each once for an arm.</summary>
    public async Task EnqueueAsync(EnqueueTasks wanted, CancellationToken cancellationToken)
    {
        var rows = new List<TaskRow>(wanted.Priorities.Length);
        for (var i = 0; i < wanted.Priorities.Length; i++)
        {
            // A caller of the last release names rows alone.
            var ordinal = wanted.Images is null ? wanted.Ordinals[i] : Find(wanted.Images[i]);
            if (tasks.Contains(wanted.Arm, ordinal)) continue;
            // An image is set aside as a whole: a second arm that asks about it does not free it, nor does the first when it asks no more.
            rows.Add(new TaskRow(ordinal, wanted.Arm, wanted.Round, wanted.Priorities[i], tasks.WrittenUntil(ordinal)));
        }
        if (rows.Count == 0) return;
        await writer.CommitAsync(writer.New() with { Tasks = rows }, cancellationToken);
        foreach (var row in rows) tasks.Add(row);
        rounds.Asked(rows);
        if (tasks.Free > 0) WorkArrived();
    }

    /// <summary>Asking about images is worth something else from now on, for what is asked of each.</summary>
    public async Task<ImageId[]> PrioritizeAsync(TaskPriority[] priorities, CancellationToken cancellationToken)
    {
        var wanted = new Dictionary<int, float>();
        foreach (var (image, priority) in priorities)
            if (index.TryFind(image, out var ordinal) && index.QuestionOf(ordinal) is not null) wanted[ordinal] = (float)priority;
        if (wanted.Count == 0) return [];
        // A row of a task stands as it was first written, so it is taken away and comes again.
        var rows = wanted.SelectMany(w => RowsOf(w.Key, w.Value)).ToArray();
        WithdrawnTaskRow[] before = [.. rows.Select(r => new WithdrawnTaskRow(r.Ordinal, r.Arm))];
        await writer.CommitAsync(writer.New() with { WithdrawnTasks = before, Tasks = rows }, cancellationToken);
        foreach (var (ordinal, priority) in wanted) tasks.Prioritize(ordinal, priority);
        // What was withdrawn, given back or set aside while it was written is so on disk too.
        WithdrawnTaskRow[] gone = [.. rows.Where(r => r.Arm != Arms.Verification && !tasks.Contains(r.Arm, r.Ordinal))
            .Select(r => new WithdrawnTaskRow(r.Ordinal, r.Arm))];
        ReservationRow[] set = [.. rows.Where(r => tasks.WrittenUntil(r.Ordinal) != r.ReservedUntil).Select(r => r.Ordinal).Distinct()
            .Select(o => new ReservationRow(o, tasks.WrittenUntil(o)))];
        if (gone.Length + set.Length > 0)
            await writer.CommitAsync(writer.New() with { WithdrawnTasks = gone, Reservations = set }, cancellationToken);
        return [.. wanted.Keys.Select(index.IdOf)];
    }

    private IEnumerable<TaskRow> RowsOf(int ordinal, float priority)
    {
        var until = tasks.WrittenUntil(ordinal);
        TaskRow[] rows = [.. tasks.AskedBy(ordinal).Select(a => new TaskRow(ordinal, a.Arm, a.Round, priority, until))];
        // Nobody asks but who verifies.
        return index.QuestionOf(ordinal) == TaskKind.Verify || rows.Length == 0
            ? [new TaskRow(ordinal, Arms.Verification, 1, priority, until)] : rows;
    }

    private void WorkArrived() =>
        grains.GetGrain<IQueueGrain>(writer.Key.Dataset).WorkArrivedAsync(writer.Key.Shard, CancellationToken.None).Ignore();

    /// <summary>
    /// Labels are verified in an order that has nothing to do with them, so that those which were looked at by any time are a fair sample.
    /// </summary>
    private TaskRow VerificationOf(int ordinal) => new(
        ordinal, Arms.Verification, 1, (float)StableHash.ToUnit(HashOf(index.IdOf(ordinal))), DateTimeOffset.UnixEpoch);

    private static ulong HashOf(ImageId image)
    {
        Span<byte> bytes = stackalloc byte[ImageId.Size];
        image.CopyTo(bytes);
        return StableHash.Of(bytes, VerificationOrder);
    }

    /// <summary>An image was put aside, on disk: nobody is asked about it any more.</summary>
    public void Quarantined(int ordinal)
    {
        var (asked, wasOpen) = (index.QuestionOf(ordinal), index.IsOpen(ordinal));
        index.Quarantine(ordinal);
        tasks.Follow(ordinal, asked);
        if (wasOpen) rounds.Answered(ordinal);
    }

    private int Find(ImageId image) =>
        index.TryFind(image, out var found) ? found : throw new RefusedException($"Shard {writer.Key} does not hold {image}.");
}
