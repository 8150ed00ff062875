using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Review;
using Winnow.Abstractions.Telemetry;
using Winnow.Abstractions.Training;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Settings;
using Winnow.Grains.Telemetry;
using Winnow.Model.Images;

namespace Winnow.Grains.Shards;

/// <summary>
/// The shard as people's work sees it: what is asked, set aside for the queue, answered. A task that is set aside is so on disk before
/// anybody hears of it, and an image is open in memory exactly while the ledger has a task for it and nothing that closes it.
/// </summary>
internal sealed class ShardReviewDesk(
    ShardWriter writer, ShardIndex index, TaskBook tasks, RoundTally tally, ShardRounds rounds, ShardColumns columns,
    ShardPrelabels prelabels, IShardLedger ledger,
    IGrainFactory grains, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan QueueAnswersWithin = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _oneAfterTheOther = new(1, 1);

    private async Task<ReservedTasks> SetAsideAsync(int max, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var ranOut = tasks.RanOut;
        var ordinals = tasks.Reserve(max, time.GetUtcNow(), until);
        if (tasks.RanOut > ranOut) logger.ReservationsRanOut(writer.Key.ToString(), tasks.RanOut - ranOut);
        if (ordinals.Count == 0) return new ReservedTasks([], tasks.Free);
        try
        {
            // On disk before a lease can be given: after a crash nobody else is asked while such a lease may still run.
            var rows = ordinals.Select(o => new ReservationRow(o, until)).ToArray();
            await writer.CommitAsync(writer.New() with { Reservations = rows }, cancellationToken);
            return new ReservedTasks(await DescribeAsync(ordinals, cancellationToken), tasks.Free);
        }
        catch
        {
            foreach (var ordinal in ordinals) tasks.Release(ordinal);
            throw;
        }
    }

    /// <summary>The same in the turn of a queue. One that the shard has not heard of takes over what others had set aside.</summary>
    public async Task<ReservedTasks> ReserveInTurnAsync(long turn, int max, DateTimeOffset until, CancellationToken cancellationToken)
    {
        Enter(turn);
        return (await SetAsideAsync(max, until, cancellationToken)) with { IsNewTo = tasks.IsNewTo(turn) };
    }

    public async Task<ReservedTasks> TakeOverAsync(
        long turn, ImageId[] held, DateTimeOffset until, CancellationToken cancellationToken)
    {
        Enter(turn);
        await SetAsideAsync(turn, held, until, cancellationToken);
        var described = await DescribeAsync(OpenOf(held), cancellationToken);
        // Some may have been answered meanwhile.
        return new ReservedTasks([.. described.Where(t => OpenOf([t.Image]).Count > 0)], tasks.Free, tasks.IsNewTo(turn));
    }

    private List<int> OpenOf(ImageId[] images)
    {
        var open = new List<int>(images.Length);
        foreach (var image in images)
            if (index.TryFind(image, out var ordinal) && index.IsOpen(ordinal)) open.Add(ordinal);
        return open;
    }

    public async Task<ExtendedTasks> ExtendInTurnAsync(
        long turn, ImageId[] images, DateTimeOffset until, CancellationToken cancellationToken)
    {
        Enter(turn);
        var extended = await SetAsideAsync(turn, images, until, cancellationToken);
        return new ExtendedTasks(extended, tasks.IsNewTo(turn));
    }

    public async Task<ImageId[]> KeepAsync(long turn, ImageId[] images, DateTimeOffset until, CancellationToken cancellationToken)
    {
        Enter(turn);
        var kept = await SetAsideAsync(turn, images, until, cancellationToken);
        tasks.Kept(turn);
        return kept;
    }

    /// <summary>
    /// Sets aside for at least so long what the queue has whose turn it is, also what memory knows nothing of. What is so already, by the
    /// same queue, costs nothing. One call after the other: of two that write of one task, the later time is to be on disk.
    /// </summary>
    /// <returns>What is set aside now.</returns>
    private async Task<ImageId[]> SetAsideAsync(long turn, ImageId[] images, DateTimeOffset until, CancellationToken cancellationToken)
    {
        await _oneAfterTheOther.WaitAsync(cancellationToken);
        var before = new List<(int Ordinal, (DateTimeOffset, bool) Standing)>();
        try
        {
            // Another queue may have followed while this call waited.
            if (turn != tasks.Turn) throw AnotherQueue();
            var open = OpenOf(images);
            foreach (var ordinal in open)
                if (tasks.ReservedUntil(ordinal) < until) before.Add((ordinal, tasks.Standing(ordinal)));
            // In memory first: while it is written nobody else may take it.
            foreach (var (ordinal, _) in before) tasks.SetAside(ordinal, until);
            ReservationRow[] rows = [.. before.Select(b => new ReservationRow(b.Ordinal, until))];
            if (rows.Length > 0) await writer.CommitAsync(writer.New() with { Reservations = rows }, cancellationToken);
            return [.. open.Select(index.IdOf)];
        }
        catch
        {
            // What memory says is on disk.
            foreach (var (ordinal, standing) in before) tasks.SetBack(ordinal, until, standing);
            throw;
        }
        finally
        {
            _oneAfterTheOther.Release();
        }
    }

    public Task ReleaseInTurnAsync(long turn, ImageId[] images, CancellationToken cancellationToken) =>
        turn != tasks.Turn ? Task.CompletedTask : PutBackAsync(images, cancellationToken);

    private void Enter(long turn)
    {
        if (turn < tasks.Turn) throw AnotherQueue();
        if (turn > tasks.Turn) tasks.TakeOver(turn, time.GetUtcNow() + TurnTimes.Grace);
    }

    /// <summary>A queue that knows no turns is of before the cluster took them.</summary>
    private void EnterWithoutTurn()
    {
        if (tasks.Turn > 0) throw AnotherQueue();
    }

    private OrleansException AnotherQueue() => new($"Another queue sets aside the tasks of shard {writer.Key} by now. Repeat the call.");

    public Task<ReservedTasks> ReserveAsync(int max, DateTimeOffset until, CancellationToken cancellationToken)
    {
        EnterWithoutTurn();
        return SetAsideAsync(max, until, cancellationToken);
    }

    public Task ExtendAsync(ImageId[] images, DateTimeOffset until, CancellationToken cancellationToken)
    {
        EnterWithoutTurn();
        return ProlongAsync(images, until, cancellationToken);
    }

    public Task ReleaseAsync(ImageId[] images, CancellationToken cancellationToken) =>
        tasks.Turn > 0 ? Task.CompletedTask : PutBackAsync(images, cancellationToken);

    private async Task PutBackAsync(ImageId[] images, CancellationToken cancellationToken)
    {
        var known = new List<(int Ordinal, DateTimeOffset Until)>(images.Length);
        foreach (var image in images)
            if (index.TryFind(image, out var ordinal) && index.Has(ordinal, ShardIndex.Flags.Reserved))
                known.Add((ordinal, tasks.WrittenUntil(ordinal)));
        if (known.Count == 0) return;
        ReservationRow[] rows = [.. known.Select(k => new ReservationRow(k.Ordinal, DateTimeOffset.UnixEpoch))];
        await writer.CommitAsync(writer.New() with { Reservations = rows }, cancellationToken);
        // What ran out meanwhile and was set aside anew is somebody else's.
        foreach (var (ordinal, until) in known) tasks.Release(ordinal, until);
    }

    /// <summary>
    /// Sets tasks aside for longer that their queue goes on holding, also those of which memory knows nothing: the shard may have closed
    /// and their time run out while nobody asked. A queue asks before that time is over, and for more than it had; so what is set aside
    /// for longer than it asks was given to another queue while the call was on its way.
    /// </summary>
    private async Task ProlongAsync(ImageId[] images, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var rows = new List<ReservationRow>(images.Length);
        var others = 0;
        foreach (var image in images)
        {
            if (!index.TryFind(image, out var ordinal) || !index.IsOpen(ordinal)) continue;
            if (tasks.ReservedUntil(ordinal) > until) others++;
            else rows.Add(new ReservationRow(ordinal, until));
        }
        // In memory first: while it is written nobody else may take it.
        foreach (var row in rows) tasks.SetAside(row.Ordinal, until);
        if (rows.Count > 0) await writer.CommitAsync(writer.New() with { Reservations = rows }, cancellationToken);
        if (others > 0) throw new OrleansException($"{others} tasks of shard {writer.Key} are set aside for another queue by now.");
        // They were answered, and word of it is on its way; or others have given this shard up, and it does not know.
        if (rows.Count < images.Length)
            throw new OrleansException($"{images.Length - rows.Count} images are not open in shard {writer.Key}. Repeat the call.");
    }

    /// <summary>Commits a human fact; only the image's own version can be in its way.</summary>
    public async Task<CommitOutcome> CommitAsync(HumanFact fact, CancellationToken cancellationToken)
    {
        if (!index.TryFind(fact.Image, out var ordinal)) return CommitOutcome.Conflict;
        // Whoever judged it by another schema judged for another dataset.
        if (!HistoryRow.MayBe(fact.Label, writer.Dataset.Schema))
            throw new RefusedException(
                $"The answer for {fact.Image} is of no class of dataset '{writer.Key.Dataset}'. Take the task again.");
        var row = new HistoryRow(
            fact.Image, ordinal, fact.Version, fact.OperationId, fact.EntryJson, fact.Label, fact.Closes, fact.Stage)
        {
            Level = fact.Level,
        };
        // What the task was set aside for ended with the answer, in a ledger that keeps it beside the task too.
        var reopens = !fact.Closes && index.Has(ordinal, ShardIndex.Flags.Asked) && !index.IsOpen(ordinal);
        ReservationRow[] freed = reopens ? [new ReservationRow(ordinal, DateTimeOffset.UnixEpoch)] : [];
        // Word of the answer may not have come there: a queue that still has the task would give it out again, set aside for nobody.
        if (reopens) await TellQueueAsync(fact.Image, cancellationToken);
        var status = await writer.TryCommitAsync(writer.New() with { History = [row], Reservations = freed }, cancellationToken);
        if (status == ShardCommitStatus.Conflict) return CommitOutcome.Conflict;
        if (fact.Label >= 0 && fact.Label != HistoryRow.LabelSet && fact.Label != index.LabelOf(ordinal)
            && columns.ScoreOf(ordinal) is { } score)
        {
            var agrees = score.Predicted == fact.Label ? "agree" : "differ";
            WinnowTelemetry.ModelAgreement.Add(1, new TagList { { "dataset", writer.Key.Dataset }, { "status", agrees } });
        }
        var wasOpen = index.IsOpen(ordinal);
        index.Decide(ordinal, fact.Version, fact.Label, fact.Closes, fact.Stage);
        Closed(ordinal, wasOpen);
        if (!wasOpen && index.IsOpen(ordinal)) Reopened(ordinal);
        // An image's grain of the last release says it by the level alone.
        if ((fact.Amends || fact.Level == ClusterLevels.Reopening) && wasOpen && !index.IsOpen(ordinal))
            grains.GetGrain<IQueueGrain>(writer.Key.Dataset).SettledAsync(fact.Image, fact.Version, null, true, CancellationToken.None)
                .Ignore();
        return CommitOutcome.Committed;
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
        if (tasks.Free == 0) return;
        grains.GetGrain<IQueueGrain>(writer.Key.Dataset).WorkArrivedAsync(writer.Key.Shard, CancellationToken.None).Ignore();
    }

    /// <summary>An image was put aside, on disk: nobody is asked about it any more.</summary>
    public void Quarantined(int ordinal)
    {
        var wasOpen = index.IsOpen(ordinal);
        index.Quarantine(ordinal);
        Closed(ordinal, wasOpen);
    }

    private void Closed(int ordinal, bool wasOpen)
    {
        if (index.IsOpen(ordinal)) return;
        tasks.Close(ordinal, wasOpen);
        if (wasOpen) rounds.Answered(ordinal);
    }

    private void Reopened(int ordinal)
    {
        tasks.Reopen(ordinal);
        rounds.Reopened(ordinal);
        grains.GetGrain<IQueueGrain>(writer.Key.Dataset).WorkArrivedAsync(writer.Key.Shard, CancellationToken.None).Ignore();
    }

    private int Find(ImageId image) =>
        index.TryFind(image, out var found) ? found : throw new RefusedException($"Shard {writer.Key} does not hold {image}.");

    private async Task<ReservedTask[]> DescribeAsync(List<int> ordinals, CancellationToken cancellationToken)
    {
        var rows = await ledger.ReadImagesAsync(writer.Key, ordinals, cancellationToken);
        var made = await prelabels.ReadAsync(ordinals, cancellationToken);
        var described = new ReservedTask[ordinals.Count];
        for (var i = 0; i < described.Length; i++)
        {
            var o = ordinals[i];
            var score = columns.ScoreOf(o);
            var version = index.VersionOf(o);
            var skippedBy = version == 0 ? null : (await tally.SkipsOfAsync(o, cancellationToken)).People;
            described[i] = new ReservedTask(
                rows[i].Row.Id, rows[i].Row.Name, tasks.PriorityOf(o), version,
                score?.Predicted ?? -1, score is { } s ? 1 - s.LeastConfidence : 0, columns.ModelName, skippedBy, made[i]);
        }
        return described;
    }
}
