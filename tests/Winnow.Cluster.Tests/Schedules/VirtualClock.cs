namespace Winnow.Cluster.Tests.Schedules;

/// <summary>Time that goes on when it is told to. Timers go off in the order of their moments.</summary>
internal sealed class VirtualClock : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly List<Timer> _timers = [];
    private DateTimeOffset _now = Start;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _now;

    public override long GetTimestamp() => _now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        var until = _now + by;
        while (Next() is { } next && next.Due <= until) GoOff(next);
        _now = until;
    }

    /// <summary>Goes on to when the next timer goes off; false when there is none.</summary>
    public bool AdvanceToNext()
    {
        if (Next() is not { } next) return false;
        GoOff(next);
        return true;
    }

    private Timer? Next() => _timers.MinBy(t => t.Due);

    private void GoOff(Timer timer)
    {
        if (timer.Due > _now) _now = timer.Due;
        _timers.Remove(timer);
        timer.GoOff();
    }

    private sealed class Timer(VirtualClock clock, Action callback) : ITimer
    {
        public DateTimeOffset Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            // Nothing that is tested here asks for more than one.
            if (period != Timeout.InfiniteTimeSpan) throw new NotSupportedException("A timer that goes off again and again.");
            clock._timers.Remove(this);
            if (dueTime == Timeout.InfiniteTimeSpan) return true;
            Due = clock._now + dueTime;
            clock._timers.Add(this);
            return true;
        }

        public void GoOff() => callback();

        public void Dispose() => clock._timers.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
