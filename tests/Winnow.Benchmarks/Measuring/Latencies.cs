using System.Collections.Concurrent;
using System.Diagnostics;

namespace Winnow.Benchmarks.Measuring;

/// <summary>Times of many calls, in milliseconds; safe for concurrent callers.</summary>
internal sealed class Latencies
{
    private readonly ConcurrentBag<double> _times = [];

    public int Count => _times.Count;

    /// <summary>Times one call.</summary>
    public async Task<T> TimeAsync<T>(Func<Task<T>> call)
    {
        var started = Stopwatch.GetTimestamp();
        var result = await call();
        _times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        return result;
    }

    /// <summary>The time that a share of the calls stayed below, by the nearest rank.</summary>
    public double Percentile(double share)
    {
        double[] sorted = [.. _times.Order()];
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}
