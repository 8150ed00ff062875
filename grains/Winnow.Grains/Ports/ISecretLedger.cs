using Winnow.Abstractions.Health;

namespace Winnow.Grains.Ports;

/// <summary>The secrets that all silos share.</summary>
public interface ISecretLedger
{
    /// <summary>A secret that all silos share, made at random on first use.</summary>
    /// <param name="name">What it is for.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SetAsideException">It is there, with another length.</exception>
    Task<byte[]> GetOrCreateSecretAsync(string name, int length, CancellationToken cancellationToken);

    /// <summary>Removes a secret that has another length, so that the next who asks makes it anew. False when there is no such.</summary>
    Task<bool> DiscardSecretAsync(string name, int length, CancellationToken cancellationToken);
}
