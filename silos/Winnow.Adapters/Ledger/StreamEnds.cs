namespace Winnow.Adapters.Ledger;

/// <summary>
/// The number of the last act of each stream, as the only writer of the file has written it: what it knows is what its transaction holds,
/// so all of it is forgotten whenever anything is rolled back. The table refuses a number that does not come next.
/// </summary>
internal sealed class StreamEnds
{
    /// <summary>More streams than are written to at a time; beyond that they are read anew.</summary>
    private const int Most = 10_000;

    private readonly Dictionary<(long Dataset, int Shard), long> _last = [];

    /// <summary>The number of the last act of a stream; null where that is not known.</summary>
    public long? Find(long dataset, int shard) => _last.TryGetValue((dataset, shard), out var last) ? last : null;

    public void Set(long dataset, int shard, long last)
    {
        if (_last.Count >= Most) _last.Clear();
        _last[(dataset, shard)] = last;
    }

    /// <summary>What was written is written no more.</summary>
    public void Forget() => _last.Clear();
}
