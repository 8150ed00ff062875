using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Security;
using Winnow.Model.Acts;
using Winnow.Model.Security;

namespace Winnow.Web.Security;

internal static class KeyEndpoints
{
    private static readonly TimeSpan DefaultLife = TimeSpan.FromDays(90);
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(731);

    /// <summary>Datasets that are asked side by side about one principal: there may be thousands, and each is a grain of its own.</summary>
    private const int AskedAtOnce = 32;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/keys", CreateAsync).Requires(Permission.ManageKeys)
            .Leaves(ActKind.KeyMade, (call, act) => act with
            {
                About = call.Argument<CreateApiKey>().Principal.ToString(),
                Of = call.Answer<CreatedApiKey>().Info.Id,
            })
            .WithSummary("Make an API key. Its text is in this answer and nowhere else.").WithTags("security");

        api.MapGet("/keys", async (IGrainFactory grains, CancellationToken ct) => await grains.GetGrain<IApiKeyIndexGrain>(0).ListAsync(ct))
            .Requires(Permission.ReadClusterAccess)
            .WithSummary("All keys, oldest first, without their secrets; those that ended too.").WithTags("security");

        api.MapPost("/keys/{key}/revoke", async (string key, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
                (KeyText.IsId(key) ? await grains.GetGrain<IApiKeyGrain>(key).RevokeAsync(CallerIdentity.Of(http), ct) : null)
                    ?? throw new NotFoundException($"There is no key '{key}'."))
            .Requires(Permission.ManageKeys)
            .Leaves(ActKind.KeyRevoked, (call, act) => act with
            {
                About = call.Answer<ApiKeyInfo>().Principal.ToString(),
                Of = call.Of("key"),
            })
            .WithSummary("Revoke a key, for good and at once.").WithTags("security");
    }

    private static async Task<CreatedApiKey> CreateAsync(CreateApiKey command, IGrainFactory grains, AccessControl control,
        TimeProvider time, HttpContext http, CancellationToken ct)
    {
        var scope = command.Scope ?? new KeyScope();
        var now = time.GetUtcNow();
        var expires = command.ExpiresAt ?? now + DefaultLife;
        if (command.Principal == Principal.Operator)
            throw new RefusedException(
                $"{Principal.Operator} is whoever holds the key of the server's configuration. Name the key's own service.");
        if (scope.Check() is { } wrong) throw new RefusedException(wrong);
        if (expires <= now || expires > now + LongestLife)
            throw new RefusedException($"expiresAt must lie ahead, by two years at most, not at {expires:u}.");
        // A narrow key that could make wide ones would not be narrow.
        if (CallerIdentity.Admitted(http).Caller.Key?.Scope.Narrows() == true)
            throw new ForbiddenException("A key that is narrowed to datasets or permissions makes no keys.");
        var (id, text) = KeyText.Make();
        var info = new ApiKeyInfo(id, command.Principal, command.Description, scope, now, CallerIdentity.Of(http), expires);
        await grains.GetGrain<IApiKeyIndexGrain>(0).CreateAsync(info, KeyText.ProofOf(text), ct);
        http.Response.Headers.CacheControl = "no-store";
        return new CreatedApiKey(text, info, await NotHeldAsync(info, grains, control, ct));
    }

    /// <summary>What a key names and its principal does not hold: whoever made it would else learn that from whoever is refused.</summary>
    private static async Task<Permission[]?> NotHeldAsync(ApiKeyInfo key, IGrainFactory grains, AccessControl control,
        CancellationToken cancellationToken)
    {
        if (key.Scope.Permissions is not { } named) return null;
        var lacking = new PermissionSet(named).Without(await HeldAsync(AccessScope.Cluster));
        if (lacking.IsEmpty) return null;
        var datasets = key.Scope.Datasets ?? (await grains.GetGrain<ICatalogGrain>(0).ListAsync(cancellationToken)).Select(d => d.Name);
        foreach (var some in datasets.Chunk(AskedAtOnce))
        {
            lacking = (await Task.WhenAll(some.Select(HeldAsync))).Aggregate(lacking, (left, held) => left.Without(held));
            if (lacking.IsEmpty) break;
        }
        return lacking.IsEmpty ? null : [.. lacking.ToList()];

        async Task<PermissionSet> HeldAsync(string scope) =>
            (await control.OfAsync(new Caller(key.Principal, CallerTrust.Granted, key), scope, cancellationToken)).Permissions;
    }
}
