using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Datasets;

namespace Winnow.Web.Health;

internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/health/live", () => Results.Text("live")).WithSummary("The process runs.").WithTags("health");
        app.MapGet("/health/ready", async (IGrainFactory grains, CancellationToken ct) =>
            {
                // The catalog reads the ledger: an answer means that grains run and their storage does.
                await grains.GetGrain<ICatalogGrain>(0).FindAsync("ready", ct);
                return Results.Text("ready");
            })
            .WithSummary("Grains and their storage answer.").WithTags("health");
    }
}
