using System.Globalization;

namespace Winnow.Testing;

/// <summary>Watches what a process holds in memory of its own; pages of files are the system's to take back, and do not count.</summary>
public sealed class ProcessMemory : IAsyncDisposable
{
    private readonly CancellationTokenSource _done = new();
    private readonly Task _watching;
    private readonly long _before;
    private long _most;

    /// <summary>Watches from now on.</summary>
    public ProcessMemory(int process)
    {
        _before = AnonymousBytes(process);
        _watching = WatchAsync(process);
    }

    /// <summary>By how many bytes it rose at most, since the watch began.</summary>
    public long Rise => Interlocked.Read(ref _most) - _before;

    private async Task WatchAsync(int process)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        try
        {
            while (await timer.WaitForNextTickAsync(_done.Token))
                Interlocked.Exchange(ref _most, Math.Max(Interlocked.Read(ref _most), AnonymousBytes(process)));
        }
        catch (OperationCanceledException)
        {
            // Nobody asks any more.
        }
    }

    private static long AnonymousBytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith("RssAnon:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }

    public async ValueTask DisposeAsync()
    {
        await _done.CancelAsync();
        await _watching;
        _done.Dispose();
    }
}
