using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Security;
using Winnow.Model.Security;

namespace Winnow.Web.Security;

/// <summary>How the studio is to whoever asks: each has their own, and nobody else's can be named.</summary>
internal static class PreferencesEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/me/preferences", (IGrainFactory grains, HttpContext http, CancellationToken ct) => Of(grains, http).GetAsync(ct))
            .RequiresCaller()
            .WithSummary("How you have the studio: theme, and keys of your own.").WithTags("security");

        api.MapPut("/me/preferences",
                (Preferences preferences, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
                    Of(grains, http).SetAsync(preferences, ct))
            .RequiresCaller()
            .LeavesNothing("It changes what its sender sees and presses, and nothing else.")
            .WithSummary("Set how you have the studio, all of it. Empty preferences are as the studio comes, and nothing is kept of you "
                + "then. No key may work two acts of a page.").WithTags("security");
    }

    private static IPreferencesGrain Of(IGrainFactory grains, HttpContext http) =>
        grains.GetGrain<IPreferencesGrain>(CallerIdentity.OwnerOf(http));
}
