using Winnow.Grains.Ports;
using Winnow.Web;

namespace Winnow.Silo.Operator;

/// <summary>Whether this silo takes work, is on its way out, or has left the cluster; and how many requests it is answering.</summary>
internal sealed class DrainState : ISiloDeparture, IServerEnd, IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _leaving = new();
    private int _requests;
    private volatile bool _draining;
    private volatile bool _drained;

    public bool IsDraining => _draining;

    bool ISiloDeparture.IsLeaving => _draining;

    CancellationToken IServerEnd.Leaving => _leaving.Token;

    public bool IsDrained => _drained;

    public int Requests => Volatile.Read(ref _requests);

    public string Text => _drained ? "drained" : _draining ? "draining" : "serving";

    /// <summary>Begins; false when it had begun before.</summary>
    public bool Begin()
    {
        lock (_gate)
        {
            if (_draining) return false;
            _draining = true;
        }
        // Whoever only listens is not waited for.
        _leaving.Cancel();
        return true;
    }

    public void Dispose() => _leaving.Dispose();

    public void End() => _drained = true;

    public void Entered() => Interlocked.Increment(ref _requests);

    public void Left() => Interlocked.Decrement(ref _requests);
}
