using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Review;
using Winnow.Abstractions.Telemetry;
using Winnow.Abstractions.Training;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
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
    public async Task<ReservedTasks> ReserveAsync(int max, DateTimeOffset until, CancellationToken cancellationToken)
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

    public async Task ReleaseAsync(ImageId[] images, CancellationToken cancellationToken)
    {
        var known = new List<(int Ordinal, DateTimeOffset Until)>(images.Length);
        foreach (var image in images)
            if (index.TryFind(image, out var ordinal) && index.Has(ordinal, ShardIndex.Flags.Reserved))
                known.Add((ordinal, tasks.ReservedUntil(ordinal)));
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
    public async Task ExtendAsync(ImageId[] images, DateTimeOffset until, CancellationToken cancellationToken)
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
        if (reopens) await grains.GetGrain<IQueueGrain>(writer.Key.Dataset).WithdrawnAsync([fact.Image], cancellationToken);
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
            rows.Add(new TaskRow(ordinal, wanted.Arm, wanted.Round, wanted.Priorities[i], tasks.ReservedUntil(ordinal)));
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
