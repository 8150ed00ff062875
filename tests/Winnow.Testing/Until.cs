using System.Diagnostics;

namespace Winnow.Testing;

/// <summary>Waits for conditions: what tests do instead of sleeping.</summary>
public static class Until
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    /// <summary>Looks again and again until a condition holds; how long that took.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="limit">The time after which the test has failed.</param>
    /// <param name="what">What did not come true.</param>
    /// <param name="every">How long to wait between two looks; for null 20 ms.</param>
    /// <exception cref="TimeoutException">The condition did not come true in time.</exception>
    public static async Task<TimeSpan> TrueAsync(Func<Task<bool>> condition, TimeSpan limit, Func<string> what, TimeSpan? every = null)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > limit) throw new TimeoutException($"After {limit} it is still not so that {what()}");
            await Task.Delay(every ?? Look, TimeProvider.System);
        }
        return Stopwatch.GetElapsedTime(started);
    }
}
