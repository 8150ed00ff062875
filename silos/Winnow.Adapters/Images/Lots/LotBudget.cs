namespace Winnow.Adapters.Images.Lots;

/// <summary>
/// Counts bytes against a limit over all and a share per owner. What is counted never exceeds either; whoever holds nothing any more leaves
/// no trace.
/// </summary>
internal sealed class LotBudget(long limit, long share)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _held = new(StringComparer.Ordinal);
    private long _taken;

    /// <summary>Bytes that are counted now.</summary>
    public long Taken
    {
        get
        {
            lock (_gate) return _taken;
        }
    }

    /// <summary>Counts bytes; false, and nothing is counted, where they do not fit.</summary>
    public bool TryTake(string owner, long bytes)
    {
        lock (_gate)
        {
            var held = _held.GetValueOrDefault(owner);
            if (_taken + bytes > limit || held + bytes > share) return false;
            _taken += bytes;
            _held[owner] = held + bytes;
            return true;
        }
    }

    /// <summary>Counts them no more.</summary>
    public void Give(string owner, long bytes)
    {
        lock (_gate)
        {
            _taken -= bytes;
            var left = _held.GetValueOrDefault(owner) - bytes;
            if (left > 0) _held[owner] = left;
            else _held.Remove(owner);
        }
    }
}
