using System.Diagnostics.Tracing;

namespace Winnow.Cluster.Tests.Schedules;

/// <summary>
/// Tells whether a thread has handed work to the thread pool. The class library does so by itself, where tasks end for which somebody
/// waits together with others or with a cancellation.
/// </summary>
internal sealed class PoolWatch : EventListener
{
    private const string Source = "System.Diagnostics.Eventing.FrameworkEventSource";
    private const EventKeywords ThreadPoolWork = (EventKeywords)2;
    private const int Enqueued = 30;

    private static readonly Lazy<PoolWatch> Instance = new(Start);

    [ThreadStatic]
    private static int _handedOver;

    /// <summary>How often the calling thread has handed work to the pool so far.</summary>
    public static int HandedOver
    {
        get
        {
            _ = Instance.Value;
            return _handedOver;
        }
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Source) EnableEvents(eventSource, EventLevel.Verbose, ThreadPoolWork);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventId == Enqueued) _handedOver++;
    }

    private static PoolWatch Start()
    {
        var watch = new PoolWatch();
        // The pool looks whether anybody listens when it begins something.
        for (var tries = 0; _handedOver == 0; tries++)
        {
            if (tries == 1_000) throw new InvalidOperationException("The thread pool does not say what is handed to it.");
            using var done = new ManualResetEventSlim();
            ThreadPool.UnsafeQueueUserWorkItem(static d => d.Set(), done, preferLocal: false);
            done.Wait();
        }
        return watch;
    }
}
