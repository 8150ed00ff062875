namespace Winnow.Cluster.Tests.Failover.Soak;

/// <summary>A load under way. Whoever waits for something while it runs learns at once when a part of it has failed.</summary>
internal sealed class RunningLoad : IDisposable
{
    private static readonly Func<SoakLoad, CancellationToken, Task>[] Work =
    [
        (l, ct) => l.ImportAsync(0, ct), (l, ct) => l.ReviewAsync("ann", 0, ct), (l, ct) => l.ReviewAsync("bea", 1, ct),
        (l, ct) => l.ReviewAsync("cem", 2, ct), (l, ct) => l.LearnAsync(ct),
    ];

    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _work;

    public RunningLoad(SoakLoad load, params Func<SoakLoad, CancellationToken, Task>[] parts) =>
        _work = [.. parts.Select(p => p(load, _stop.Token))];

    /// <summary>Somebody who imports, three who review, and rounds.</summary>
    public static RunningLoad Start(SoakLoad load) => new(load, Work);

    /// <summary>
    /// The same, one more who reviews and repeats nothing, one who keeps tasks through everything, two who correct the same answers, one
    /// who takes answers back, and those who look on.
    /// </summary>
    public static RunningLoad StartWatched(SoakLoad load) => new(load,
    [
        .. Work, (l, ct) => l.ReviewOnceAsync("dan", 1, ct), (l, ct) => l.KeepAsync("gus", 2, ct),
        (l, ct) => l.CorrectAsync("eve", "fay", ct), (l, ct) => l.TakeBackAsync("hal", ct),
        (l, ct) => l.LookAsync(0, ct), (l, ct) => l.LookAsync(1, ct),
    ]);

    /// <summary>Completes when a part ends, which none should by itself.</summary>
    public Task Ended => Task.WhenAny(_work);

    /// <summary>A condition to wait for, which ends the wait when a part has failed.</summary>
    public Func<Task<bool>> While(Func<bool> condition) => async () =>
    {
        await ThrowIfEndedAsync();
        return condition();
    };

    public async Task ThrowIfEndedAsync()
    {
        if (_work.FirstOrDefault(w => w.IsCompleted) is { } ended) await ended;
    }

    /// <summary>Lets every part finish what it has begun.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        foreach (var task in _work)
        {
            try
            {
                await task;
            }
            catch (OperationCanceledException)
            {
                // A round that had not ended: nobody promised that it had.
            }
        }
    }

    public void Dispose() => _stop.Dispose();
}
