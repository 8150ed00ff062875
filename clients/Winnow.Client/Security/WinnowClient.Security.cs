using System.Text.Json.Serialization.Metadata;
using Winnow.Model;
using Winnow.Model.Security;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    /// <summary>How the server knows this client, and the roles that it holds.</summary>
    public Task<Whoami> WhoamiAsync(CancellationToken cancellationToken = default) =>
        GetAsync("/api/v1/whoami", ModelJson.Default.Whoami, cancellationToken);

    /// <summary>
    /// Makes an API key. Its text is in this answer and nowhere else. Where an answer is lost, its repetition makes another key: the one
    /// that nobody holds stays in the list, to be revoked.
    /// </summary>
    /// <exception cref="WinnowApiException">The request is not sound, or the caller may not make keys.</exception>
    public Task<CreatedApiKey> CreateKeyAsync(CreateApiKey command, CancellationToken cancellationToken = default) =>
        PostAsync("/api/v1/keys", command, ModelJson.Default.CreateApiKey, ModelJson.Default.CreatedApiKey, null, cancellationToken);

    /// <summary>All keys, oldest first, without their secrets; those that ended too.</summary>
    public Task<IReadOnlyList<ApiKeyInfo>> ListKeysAsync(CancellationToken cancellationToken = default) =>
        GetAsync("/api/v1/keys", ModelJson.Default.IReadOnlyListApiKeyInfo, cancellationToken);

    /// <summary>Revokes a key, for good and at once. The same again changes nothing.</summary>
    public Task<ApiKeyInfo> RevokeKeyAsync(string keyId, CancellationToken cancellationToken = default) =>
        PostEmptyAsync($"/api/v1/keys/{Segment(keyId)}/revoke", ModelJson.Default.ApiKeyInfo, cancellationToken);

    /// <summary>Who has which role; those that ended too.</summary>
    /// <param name="scope">A dataset, or <see cref="AccessScope.Cluster"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IReadOnlyList<AccessGrant>> ListAccessAsync(string scope, CancellationToken cancellationToken = default) =>
        GetAsync(Access(scope), ModelJson.Default.IReadOnlyListAccessGrant, cancellationToken);

    /// <summary>The latest changes of access, oldest first.</summary>
    /// <param name="scope">A dataset, or <see cref="AccessScope.Cluster"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IReadOnlyList<AccessChange>> ListAccessChangesAsync(string scope, CancellationToken cancellationToken = default) =>
        GetAsync($"{Access(scope)}/changes", ModelJson.Default.IReadOnlyListAccessChange, cancellationToken);

    /// <summary>Gives a role, or moves its end. A service has it at once, a person after vetting.</summary>
    /// <param name="scope">A dataset, or <see cref="AccessScope.Cluster"/>.</param>
    /// <param name="command">To whom, which, until when.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<AccessGrant> GrantAccessAsync(string scope, GrantAccess command, CancellationToken cancellationToken = default) =>
        PostAsync(Access(scope), command, ModelJson.Default.GrantAccess, ModelJson.Default.AccessGrant, null, cancellationToken);

    /// <summary>Records that a person was vetted: the role is in force from now on.</summary>
    /// <param name="scope">A dataset, or <see cref="AccessScope.Cluster"/>.</param>
    /// <param name="grant">Whose role.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<AccessGrant> VetAccessAsync(string scope, GrantName grant, CancellationToken cancellationToken = default) =>
        PostAsync($"{Access(scope)}/vet", grant, ModelJson.Default.GrantName, ModelJson.Default.AccessGrant, null, cancellationToken);

    /// <summary>Takes a role back, at once.</summary>
    /// <param name="scope">A dataset, or <see cref="AccessScope.Cluster"/>.</param>
    /// <param name="grant">Whose role.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<AccessGrant> RevokeAccessAsync(string scope, GrantName grant, CancellationToken cancellationToken = default) =>
        PostAsync($"{Access(scope)}/revoke", grant, ModelJson.Default.GrantName, ModelJson.Default.AccessGrant, null, cancellationToken);

    private static string Access(string scope) => scope == AccessScope.Cluster ? "/api/v1/access" : $"{Dataset(scope)}/access";

    private async Task<T> PostEmptyAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var response =
            await SendAsync(HttpMethod.Post, path, null, null, HttpCompletionOption.ResponseContentRead, cancellationToken);
        return await ReadAsync(response, type, cancellationToken);
    }
}
