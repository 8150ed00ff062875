using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Health;
using Winnow.Model;
using Winnow.Model.Health;

namespace Winnow.Web.Health;

internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/health/live", () => Results.Text("live")).WithSummary("The process runs.").WithTags("health");
        app.MapGet("/health/ready", async (ISiloHealth health, CancellationToken ct) =>
            {
                var report = await health.CheckAsync(ct);
                return Results.Json(report, ModelJson.Default.HealthReport, statusCode: report.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
            })
            .WithSummary("Whether this silo can take requests; when not, which part is down.").WithTags("health").Produces<HealthReport>().Produces<HealthReport>(StatusCodes.Status503ServiceUnavailable);
    }
}
