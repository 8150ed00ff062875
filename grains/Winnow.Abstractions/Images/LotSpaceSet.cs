using System.Collections.Concurrent;

namespace Winnow.Abstractions.Images;

/// <summary>
/// The room of a lot whose images are read several at once: as many spaces as there are readers at a time, all of one owner and out of the
/// same budget. What was read is good until it is disposed of.
/// </summary>
/// <param name="spaces">Gives the room.</param>
/// <param name="owner">Whose share it is taken from.</param>
public sealed class LotSpaceSet(ILotSpaces spaces, string owner) : IAsyncDisposable
{
    private readonly ConcurrentBag<ILotSpace> _free = [];
    private readonly ConcurrentBag<ILotSpace> _all = [];

    /// <summary>The first <paramref name="max"/> + 1 bytes of a body that is somebody else's: it is not read to its end.</summary>
    /// <exception cref="Health.UnavailableException">Lots that are under way fill what they may have on disk, too.</exception>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(Stream body, long max, CancellationToken cancellationToken)
    {
        if (!_free.TryTake(out var space)) _all.Add(space = spaces.Open(owner));
        try
        {
            return await space.ReadFirstAsync(body, max, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _free.Add(space);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        while (_all.TryTake(out var space)) await space.DisposeAsync().ConfigureAwait(false);
    }
}
