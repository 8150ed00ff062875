using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Health;
using Winnow.Model.Health;
using Winnow.Model.Security;
using Winnow.Web.Security;

namespace Winnow.Web.Health;

/// <summary>What is stored and cannot be worked with, and its end.</summary>
internal static class SetAsideEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/set-aside", async (ISetAsideStore store, CancellationToken ct) => await store.ListAsync(anew: true, ct))
            .Requires(Permission.ReadCluster)
            .WithSummary("What is set aside because what is stored of it cannot be read: what, why, and what to do.").WithTags("health");

        api.MapPost("/set-aside/discard", DiscardAsync)
            .Requires(Permission.DiscardSetAside)
            .WithSummary("Delete something that is set aside, for good; a dataset with all its images and labels. What is sound is not deleted. "
                + "Repeated after a failure, it goes on.").WithTags("health");
    }

    private static async Task<SetAsideItem> DiscardAsync(DiscardSetAside thing, ISetAsideStore store, HttpContext http, CancellationToken ct) =>
        await store.DiscardAsync(thing, CallerIdentity.Of(http), ct)
            ?? throw new NotFoundException("Nothing of that kind and name is set aside. GET /api/v1/set-aside lists what is.");
}
