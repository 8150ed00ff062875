using System.Collections.Concurrent;
using System.Diagnostics;

namespace Winnow.Benchmarks.Measuring;

/// <summary>Times of many calls, in milliseconds; safe for concurrent callers.</summary>
internal sealed class Latencies
{
    private readonly ConcurrentBag<(long Began, long Ended)> _calls = [];

    public int Count => _calls.Count;

    /// <summary>Times one call.</summary>
    public async Task<T> TimeAsync<T>(Func<Task<T>> call)
    {
        var started = Stopwatch.GetTimestamp();
        var result = await call();
        _calls.Add((started, Stopwatch.GetTimestamp()));
        return result;
    }

    /// <summary>The calls that took longest, this share of all.</summary>
    public IReadOnlyList<(long Began, long Ended)> Slowest(double share) =>
        [.. _calls.OrderByDescending(c => c.Ended - c.Began).Take((int)Math.Ceiling(share * _calls.Count))];

    /// <summary>The time that a share of the calls stayed below, by the nearest rank.</summary>
    public double Percentile(double share)
    {
        double[] sorted = [.. _calls.Select(c => Stopwatch.GetElapsedTime(c.Began, c.Ended).TotalMilliseconds).Order()];
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}
