using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Datasets;
using Winnow.Web.Security;

namespace Winnow.Web.Health;

internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/health/live", () => Results.Text("live")).RequiresNothing("A probe has no key, and learns no more than that the process runs.").WithSummary("The process runs.").WithTags("health");
        app.MapGet("/health/ready", async (IGrainFactory grains, CancellationToken ct) =>
            {
                // The catalog reads the ledger: an answer means that grains run and their storage does.
                await grains.GetGrain<ICatalogGrain>(0).FindAsync("ready", ct);
                return Results.Text("ready");
            })
            .RequiresNothing("A probe has no key, and learns no more than that storage answers.")
            .WithSummary("Grains and their storage answer.").WithTags("health");
    }
}
