namespace Winnow.Inference.Scoring;

/// <summary>
/// Who runs next on a device that workers share: first come, first served. Left to a lock, a worker that had just run took it again before
/// one that had slept on it was awake; callers with one image each then all hung on one worker, and the device stood idle while it decoded.
/// Thread-safe.
/// </summary>
internal sealed class DeviceTurns
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource> _queue = [];
    private int _running;

    /// <summary>Whether nothing runs, nor has the device in hand.</summary>
    public bool Idle => Volatile.Read(ref _running) == 0;

    /// <summary>
    /// Asks for the device once it is idle; ends when it is the asker's. Followed by one <see cref="Begin"/> and <see cref="End"/>.
    /// </summary>
    public Task Ask()
    {
        lock (_lock)
        {
            if (_running == 0)
            {
                _running++;
                return Task.CompletedTask;
            }
            // Completed where End is called: all that hangs on it is a thread that sleeps, and the pool, by way of which it would be woken,
            // is busy with whom the last run has answered.
            var turn = new TaskCompletionSource();
            _queue.AddLast(turn);
            return turn.Task;
        }
    }

    /// <summary>
    /// Before runs. A batch that is full has nothing to gain by waiting for its turn, nor has the device: its driver may begin to copy.
    /// </summary>
    /// <param name="turn">What <see cref="Ask"/> gave, if it was asked.</param>
    public void Begin(Task? turn)
    {
        lock (_lock)
        {
            if (turn is { IsCompleted: true })
                return;
            for (var waiting = turn is null ? null : _queue.First; waiting is not null; waiting = waiting.Next)
            {
                if (waiting.Value.Task != turn)
                    continue;
                _queue.Remove(waiting);
                break;
            }
            _running++;
        }
    }

    /// <summary>After runs.</summary>
    public void End()
    {
        lock (_lock)
        {
            _running--;
            if (_running > 0 || _queue.First is not { } next)
                return;
            _queue.RemoveFirst();
            _running++;
            next.Value.SetResult();
        }
    }
}
