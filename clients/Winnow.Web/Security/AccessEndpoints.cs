using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Acts;
using Winnow.Abstractions.Security;
using Winnow.Model.Acts;
using Winnow.Model.Security;

namespace Winnow.Web.Security;

/// <summary>Who has access: the same five acts on a dataset and on the cluster.</summary>
internal static class AccessEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        MapDataset(api);
        MapCluster(api);
    }

    private static void MapDataset(IEndpointRouteBuilder api)
    {
        api.MapGet("/datasets/{dataset}/access", async (string dataset, IGrainFactory grains, CancellationToken ct) =>
            await (await OfAsync(grains, dataset, ct)).GetGrantsAsync(ct))
            .Requires(Permission.ReadAccess)
            .WithSummary("Who has which role in the dataset; those that ended too.").WithTags("security");

        api.MapGet("/datasets/{dataset}/access/changes", async (string dataset, IGrainFactory grains, CancellationToken ct) =>
            await (await OfAsync(grains, dataset, ct)).GetChangesAsync(ct))
            .Requires(Permission.ReadAccess)
            .WithSummary("The latest 1,000 changes of access, oldest first.").WithTags("security");

        api.MapPost("/datasets/{dataset}/access",
            async (string dataset, GrantAccess command, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
                await (await OfAsync(grains, dataset, ct)).GrantAsync(command, CallerIdentity.Of(http), ct))
            .Requires(Permission.ManageAccess).Leaves(ActKind.AccessGranted, Granted)
            .WithSummary("Give a role, or move its end. A service has it at once, a person after vetting.").WithTags("security");

        api.MapPost("/datasets/{dataset}/access/vet",
            async (string dataset, GrantName grant, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
                await (await OfAsync(grains, dataset, ct)).VetAsync(grant, CallerIdentity.Of(http), ct))
            .Requires(Permission.ManageAccess).Leaves(ActKind.AccessVetted, Named)
            .WithSummary("Record that a person was vetted: the role is in force from now on.").WithTags("security");

        api.MapPost("/datasets/{dataset}/access/revoke",
            async (string dataset, GrantName grant, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
                await (await OfAsync(grains, dataset, ct)).RevokeAsync(grant, CallerIdentity.Of(http), ct))
            .Requires(Permission.ManageAccess).Leaves(ActKind.AccessRevoked, Named)
            .WithSummary("Take a role back, at once.").WithTags("security");
    }

    private static void MapCluster(IEndpointRouteBuilder api)
    {
        api.MapGet("/access", async (IGrainFactory grains, CancellationToken ct) => await Cluster(grains).GetGrantsAsync(ct))
            .Requires(Permission.ReadClusterAccess)
            .WithSummary("Who has which role in the whole cluster; those that ended too.").WithTags("security");

        api.MapGet("/access/changes", async (IGrainFactory grains, CancellationToken ct) => await Cluster(grains).GetChangesAsync(ct))
            .Requires(Permission.ReadClusterAccess)
            .WithSummary("The latest 1,000 changes of access to the cluster, oldest first.").WithTags("security");

        api.MapPost("/access", async (GrantAccess command, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
            await Cluster(grains).GrantAsync(command, CallerIdentity.Of(http), ct))
            .Requires(Permission.ManageClusterAccess).Leaves(ActKind.AccessGranted, Granted)
            .WithSummary("Give a role in every dataset and in the cluster, or move its end.").WithTags("security");

        api.MapPost("/access/vet", async (GrantName grant, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
            await Cluster(grains).VetAsync(grant, CallerIdentity.Of(http), ct))
            .Requires(Permission.ManageClusterAccess).Leaves(ActKind.AccessVetted, Named)
            .WithSummary("Record that a person was vetted: the role is in force from now on.").WithTags("security");

        api.MapPost("/access/revoke", async (GrantName grant, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
            await Cluster(grains).RevokeAsync(grant, CallerIdentity.Of(http), ct))
            .Requires(Permission.ManageClusterAccess).Leaves(ActKind.AccessRevoked, Named)
            .WithSummary("Take a role in the cluster back, at once.").WithTags("security");
    }

    private static ActDraft Granted(ActCall call, ActDraft act) =>
        About(act, call.Argument<GrantAccess>().Principal, call.Argument<GrantAccess>().Role);

    private static ActDraft Named(ActCall call, ActDraft act) =>
        About(act, call.Argument<GrantName>().Principal, call.Argument<GrantName>().Role);

    private static ActDraft About(ActDraft act, Principal principal, Role role) =>
        act with { About = principal.ToString(), Of = JsonNamingPolicy.KebabCaseLower.ConvertName(role.ToString()) };

    private static async Task<IAccessGrain> OfAsync(IGrainFactory grains, string dataset, CancellationToken ct) =>
        grains.GetGrain<IAccessGrain>((await grains.DatasetAsync(dataset, ct)).Name);

    private static IAccessGrain Cluster(IGrainFactory grains) => grains.GetGrain<IAccessGrain>(AccessScope.Cluster);
}
