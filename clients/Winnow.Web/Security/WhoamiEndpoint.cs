using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Datasets;
using Winnow.Model.Security;

namespace Winnow.Web.Security;

internal static class WhoamiEndpoint
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/whoami", AnswerAsync).RequiresCaller()
        .WithSummary("How the server knows you, and the roles that you hold.").WithTags("security");

    private static async Task<Whoami> AnswerAsync(IGrainFactory grains, AccessControl control, HttpContext http, CancellationToken ct)
    {
        var (caller, access, _) = CallerIdentity.Admitted(http);
        var roles = new List<HeldRole>(access.Roles);
        if (caller.Trust == CallerTrust.Granted)
        {
            var datasets = await grains.GetGrain<ICatalogGrain>(0).ListAsync(ct);
            roles.AddRange((await Task.WhenAll(datasets.Select(d => control.OfAsync(caller, d.Name, ct)))).SelectMany(a => a.Roles));
        }
        var cluster = access.Permissions.ToList().Where(PermissionSet.IsOfCluster);
        return new Whoami(caller.Principal, caller.Key?.Id, caller.Key?.ExpiresAt, caller.Key?.Scope, [.. cluster], [.. roles.Distinct()]);
    }
}
