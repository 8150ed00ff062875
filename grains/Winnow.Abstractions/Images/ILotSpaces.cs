namespace Winnow.Abstractions.Images;

/// <summary>
/// Where the bytes of lots stand while they are taken in: those that callers send, those that are read from buckets, and those that were
/// uploaded past the server. However many come at once, and from however many owners, they hold no more memory together than the server's
/// limit, and those of one owner no more than its share; the rest waits on disk.
/// </summary>
public interface ILotSpaces
{
    /// <summary>Room for one lot.</summary>
    /// <param name="owner">Whose share it is taken from: a principal, or a source.</param>
    ILotSpace Open(string owner);
}

/// <summary>The room of one lot. What was read into it is gone when it is disposed of.</summary>
public interface ILotSpace : IAsyncDisposable
{
    /// <summary>
    /// Reads a body to its end and keeps it, or its first <paramref name="max"/> + 1 bytes when it is longer: enough for whoever judges it
    /// to see that it is too long.
    /// </summary>
    /// <exception cref="Health.UnavailableException">Lots that are under way fill what they may have on disk, too.</exception>
    Task<ReadOnlyMemory<byte>> ReadAsync(Stream body, long max, CancellationToken cancellationToken);

    /// <summary>The same without the rest of a body that is longer: what is not needed is not asked for.</summary>
    /// <exception cref="Health.UnavailableException">Lots that are under way fill what they may have on disk, too.</exception>
    Task<ReadOnlyMemory<byte>> ReadFirstAsync(Stream body, long max, CancellationToken cancellationToken);
}
