namespace Winnow.Web.Security;

/// <summary>The secret that sessions are sealed under: the same on every server of a cluster, and kept with its other secrets.</summary>
public interface ISessionSecret
{
    /// <summary>32 bytes.</summary>
    ValueTask<byte[]> GetAsync(CancellationToken cancellationToken);
}
