namespace Winnow.Inference.Scoring;

/// <summary>
/// Bounds the encoded bytes that an engine holds: those that were fetched and are not decoded yet, and for each fetch under way as many as
/// the largest of the last ones had, since nobody knows a size before it is there. One image is always let in, however large.
/// </summary>
/// <param name="bytes">The bound.</param>
internal sealed class FetchBudget(long bytes)
{
    private const int Remembered = 64;

    private readonly Lock _lock = new();
    private readonly Queue<int> _sizes = new(Remembered);
    // Until something is known few are let in at once.
    private long _expected = bytes / 4;
    private long _held;
    private int _underWay;
    private TaskCompletionSource? _changed;

    /// <summary>Waits until there is room for one more fetch.</summary>
    public async ValueTask EnterAsync()
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_held + ((_underWay + 1) * _expected) <= bytes || (_held == 0 && _underWay == 0))
                {
                    _underWay++;
                    return;
                }
                changed = (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
            await changed;
        }
    }

    /// <summary>A fetch has ended, with so many bytes; 0 when there are none.</summary>
    public void Fetched(int size)
    {
        lock (_lock)
        {
            _underWay--;
            _held += size;
            if (_sizes.Count == Remembered) _sizes.Dequeue();
            _sizes.Enqueue(size);
            _expected = _sizes.Max();
            Change();
        }
    }

    /// <summary>Bytes that were fetched are not needed any more.</summary>
    public void Decoded(int size)
    {
        lock (_lock)
        {
            _held -= size;
            Change();
        }
    }

    private void Change()
    {
        _changed?.TrySetResult();
        _changed = null;
    }
}
