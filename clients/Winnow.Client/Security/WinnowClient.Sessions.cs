using Winnow.Model;
using Winnow.Model.Security;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    private const string SessionPath = "/api/v1/session";

    /// <summary>
    /// Signs a browser in: its cookie opens what the key of this client opens, until it expires, is ended, or the key ends. Use it in a
    /// page that came from the server itself; anything else goes on sending its key.
    /// </summary>
    /// <exception cref="WinnowApiException">The key is not good, or the server has none.</exception>
    public Task<SessionInfo> BeginSessionAsync(CancellationToken cancellationToken = default) =>
        PostEmptyAsync(SessionPath, ModelJson.Default.SessionInfo, cancellationToken);

    /// <summary>How the server knows this client, and what a page sends with what changes something.</summary>
    public Task<SessionInfo> GetSessionAsync(CancellationToken cancellationToken = default) =>
        GetAsync(SessionPath, ModelJson.Default.SessionInfo, cancellationToken);

    /// <summary>Signs the browser out.</summary>
    public async Task EndSessionAsync(CancellationToken cancellationToken = default)
    {
        using var response = await SendAsync(
            HttpMethod.Delete, SessionPath, null, null, HttpCompletionOption.ResponseContentRead, cancellationToken).ConfigureAwait(false);
    }
}
