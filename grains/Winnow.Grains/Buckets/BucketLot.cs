using Winnow.Abstractions.Images;
using Winnow.Grains.Ports;

namespace Winnow.Grains.Buckets;

/// <summary>What came of an object that was asked for.</summary>
internal enum Outcome
{
    Here,
    Gone,
    TooLarge,
    /// <summary>It is none of what the source is for.</summary>
    LeftOut,
    /// <summary>This object alone may not be read; that may change.</summary>
    Refused,
    /// <summary>It could not be read now.</summary>
    Failed,
}

/// <summary>One object of a lot, fetched: its bytes, or why there are none. The bytes are good as long as the lot is.</summary>
internal readonly record struct Fetched(BucketEntry Entry, Outcome Outcome, ReadOnlyMemory<byte>? Bytes, string? Problem)
{
    public ulong Hash => KnownObjects.HashOf(Entry.Key, Entry.ETag);
}

/// <summary>
/// A lot on its way, in its room. Who disposes of it ends what is still being fetched, waits for that, and gives the room back.
/// </summary>
internal sealed class BucketLot : IAsyncDisposable
{
    private readonly CancellationTokenSource? _stop;
    private readonly LotSpaceSet? _room;
    private bool _ended;

    private BucketLot(Task<Fetched[]> objects, string? upTo, long listed, LotSpaceSet? room, CancellationTokenSource? stop)
    {
        (Objects, UpTo, Listed) = (objects, upTo, listed);
        (_room, _stop) = (room, stop);
    }

    /// <summary>What is in it.</summary>
    public Task<Fetched[]> Objects { get; }

    /// <summary>With it the listing is done up to this key; null for a lot beside the listing.</summary>
    public string? UpTo { get; }

    /// <summary>The so-manieth of the listing that is.</summary>
    public long Listed { get; }

    /// <summary>One without bytes.</summary>
    public static BucketLot Of(Fetched[] objects, long listed) => new(Task.FromResult(objects), null, listed, null, null);

    /// <summary>Begins to fetch one.</summary>
    public static BucketLot Fetch(
        LotSpaceSet room, Func<LotSpaceSet, CancellationToken, Task<Fetched[]>> fetch, string? upTo, long listed,
        CancellationToken cancellationToken)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        return new BucketLot(fetch(room, stop.Token), upTo, listed, room, stop);
    }

    public async ValueTask DisposeAsync()
    {
        if (_ended) return;
        _ended = true;
        if (_stop is not null) await _stop.CancelAsync();
        // Whatever it failed by was told to whoever took it in, or is not asked for any more.
        await ((Task)Objects).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (_room is not null) await _room.DisposeAsync();
        _stop?.Dispose();
    }
}
