namespace Winnow.Grains.Scoring;

/// <summary>
/// Who goes first to the devices: a lot that nobody waits for sets out only while none that somebody waits for is on its way from this
/// silo. Each silo sees its own lots alone, so what goes behind is few at a time: a lot that must wait for one of them waits for as long as
/// that takes, and no longer.
/// </summary>
internal sealed class LotTurns
{
    /// <summary>Two: the next one is fetched and decoded while one is run.</summary>
    private const int BehindAtOnce = 2;

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _behind = new(BehindAtOnce, BehindAtOnce);
    private TaskCompletionSource? _quiet;
    private int _ahead;

    /// <summary>A lot that somebody waits for is on its way, until this is disposed of.</summary>
    public IDisposable Ahead()
    {
        lock (_gate) _ahead++;
        return new Turn(() =>
        {
            TaskCompletionSource? quiet = null;
            lock (_gate)
            {
                if (--_ahead == 0) (quiet, _quiet) = (_quiet, null);
            }
            quiet?.TrySetResult();
        });
    }

    /// <summary>Returns when a lot may go that nobody waits for; it is under way until this is disposed of.</summary>
    public async Task<IDisposable> BehindAsync(CancellationToken cancellationToken)
    {
        await _behind.WaitAsync(cancellationToken);
        try
        {
            while (Quiet() is { } quiet) await quiet.WaitAsync(cancellationToken);
            return new Turn(() => _behind.Release());
        }
        catch
        {
            _behind.Release();
            throw;
        }
    }

    private Task? Quiet()
    {
        lock (_gate)
        {
            if (_ahead == 0) return null;
            _quiet ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _quiet.Task;
        }
    }

    private sealed class Turn(Action end) : IDisposable
    {
        private Action? _end = end;

        public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
    }
}
