using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Health;
using Winnow.Model;
using Winnow.Model.Health;
using Winnow.Web.Security;

namespace Winnow.Web.Health;

internal static class HealthEndpoints
{
    /// <param name="app">Where they are mapped.</param>
    /// <param name="inside">Whether only the cluster's own network reaches them: then they say what is wrong, not only where.</param>
    public static void Map(IEndpointRouteBuilder app, bool inside = false)
    {
        app.MapGet("/health/live", () => Results.Text("live")).RequiresNothing("A probe has no key, and learns no more than that the process runs.").WithSummary("The process runs.").WithTags("health");
        app.MapGet("/health/ready", async (ISiloHealth health, HttpContext http, CancellationToken ct) =>
            {
                var report = await health.CheckAsync(ct);
                if (!inside && !(http.Connection.RemoteIpAddress is { } caller && IPAddress.IsLoopback(caller))) report = Outline(report);
                return Results.Json(report, ModelJson.Default.HealthReport, statusCode: report.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
            })
            .RequiresNothing("A probe has no key. From outside it learns which part is down, and nothing of where that stands.")
            .WithSummary("Whether this silo can take requests; when not, which part is down.").WithTags("health").Produces<HealthReport>().Produces<HealthReport>(StatusCodes.Status503ServiceUnavailable);
    }

    private static HealthReport Outline(HealthReport report) => report with { Parts = [.. report.Parts.Select(p => p with { Problem = p.Problem is null ? null : "down" })] };
}
