using System.Net.Http.Headers;
using System.Text.Json;
using Winnow.Model;
using Winnow.Model.Security;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    private const string PreferencesPath = "/api/v1/me/preferences";

    /// <summary>How the caller has the studio.</summary>
    public Task<Preferences> GetPreferencesAsync(CancellationToken cancellationToken = default) =>
        GetAsync(PreferencesPath, ModelJson.Default.Preferences, cancellationToken);

    /// <summary>Sets how the caller has the studio, all of it.</summary>
    /// <exception cref="WinnowApiException">Something in it is not sound, such as a key that would work two acts of a page.</exception>
    public async Task<Preferences> SetPreferencesAsync(Preferences preferences, CancellationToken cancellationToken = default)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(preferences, ModelJson.Default.Preferences);
        using var response = await SendAsync(HttpMethod.Put, PreferencesPath,
            () => new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
            null, HttpCompletionOption.ResponseContentRead, cancellationToken).ConfigureAwait(false);
        return await ReadAsync(response, ModelJson.Default.Preferences, cancellationToken).ConfigureAwait(false);
    }
}
