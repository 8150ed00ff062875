namespace Winnow.Web;

/// <summary>
/// When this server goes: what would last for as long as somebody listens ends by itself then, so that nobody waits for it.
/// </summary>
public interface IServerEnd
{
    /// <summary>Cancelled once the server takes no more requests.</summary>
    CancellationToken Leaving { get; }
}
