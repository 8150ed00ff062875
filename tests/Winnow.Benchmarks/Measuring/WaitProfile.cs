using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using System.Globalization;
using Winnow.Abstractions.Telemetry;

namespace Winnow.Benchmarks.Measuring;

/// <summary>
/// What slow calls waited for, told by what went on in this process meanwhile: whether the machine gave it its processors, whether the
/// collector had stopped it, whether work waited for a thread, and how long the commits took that were under way. Of several causes the
/// first in that order that fills half of a call's time is named.
/// </summary>
internal sealed class WaitProfile : EventListener
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);
    private const double Half = 0.5, LeastStall = 3;

    private readonly record struct Span(long From, long To)
    {
        public long Within(long from, long to) => Math.Max(0, Math.Min(To, to) - Math.Max(From, from));
    }

    // Made before the base class begins to call back.
    private readonly ConcurrentQueue<Span> _stalls = new(), _pauses = new(), _threads = new(), _commits = new();
    private readonly MeterListener _meters = new();
    private readonly CancellationTokenSource _ends = new();
    private readonly Thread _watch;
    private readonly Task _pool;
    private long _paused;

    public WaitProfile()
    {
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == WinnowTelemetry.LedgerCommitDuration.Name) listener.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<double>((_, seconds, _, _) =>
        {
            var now = Stopwatch.GetTimestamp();
            _commits.Enqueue(new Span(now - (long)(seconds * Stopwatch.Frequency), now));
        });
        _meters.Start();
        _watch = new Thread(Watch) { IsBackground = true, Priority = ThreadPriority.Highest, Name = "stalls" };
        _watch.Start();
        _pool = WatchPoolAsync();
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        const EventKeywords Collections = (EventKeywords)1;
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime") EnableEvents(eventSource, EventLevel.Informational, Collections);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName?.StartsWith("GCSuspendEEBegin", StringComparison.Ordinal) == true)
            Volatile.Write(ref _paused, Stopwatch.GetTimestamp());
        else if (eventData.EventName?.StartsWith("GCRestartEEEnd", StringComparison.Ordinal) == true && _paused > 0)
            _pauses.Enqueue(new Span(_paused, Stopwatch.GetTimestamp()));
    }

    /// <summary>
    /// A thread that does nothing but wake up: when it wakes too late, nobody was let work, or the collector had stopped all.
    /// </summary>
    private void Watch()
    {
        while (!_ends.IsCancellationRequested)
        {
            var before = Stopwatch.GetTimestamp();
            // The one thing that is measured here is how long a sleep takes.
            _ends.Token.WaitHandle.WaitOne(Tick);
            if (Stopwatch.GetElapsedTime(before).TotalMilliseconds > LeastStall)
                _stalls.Enqueue(new Span(before, Stopwatch.GetTimestamp()));
        }
    }

    /// <summary>Work that does nothing: how long it waits until a thread takes it up.</summary>
    private async Task WatchPoolAsync()
    {
        while (!_ends.IsCancellationRequested)
        {
            await Task.WhenAny(Task.Delay(2 * Tick, TimeProvider.System, _ends.Token));
            var before = Stopwatch.GetTimestamp();
            await Task.Factory.StartNew(() => { }, CancellationToken.None, TaskCreationOptions.PreferFairness, TaskScheduler.Default);
            if (Stopwatch.GetElapsedTime(before).TotalMilliseconds > LeastStall)
                _threads.Enqueue(new Span(before, Stopwatch.GetTimestamp()));
        }
    }

    /// <summary>What calls waited for, in a sentence.</summary>
    /// <param name="calls">When each began and ended, by the clock of <see cref="Stopwatch"/>.</param>
    public string Of(IReadOnlyList<(long Began, long Ended)> calls)
    {
        var (machine, collector, thread, commit, other) = (0, 0, 0, 0, 0);
        Span[] pauses = [.. _pauses], stalls = [.. _stalls], threads = [.. _threads], commits = [.. _commits];
        foreach (var (began, ended) in calls)
        {
            bool Fill(Span[] spans) => spans.Sum(s => s.Within(began, ended)) >= Half * (ended - began);
            // A pause of the collector stops the watching thread as well.
            if (Fill(pauses)) collector++;
            else if (Fill(stalls)) machine++;
            else if (Fill(threads)) thread++;
            else if (commits.Any(c => c.Within(began, ended) >= Half * (ended - began))) commit++;
            else other++;
        }
        string Share(int count) => (count / (double)Math.Max(1, calls.Count)).ToString("P0", CultureInfo.InvariantCulture);
        return $"processors that others had {Share(machine)}, the collector {Share(collector)}, a thread {Share(thread)}, "
            + $"one commit {Share(commit)}, something else {Share(other)}";
    }

    public override void Dispose()
    {
        _ends.Cancel();
        _watch.Join();
        _pool.Wait();
        _meters.Dispose();
        _ends.Dispose();
        base.Dispose();
    }
}
