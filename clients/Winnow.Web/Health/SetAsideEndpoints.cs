using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Health;
using Winnow.Model.Acts;
using Winnow.Model.Health;
using Winnow.Model.Names;
using Winnow.Model.Security;
using Winnow.Web.Requests;
using Winnow.Web.Security;

namespace Winnow.Web.Health;

/// <summary>What is stored and cannot be worked with, and its end.</summary>
internal static class SetAsideEndpoints
{
    private const int MaxKey = 16 << 10;

    /// <summary>Most characters of a name in an address, where each may become nine.</summary>
    private const int MaxName = 256;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/set-aside", async (
                [Text(TextKind.Exact, MaxKey)] string? after, int? limit, ISetAsideStore store, HttpContext http, CancellationToken ct) =>
                Pages.Cut(http, await store.ListAsync(anew: true, ct), after, limit, KeyOf).ToArray())
            .Requires(Permission.ReadCluster)
            .WithSummary("What is set aside because what is stored of it cannot be read: what, why, and what to do; at most 1,000. "
                + $"{Pages.Next}, where it comes, is 'after' of the next page.").WithTags("health");

        api.MapPost("/set-aside/discard", DiscardAsync)
            .Requires(Permission.DiscardSetAside)
            .Leaves(ActKind.SetAsideDiscarded, (call, act) => act with { Of = KeyOf(call.Answer<SetAsideItem>()) })
            .WithSummary("Delete something that is set aside, for good; a dataset with all its images and labels. What is sound is not "
                + "deleted. Repeated after a failure, it goes on.").WithTags("health");
    }

    /// <summary>
    /// A header holds ASCII alone, and an address so much; names that are set aside may hold anything and be of any length.
    /// </summary>
    private static string KeyOf(SetAsideItem item)
    {
        var name = item.Name.Length <= MaxName ? item.Name
            : $"{item.Name[..MaxName]}…{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(item.Name)))}";
        return Uri.EscapeDataString($"{item.Kind}/{name}");
    }

    private static async Task<SetAsideItem> DiscardAsync(
        DiscardSetAside thing, ISetAsideStore store, HttpContext http, CancellationToken ct) =>
        await store.DiscardAsync(thing, CallerIdentity.Of(http), ct)
            ?? throw new NotFoundException("Nothing of that kind and name is set aside. GET /api/v1/set-aside lists what is.");
}
