using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Abstractions.Health;
using Winnow.Model;
using Winnow.Model.Health;
using Winnow.Model.Security;
using Winnow.Web.Security;

namespace Winnow.Web.Health;

internal static class HealthEndpoints
{
    /// <param name="app">Where they are mapped.</param>
    /// <param name="inside">Whether only the cluster's own network reaches them: then they say what is wrong, not only where.</param>
    public static void Map(IEndpointRouteBuilder app, bool inside = false)
    {
        app.MapGet("/health/live", () => Results.Text("live"))
            .RequiresNothing("A probe has no key, and learns no more than that the process runs.").WithSummary("The process runs.")
            .WithTags("health");
        app.MapGet("/health/ready", async (ISiloHealth health, HttpContext http, CancellationToken ct) =>
            {
                var report = await health.CheckAsync(ct);
                if (!inside && !await MayReadAsync(http, ct)) report = Outline(report);
                return Results.Json(report, ModelJson.Default.HealthReport,
                    statusCode: report.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
            })
            .RequiresNothingAndTells("A probe has no key. It learns which part is down, and nothing of where that stands.")
            .WithSummary("Whether this silo can take requests; when not, which part is down. Why, and what is set aside because it "
                + "cannot be read, to callers who may read the cluster.").WithTags("health")
            .Produces<HealthReport>().Produces<HealthReport>(StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>Never by address: whatever comes through a proxy on this machine comes from this machine.</summary>
    private static async Task<bool> MayReadAsync(HttpContext http, CancellationToken cancellationToken) =>
        http.Features.Get<OutsideCaller>() is null && http.User is CallerClaims { Caller: var caller }
        && (await http.RequestServices.GetRequiredService<AccessControl>().OfAsync(caller, AccessScope.Cluster, cancellationToken))
            .Permissions.Contains(Permission.ReadCluster);

    private static HealthReport Outline(HealthReport report) => report with
    {
        Parts = [.. report.Parts.Select(p => p with { Problem = p.Problem is null ? null : "down" })],
        SetAside = [],
    };
}
