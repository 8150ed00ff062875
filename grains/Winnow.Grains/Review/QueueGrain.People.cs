using Winnow.Abstractions.Datasets;
using Winnow.Model;

namespace Winnow.Grains.Review;

/// <summary>
/// The people whom a queue gives tasks: who is at work, and how many one may hold. With <c>tasksPerPerson</c> in hand nobody is given
/// another;
/// only leases that run count, and those that this queue gave.
/// </summary>
internal sealed partial class QueueGrain
{
    /// <summary>How long word of an answer that was recorded may take until it comes here: nobody waits for it.</summary>
    private static readonly TimeSpan WordOnItsWay = TimeSpan.FromMilliseconds(500);

    private readonly PeopleAtWork _people = new();
    private TaskCompletionSource? _room;

    public Task<string[]> GetAtWorkAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return Task.FromResult<string[]>([.. _people.Lately(now).Union(_stock.Holders(now), StringComparer.Ordinal)]);
    }

    /// <summary>How many tasks the person may still take.</summary>
    private int RoomOf(string actor) => _dataset.Settings.TasksPerPerson - _stock.HeldBy(actor, time.GetUtcNow());

    /// <summary>Waits a moment for what the person has answered or given back just now.</summary>
    /// <exception cref="RefusedException">The person holds as many as one may.</exception>
    private async Task<int> MakeRoomAsync(string actor, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (RoomOf(actor) <= 0)
        {
            var left = WordOnItsWay - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero) throw Full(actor);
            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await Task.WhenAny(_room.Task, Task.Delay(left, time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
        return RoomOf(actor);
    }

    private void RoomMade()
    {
        _room?.TrySetResult();
        _room = null;
    }

    private RefusedException Full(string actor)
    {
        var held = _stock.HeldBy(actor, time.GetUtcNow());
        return new RefusedException(
            $"You hold {held} review task{(held == 1 ? "" : "s")} of dataset '{_dataset.Name}', and one person holds at most "
            + $"{_dataset.Settings.TasksPerPerson} at a time (tasksPerPerson). Answer some, or give them back (tasks/release); "
            + $"what is neither answered nor given back is no longer yours {_dataset.Settings.LeasePeriod:c} after it was taken.")
        {
            Code = RefusalCodes.TasksHeld,
        };
    }
}
