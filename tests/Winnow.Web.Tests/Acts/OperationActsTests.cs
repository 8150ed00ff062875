using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Client;
using Winnow.Model.Acts;
using Winnow.Model.Security;
using Winnow.Testing;
using Winnow.Web.Security;
using Winnow.Web.Tests.Security;

namespace Winnow.Web.Tests.Acts;

/// <summary>
/// Each operation of the served document leaves the acts that its endpoint states, and what is refused leaves none. An operation that
/// changes something and states nothing keeps the server from starting.
/// </summary>
public sealed partial class OperationActsTests(MatrixSetup<LockedServer> setup) : IClassFixture<MatrixSetup<LockedServer>>
{
    private const string Actor = "service:cluster-Owner";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>
    /// What the matrix's request does not bring about here: tried by hand below, or the same line of code as others for something that this
    /// server has not got (a bucket, a second backbone, S3).
    /// </summary>
    internal static readonly HashSet<string> NotBroughtAbout =
    [
        "DELETE /api/v1/datasets/{dataset}",
        "POST /api/v1/datasets/{dataset}/tasks/lease",
        "POST /api/v1/datasets/{dataset}/tasks/release",
        "POST /api/v1/datasets/{dataset}/decisions",
        "POST /api/v1/datasets/{dataset}/schema",
        "POST /api/v1/datasets/{dataset}/split",
        "GET /api/v1/datasets/{dataset}/models/{arm}/{round}/onnx",
        "GET /api/v1/datasets/{dataset}/images/{image}/url",
        "POST /api/v1/datasets/{dataset}/uploads",
        "POST /api/v1/datasets/{dataset}/uploads/complete",
        "POST /api/v1/datasets/{dataset}/sources",
        "DELETE /api/v1/datasets/{dataset}/sources/{source}",
        "POST /api/v1/datasets/{dataset}/sources/{source}/sync",
        "POST /api/v1/datasets/{dataset}/sources/{source}/notification-path",
        "POST /api/v1/datasets/{dataset}/backbones",
        "POST /api/v1/datasets/{dataset}/backbones/{backbone}/switch",
        "DELETE /api/v1/datasets/{dataset}/backbones/{backbone}",
        "POST /api/v1/datasets/{dataset}/machine-decisions/take-back",
        "POST /api/v1/set-aside/discard",
        "DELETE /api/v1/session",
        "POST /operator/drain",
    ];

    private WinnowClient Operator => setup.Door.Operator;

    [Fact]
    public async Task Every_operation_leaves_the_acts_that_it_states()
    {
        var rules = Rules();
        var key = setup.InCluster[Role.Owner];
        List<string> wrong = [], untried = [];
        foreach (var operation in setup.Operations)
        {
            if (!rules.TryGetValue(operation.Name, out var rule) || rule is { Kinds.Count: 0 }) continue;
            if (!MatrixRequests.MaySucceed(operation))
            {
                untried.Add(operation.Name);
                continue;
            }
            var (cluster, dataset) = (await EndAsync(null), await EndAsync(MatrixSetup.Own));
            using var request = MatrixRequests.Make(operation, MatrixSetup.Own, setup.Image, setup.Spare, key);
            if (operation.Name.EndsWith("/rounds", StringComparison.Ordinal)) request.Headers.Remove("Idempotency-Key");
            using var response = await setup.Http.SendAsync(request);
            await response.Content.ReadAsByteArrayAsync();
            var done = response.IsSuccessStatusCode && !NotBroughtAbout.Contains(operation.Name);
            if (!done) untried.Add(operation.Name);
            ActKind[] expected = done ? [.. rule.Kinds] : [];
            var found = await SinceAsync(operation.Name, cluster, dataset, expected.Length);
            if (!expected.SequenceEqual(found.Select(a => a.What)))
                wrong.Add($"{operation.Name}, answered {(int)response.StatusCode}: {string.Join(", ", expected)} was expected, "
                    + $"{string.Join(", ", found)} came.");
            foreach (var act in found)
            {
                if (act.Actor != Actor || act.Address != "127.0.0.1" || act.Told) wrong.Add($"{operation.Name}: {act}");
                if (operation.OfDataset && act.Dataset != MatrixSetup.Own) wrong.Add($"{operation.Name} is of no dataset: {act}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal(NotBroughtAbout.Order(), untried.Order());
    }

    /// <summary>The rules of all endpoints by the names that their operations have in the document.</summary>
    private Dictionary<string, ActRule> Rules() => RulesOf((LockedServer)setup.Door);

    internal static Dictionary<string, ActRule> RulesOf(LockedServer server)
    {
        var rules = new Dictionary<string, ActRule>();
        var endpoints = server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();
        foreach (var endpoint in endpoints)
            if (endpoint.Metadata.GetMetadata<ActRule>() is { } rule)
                foreach (var method in endpoint.Metadata.GetMetadata<Microsoft.AspNetCore.Routing.HttpMethodMetadata>()!.HttpMethods)
                    rules[$"{method} {Constraint().Replace(endpoint.RoutePattern.RawText!, "}")}"] = rule;
        Assert.True(rules.Count > 40, $"only {rules.Count} rules were found");
        return rules;
    }

    private async Task<string?> EndAsync(string? dataset)
    {
        string? after = null;
        while (true)
        {
            var page = await Operator.GetActsAsync(dataset, null, after, 1_000);
            after = page.Next;
            if (!page.More) return after;
        }
    }

    /// <summary>What was done since; those that nobody waits for are waited for here.</summary>
    private async Task<List<Act>> SinceAsync(string name, string? cluster, string? dataset, int expected)
    {
        var found = new List<Act>();
        await Until.TrueAsync(async () =>
        {
            var all = (await Operator.GetActsAsync(null, null, cluster, 1_000)).Acts
                .Concat((await Operator.GetActsAsync(MatrixSetup.Own, null, dataset, 1_000)).Acts);
            found = [.. all.DistinctBy(a => (a.Stream, a.Sequence))];
            return found.Count >= expected;
        }, Patience, () => $"{expected} acts of {name} are written down");
        return found;
    }

    [Theory]
    [InlineData("datasets/own/verify?hash=maybe")]
    [InlineData("restore?alikeClasses=maybe")]
    [InlineData("datasets/own/rounds/main/none/end")]
    public async Task What_could_not_be_read_leaves_nothing(string path)
    {
        var (cluster, dataset) = (await EndAsync(null), await EndAsync(MatrixSetup.Own));
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/{path}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", setup.InCluster[Role.Owner]);
        using var response = await setup.Http.SendAsync(request);
        Assert.InRange((int)response.StatusCode, 400, 499);
        Assert.Empty(await SinceAsync(path, cluster, dataset, 0));
    }

    [GeneratedRegex(":[a-z]+}")]
    private static partial Regex Constraint();
}
