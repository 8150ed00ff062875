using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Review;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Settings;
using Winnow.Grains.Telemetry;
using Winnow.Model.Images;
using Winnow.Model.Review;

namespace Winnow.Grains.Shards;

/// <summary>
/// The tasks of a shard as the review queue takes them. One that is set aside is so on disk before anybody hears of it, for the queue whose
/// turn it is and for no other.
/// </summary>
internal sealed class ShardReservations(
    ShardWriter writer, ShardIndex index, TaskBook tasks, ShardDescriber describer, TimeProvider time, ILogger logger)
{
    private readonly SemaphoreSlim _oneAfterTheOther = new(1, 1);

    private async Task<ReservedTasks> SetAsideAsync(
        TaskKind kind, int max, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var ranOut = tasks.RanOut;
        var ordinals = tasks.Reserve(kind, max, time.GetUtcNow(), until);
        if (tasks.RanOut > ranOut) logger.ReservationsRanOut(writer.Key.ToString(), tasks.RanOut - ranOut);
        if (ordinals.Count == 0) return new ReservedTasks([], tasks.FreeOf(kind));
        try
        {
            // On disk before a lease can be given: after a crash nobody else is asked while such a lease may still run.
            var rows = ordinals.Select(o => new ReservationRow(o, until)).ToArray();
            await writer.CommitAsync(writer.New() with { Reservations = rows }, cancellationToken);
            return new ReservedTasks(await DescribeAsync(ordinals, until, cancellationToken), tasks.FreeOf(kind));
        }
        catch
        {
            foreach (var ordinal in ordinals) tasks.Release(ordinal, until);
            throw;
        }
    }

    /// <summary>The same in the turn of a queue. One that the shard has not heard of takes over what others had set aside.</summary>
    public async Task<ReservedTasks> ReserveInTurnAsync(
        long turn, TaskKind kind, int max, DateTimeOffset until, CancellationToken cancellationToken)
    {
        Enter(turn);
        return (await SetAsideAsync(kind, max, until, cancellationToken)) with { IsNewTo = tasks.IsNewTo(turn) };
    }

    public async Task<ReservedTasks> TakeOverAsync(
        long turn, ImageId[] held, DateTimeOffset until, CancellationToken cancellationToken)
    {
        Enter(turn);
        var aside = await SetAsideAsync(turn, held, until, cancellationToken);
        return new ReservedTasks(await DescribeAsync(OpenOf(aside), until, cancellationToken), tasks.Free, tasks.IsNewTo(turn));
    }

    private List<int> OpenOf(ImageId[] images)
    {
        var open = new List<int>(images.Length);
        foreach (var image in images)
            if (index.TryFind(image, out var ordinal) && index.QuestionOf(ordinal) is not null) open.Add(ordinal);
        return open;
    }

    public async Task<ExtendedTasks> ExtendInTurnAsync(
        long turn, ImageId[] images, DateTimeOffset until, CancellationToken cancellationToken)
    {
        Enter(turn);
        var extended = await SetAsideAsync(turn, images, until, cancellationToken);
        TaskKind[] kinds = [.. extended.Select(i => index.TryFind(i, out var o) ? index.QuestionOf(o) ?? TaskKind.Label : TaskKind.Label)];
        return new ExtendedTasks(extended, tasks.IsNewTo(turn), kinds);
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
            // Others may have given this shard up, which it then does not know. What it says to be no task may be one: the ledger tells.
            if (rows.Length > 0 || open.Count < images.Length)
                await writer.CommitAsync(writer.New() with { Reservations = rows }, cancellationToken);
            // What was answered while it was written is set aside no more, whatever is asked about it now.
            return [.. open.Where(o => IsAside(o, until)).Select(index.IdOf)];
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
        return SetAsideAsync(TaskKind.Label, max, until, cancellationToken);
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
            if (!index.TryFind(image, out var ordinal) || index.QuestionOf(ordinal) is null) continue;
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

    /// <summary>What a queue hands out of these. What was answered meanwhile is another task by now, or none, and free.</summary>
    private async Task<ReservedTask[]> DescribeAsync(List<int> ordinals, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var kinds = ordinals.Select(index.QuestionOf).ToArray();
        var described = await describer.DescribeAsync(ordinals, cancellationToken);
        return [.. described.Where((_, i) => IsAside(ordinals[i], until) && index.QuestionOf(ordinals[i]) == kinds[i])];
    }

    private bool IsAside(int ordinal, DateTimeOffset until) =>
        index.QuestionOf(ordinal) is not null && tasks.WrittenUntil(ordinal) >= until;
}
