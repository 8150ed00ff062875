using System.Collections.Concurrent;
using System.Diagnostics;
using Winnow.Algorithms.Numerics;

namespace Winnow.Benchmarks.Scoring;

/// <summary>Latencies of calls, in milliseconds.</summary>
internal sealed record Latencies(double P50, double P95, double P99)
{
    public static Latencies Of(IEnumerable<double> milliseconds)
    {
        double[] sorted = [.. milliseconds.Order()];
        double At(double share) => sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
        return new Latencies(At(0.5), At(0.95), At(0.99));
    }
}

/// <summary>Many who ask for one image each.</summary>
internal static class Callers
{
    /// <summary>So many at once, each of which asks again as soon as it is answered: calls per second.</summary>
    public static async Task<double> ThroughputAsync(int callers, TimeSpan time, Func<int, Task> call, CancellationToken stop)
    {
        var started = Stopwatch.GetTimestamp();
        var done = 0;
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            for (var i = caller; Stopwatch.GetElapsedTime(started) < time; i += callers)
            {
                await call(i);
                Interlocked.Increment(ref done);
            }
        }, stop)));
        return done / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>
    /// Calls that come at random moments at a given rate, whether earlier ones were answered or not. Counted from the moment they were due,
    /// so that a queue shows.
    /// </summary>
    public static async Task<Latencies> ArriveAsync(double perSecond, TimeSpan time, Func<int, Task> call, CancellationToken stop)
    {
        var random = new SeededRandom(7);
        var latencies = new ConcurrentBag<double>();
        var calls = new List<Task>();
        var started = Stopwatch.GetTimestamp();
        var due = 0.0;
        while (due < time.TotalSeconds)
        {
            stop.ThrowIfCancellationRequested();
            while (due <= Stopwatch.GetElapsedTime(started).TotalSeconds)
            {
                calls.Add(TimeAsync(calls.Count, due));
                due -= Math.Log(1 - random.NextDouble()) / perSecond;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, stop);
        }
        await Task.WhenAll(calls);
        return Latencies.Of(latencies);

        async Task TimeAsync(int number, double from)
        {
            await Task.Yield();
            await call(number);
            latencies.Add(1000 * (Stopwatch.GetElapsedTime(started).TotalSeconds - from));
        }
    }
}
