namespace Winnow.Abstractions.Images;

/// <summary>
/// Where the bytes of lots stand while they are taken in. However many lots come at once, and from however many callers, they hold no more memory together
/// than the server's limit, and those of one principal no more than its share; the rest waits on disk.
/// </summary>
public interface ILotSpaces
{
    /// <summary>Room for one lot.</summary>
    /// <param name="principal">Whose share it is taken from.</param>
    ILotSpace Open(string principal);
}

/// <summary>The room of one lot. What was read into it is gone when it is disposed of.</summary>
public interface ILotSpace : IAsyncDisposable
{
    /// <summary>
    /// Reads a body to its end and keeps it, or its first <paramref name="max"/> + 1 bytes when it is longer: enough for whoever judges it to see that it is
    /// too long.
    /// </summary>
    /// <exception cref="Health.UnavailableException">Lots that are under way fill what they may have on disk, too.</exception>
    Task<ReadOnlyMemory<byte>> ReadAsync(Stream body, long max, CancellationToken cancellationToken);
}
