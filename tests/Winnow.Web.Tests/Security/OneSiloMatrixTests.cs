using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Winnow.Web.Tests.Security;

/// <summary>The matrix on one silo with files, and what can only be asked of a server in this process: that the document leaves nothing
/// out.</summary>
public sealed partial class OneSiloMatrixTests(MatrixSetup<LockedServer> setup) : MatrixTests(setup),
    IClassFixture<MatrixSetup<LockedServer>>
{
    private readonly MatrixSetup<LockedServer> _setup = setup;

    [Fact]
    public void Every_endpoint_is_in_the_document_and_states_its_permission()
    {
        var operations = _setup.Operations;
        Assert.All(operations, o => Assert.False(o.Permission is null, $"{o.Name} states no permission"));
        var served = ((LockedServer)_setup.Door).Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(e => e.RoutePattern.RawText!)
            .Where(r => r.StartsWith("/api/", StringComparison.Ordinal) || r.StartsWith("/operator/", StringComparison.Ordinal)).Distinct();
        // Constraints such as {version:int} are not part of a path in the document.
        Assert.Empty(served.Select(r => Constraint().Replace(r, "}")).Except(operations.Select(o => o.Path)));
        Assert.True(operations.Count >= 30, $"only {operations.Count} operations were found");
        // Only the probes are open, what buckets are told to call, which proves itself, and what tells a browser whether it is known;
        // whatever else is to be, is added here on purpose.
        string[] open = ["GET /api/v1/session", "GET /health/live", "GET /health/ready", "POST /api/v1/notifications/{token}"];
        Assert.Equal(open, operations.Where(o => o.Permission == "none").Select(o => o.Name).Order());
        // Tried by those who may not; carried out by none of these tests.
        Assert.False(MatrixRequests.MaySucceed(Assert.Single(operations, o => o.Name == "POST /operator/drain")));
        string[] anybodys =
        [
            "DELETE /api/v1/session", "GET /api/v1/datasets", "GET /api/v1/intake", "GET /api/v1/me/preferences", "GET /api/v1/whoami",
            "POST /api/v1/session", "PUT /api/v1/me/preferences",
        ];
        Assert.Equal(anybodys, operations.Where(o => o.Permission == "caller").Select(o => o.Name).Order());
    }

    [GeneratedRegex(":[a-z]+}")]
    private static partial Regex Constraint();
}
