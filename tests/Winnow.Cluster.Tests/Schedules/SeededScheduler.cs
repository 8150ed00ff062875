using Winnow.Algorithms.Numerics;

namespace Winnow.Cluster.Tests.Schedules;

/// <summary>
/// Runs tasks one at a time, in an order that a seed draws. An activation of Orleans runs its turns one at a time too, and anything else
/// comes between two of them only, where something is awaited; so whatever may happen among activations is one of these orders. Now and
/// then a turn is kept back for a while, as a message is that is long on its way: evenly drawn orders hardly ever let one thing fall far
/// behind.
/// </summary>
internal sealed class SeededScheduler(ulong seed, VirtualClock clock) : TaskScheduler
{
    /// <summary>A run that has not ended by then goes round in circles.</summary>
    private const int MostTurns = 50_000;

    // The pool of a machine that is busy with other things.
    private static readonly TimeSpan LongestOutside = TimeSpan.FromSeconds(5);

    private const int KeptBackOneIn = 24;
    private const int LongestKeptBack = 200;

    private readonly SeededRandom _random = new(seed);
    private readonly Lock _gate = new();
    private readonly List<Task> _ready = [];
    private readonly List<(Task Task, int Until)> _keptBack = [];
    private readonly ManualResetEventSlim _gathered = new();
    private readonly ManualResetEventSlim _came = new();
    private int _thread;
    private int _handedOver;
    private bool _gathering;

    /// <summary>Turns so far.</summary>
    public int Turns { get; private set; }

    /// <summary>What was chosen, as a hash: the same for the same order.</summary>
    public ulong Order { get; private set; } = 14695981039346656037;

    /// <summary>Whether something came when nobody waited for it, so that the order may not be the seed's.</summary>
    public bool IsDisturbed { get; private set; }

    /// <summary>Runs something to its end, with all that it sets going and waits for.</summary>
    /// <param name="work">It.</param>
    /// <param name="afterEach">Called after each turn.</param>
    /// <exception cref="InvalidOperationException">It waits for what never comes, or never ends.</exception>
    public void Run(Func<Task> work, Action afterEach)
    {
        // xUnit's context would take the continuations.
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        _thread = Environment.CurrentManagedThreadId;
        _handedOver = PoolWatch.HandedOver;
        try
        {
            var root = Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.None, this).Unwrap();
            while (!root.IsCompleted)
            {
                if (_random.Next(12) == 0)
                {
                    clock.Advance(TimeSpan.FromMilliseconds(_random.Next(700)));
                    Gather();
                }
                if (Choose() is { } next)
                {
                    TryExecuteTask(next);
                    Gather();
                    afterEach();
                    if (++Turns > MostTurns) throw new InvalidOperationException($"It has not ended after {MostTurns} turns.");
                }
                else if (clock.AdvanceToNext()) Gather();
                else if (!_came.Wait(LongestOutside))
                    throw new InvalidOperationException($"It waits for what never comes, after {Turns} turns.");
            }
            root.GetAwaiter().GetResult();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    protected override void QueueTask(Task task)
    {
        lock (_gate)
        {
            if (Environment.CurrentManagedThreadId != _thread && !_gathering) IsDisturbed = true;
            _ready.Add(task);
            _came.Set();
        }
    }

    // What could run at once waits for its turn like all else.
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_gate) return [.. _ready];
    }

    /// <summary>
    /// Waits for what a turn has set going outside: the class library lets the thread pool tell those who wait for one of several tasks,
    /// or for a task and a cancellation. Such work takes microseconds, and the pool begins it in order; what comes later than it
    /// nevertheless is noticed.
    /// </summary>
    private void Gather()
    {
        if (PoolWatch.HandedOver == _handedOver) return;
        lock (_gate) _gathering = true;
        for (var i = 0; i < 2; i++)
        {
            _gathered.Reset();
            ThreadPool.UnsafeQueueUserWorkItem(static gathered => gathered.Set(), _gathered, preferLocal: false);
            _gathered.Wait();
        }
        lock (_gate) _gathering = false;
        _handedOver = PoolWatch.HandedOver;
    }

    private Task? Choose()
    {
        lock (_gate)
        {
            for (var i = _keptBack.Count - 1; i >= 0; i--)
            {
                // With nothing else to do nothing is kept back.
                if (_keptBack[i].Until > Turns && _ready.Count > 0) continue;
                _ready.Add(_keptBack[i].Task);
                _keptBack.RemoveAt(i);
            }
            if (_ready.Count == 0)
            {
                _came.Reset();
                return null;
            }
            var at = _random.Next(_ready.Count);
            if (_ready.Count > 1 && _random.Next(KeptBackOneIn) == 0)
            {
                _keptBack.Add((_ready[at], Turns + 1 + _random.Next(LongestKeptBack)));
                _ready.RemoveAt(at);
                at = _random.Next(_ready.Count);
            }
            Order = (Order ^ (((ulong)at << 8) + (ulong)_ready.Count)) * 1099511628211;
            var task = _ready[at];
            _ready.RemoveAt(at);
            return task;
        }
    }
}
