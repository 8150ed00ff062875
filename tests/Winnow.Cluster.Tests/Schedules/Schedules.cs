using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace Winnow.Cluster.Tests.Schedules;

/// <summary>Tries many seeds, on as many processors as there are.</summary>
internal static class Schedules
{
    /// <summary>Whether one seed is run again.</summary>
    public static bool IsOne => One is not null;

    private static ulong? One => ulong.TryParse(Environment.GetEnvironmentVariable("WINNOW_SCHEDULE"), out var seed) ? seed : null;

    /// <summary>Does a run, and writes down what grains said to each other where it fails and somebody wants to know.</summary>
    public static void Keeping(ulong seed, Action<Action<string>> tell, Action run)
    {
        if (IsOne || Environment.GetEnvironmentVariable("WINNOW_SCHEDULE_LOG") is not { Length: > 0 } folder)
        {
            run();
            return;
        }
        var lines = new List<string>();
        tell(lines.Add);
        try
        {
            run();
        }
        catch (Exception e)
        {
            File.WriteAllLines(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"seed-{seed}.txt")), [.. lines, $"{e}"]);
            throw;
        }
    }

    /// <summary>Tries seeds: a few in every run of the tests, a hundred times as many by <c>bash tests/run schedules</c>.</summary>
    /// <param name="output">Is told how many orders there were.</param>
    /// <param name="few">How many seeds are a few.</param>
    /// <param name="run">Runs one seed.</param>
    public static void Explore(ITestOutputHelper output, int few, Func<ulong, SeededScheduler> run)
    {
        if (One is { } one)
        {
            run(one);
            return;
        }
        var times = int.TryParse(Environment.GetEnvironmentVariable("WINNOW_SCHEDULES"), out var asked) ? asked : 1;
        var first = ulong.TryParse(Environment.GetEnvironmentVariable("WINNOW_SEED"), out var chosen) ? chosen : 1;
        var started = Stopwatch.GetTimestamp();
        var orders = new ConcurrentDictionary<ulong, byte>();
        var (next, turns, disturbed) = (-1, 0L, 0);
        (ulong Seed, Exception Fault)? least = null;
        var gate = new Lock();
        void RunSome()
        {
            while (least is null && Interlocked.Increment(ref next) is var i && i < few * times)
            {
                var seed = first + (ulong)i;
                try
                {
                    var scheduler = run(seed);
                    orders.TryAdd(scheduler.Order, 0);
                    Interlocked.Add(ref turns, scheduler.Turns);
                    if (scheduler.IsDisturbed) Interlocked.Increment(ref disturbed);
                }
                catch (Exception e)
                {
                    lock (gate)
                        if (least is not { } known || known.Seed > seed) least = (seed, e);
                }
            }
        }
        // Threads of their own: what runs on the pool must not wait for it.
        Thread[] threads = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(RunSome))];
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        if (least is { } found)
            throw new ScheduleFault(string.Create(CultureInfo.InvariantCulture,
                $"Seed {found.Seed} (WINNOW_SCHEDULE={found.Seed} runs it again): {found.Fault}"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{few * times} schedules, {orders.Count} different, {turns} turns, {disturbed} disturbed from outside, ")
            + string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s"));
    }
}
