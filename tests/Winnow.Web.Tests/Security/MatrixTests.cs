using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Model.Datasets;
using Winnow.Model.Security;
using Winnow.Testing;

namespace Winnow.Web.Tests.Security;

/// <summary>
/// Every operation of the served document, tried by every role in its own and in another dataset, and by callers with bad keys and grants. What
/// is expected follows from the permission that the document states and the table of roles; <see cref="SensitiveTests"/> says the sensitive ones by hand.
/// </summary>
public sealed class MatrixTests(MatrixTests.Setup setup) : IClassFixture<MatrixTests.Setup>
{
    private const string Hidden = "There is no dataset";

    [Fact]
    public void Every_endpoint_is_in_the_document_and_states_its_permission()
    {
        Assert.All(setup.Operations, o => Assert.False(o.Permission is null, $"{o.Name} states no permission"));
        var served = setup.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Select(e => e.RoutePattern.RawText!).Where(r => r.StartsWith("/api/", StringComparison.Ordinal) || r.StartsWith("/operator/", StringComparison.Ordinal)).Distinct();
        // Constraints such as {version:int} are not part of a path in the document.
        Assert.Empty(served.Select(r => System.Text.RegularExpressions.Regex.Replace(r, ":[a-z]+}", "}")).Except(setup.Operations.Select(o => o.Path)));
        Assert.True(setup.Operations.Count >= 30, $"only {setup.Operations.Count} operations were found");
        // Only the probes are open, and what buckets are told to call, which proves itself; whatever else is to be, is added here on purpose.
        Assert.Equal(["GET /health/live", "GET /health/ready", "POST /api/v1/notifications/{token}"], setup.Operations.Where(o => o.Permission == "none").Select(o => o.Name).Order());
        // Tried by those who may not; carried out by none of these tests.
        Assert.False(MatrixRequests.MaySucceed(Assert.Single(setup.Operations, o => o.Name == "POST /operator/drain")));
        Assert.Equal(["GET /api/v1/datasets", "GET /api/v1/intake", "GET /api/v1/whoami"], setup.Operations.Where(o => o.Permission == "caller").Select(o => o.Name).Order());
    }

    [Theory, CombinatorialRoles]
    public async Task A_role_in_a_dataset_opens_what_it_should_and_no_more(Role role) =>
        await TryAllAsync(setup.InDataset[role], (operation, dataset) => operation.ToPermission() switch
        {
            null => Outcome.Admitted,
            { } p when PermissionSet.IsOfCluster(p) => Outcome.Forbidden,
            { } p when dataset == Setup.Own => Allowed(RolePermissions.InDataset(role), p),
            _ => Outcome.Hidden,
        });

    [Theory, CombinatorialRoles]
    public async Task A_role_in_the_cluster_opens_every_dataset(Role role) =>
        await TryAllAsync(setup.InCluster[role], (operation, _) => operation.ToPermission() is not { } p ? Outcome.Admitted : Allowed(RolePermissions.InDataset(role).With(RolePermissions.InCluster(role)), p));

    [Theory]
    [InlineData("none")]
    [InlineData("made up")]
    [InlineData("mistyped")]
    [InlineData("revoked")]
    [InlineData("expired")]
    [InlineData("operator, nearly")]
    public async Task Who_shows_no_good_key_gets_nothing(string which) =>
        await TryAllAsync(setup.Bad[which], (operation, _) => operation.Permission == "none" ? Outcome.Admitted : Outcome.Unknown);

    [Theory]
    [InlineData("no grant")]
    [InlineData("pending grant")]
    [InlineData("expired grant")]
    [InlineData("revoked grant")]
    public async Task Who_has_no_grant_in_force_sees_no_dataset(string which) =>
        await TryAllAsync(setup.Strangers[which], (operation, _) => operation.ToPermission() switch
        {
            null => Outcome.Admitted,
            { } p when PermissionSet.IsOfCluster(p) => Outcome.Forbidden,
            _ => Outcome.Hidden,
        });

    [Fact]
    public async Task A_key_for_one_dataset_opens_that_alone_whatever_its_principal_may() =>
        await TryAllAsync(setup.OwnerForOwn, (operation, dataset) => operation.ToPermission() switch
        {
            null => Outcome.Admitted,
            { } p when PermissionSet.IsOfCluster(p) => Outcome.Forbidden,
            _ => dataset == Setup.Own ? Outcome.Admitted : Outcome.Hidden,
        });

    [Fact]
    public async Task A_key_for_one_permission_carries_that_alone() =>
        await TryAllAsync(setup.OwnerForReading, (operation, _) => operation.ToPermission() is null or Permission.ReadDataset ? Outcome.Admitted : Outcome.Forbidden);

    private static Outcome Allowed(PermissionSet set, Permission permission) => set.Contains(permission) ? Outcome.Admitted : Outcome.Forbidden;

    private async Task TryAllAsync(string? key, Func<ApiOperation, string, Outcome> expected)
    {
        var wrong = new List<string>();
        var tried = 0;
        foreach (var operation in setup.Operations)
            foreach (var dataset in operation.OfDataset ? new[] { Setup.Own, Setup.Other } : [Setup.Own])
            {
                var wanted = expected(operation, dataset);
                // What would change something that this test knows nothing of is not let happen.
                if (wanted == Outcome.Admitted && !MatrixRequests.MaySucceed(operation)) continue;
                using var request = MatrixRequests.Make(operation, dataset, setup.Image, setup.Spare, key);
                using var response = await setup.Http.SendAsync(request);
                var said = await response.Content.ReadAsStringAsync();
                tried++;
                if (Of(operation, response.StatusCode, said) != wanted) wrong.Add($"{operation.Name} ({operation.Permission}) in '{dataset}': {wanted} was expected, {(int)response.StatusCode} came: {said[..Math.Min(200, said.Length)]}");
            }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(tried >= 40, $"only {tried} requests were sent");
    }

    private static Outcome Of(ApiOperation operation, HttpStatusCode status, string said) => status switch
    {
        HttpStatusCode.Unauthorized => Outcome.Unknown,
        HttpStatusCode.Forbidden => Outcome.Forbidden,
        HttpStatusCode.NotFound when said.Contains(Hidden, StringComparison.Ordinal) => Outcome.Hidden,
        HttpStatusCode.NotFound when MatrixRequests.MayMiss.Contains(operation.Name) => Outcome.Admitted,
        _ when MatrixRequests.MayRefuse.TryGetValue(operation.Name, out var refusal) && status == refusal.Status && said.Contains(refusal.Says, StringComparison.Ordinal) => Outcome.Admitted,
        >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices => Outcome.Admitted,
        _ => Outcome.Failed,
    };

    private enum Outcome
    {
        Admitted,
        Unknown,
        Forbidden,
        Hidden,
        Failed,
    }

    private sealed class CombinatorialRolesAttribute : Xunit.Sdk.DataAttribute
    {
        public override IEnumerable<object[]> GetData(System.Reflection.MethodInfo testMethod) => Enum.GetValues<Role>().Select(r => new object[] { r });
    }

    /// <summary>A server with two datasets and a caller of every kind.</summary>
    public sealed class Setup : IAsyncLifetime
    {
        public const string Own = "own";
        public const string Other = "other";

        internal LockedServer Server { get; } = new();
        internal HttpClient Http { get; } = new();
        internal IReadOnlyList<ApiOperation> Operations { get; private set; } = [];
        internal Dictionary<Role, string> InDataset { get; } = [];
        internal Dictionary<Role, string> InCluster { get; } = [];
        internal Dictionary<string, string?> Bad { get; } = [];
        internal Dictionary<string, string> Strangers { get; } = [];
        internal string OwnerForOwn { get; private set; } = "";
        internal string OwnerForReading { get; private set; } = "";
        internal string Image { get; private set; } = "";
        internal string Spare { get; private set; } = "";

        public async Task InitializeAsync()
        {
            await Server.InitializeAsync();
            Http.BaseAddress = Server.Address;
            var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
            foreach (var dataset in new[] { Own, Other })
            {
                await Server.Operator.CreateDatasetAsync(new CreateDataset(dataset, schema, new DatasetSettings { Shards = 1, AuditSample = 0 }));
                // Too few for a round to go far: that it may be started is what counts here.
                await foreach (var result in Server.Operator.ImportAsync(dataset, DrawnImages.EnumerateAsync(8))) Image = result.Id!.Value.ToString();
                await Server.Operator.WaitForScoringAsync(dataset);
                await Server.Operator.CreateVersionAsync(dataset, new CreateVersion());
            }
            using (var backup = new MemoryStream())
            {
                await using var stream = await Server.Operator.OpenBackupAsync(Own);
                await stream.CopyToAsync(backup);
                MatrixRequests.Backup = backup.ToArray();
            }
            foreach (var scope in new[] { Own, Other, AccessScope.Cluster })
            {
                await Server.GrantAsync(scope, "person:vetted-by-matrix", Role.Viewer);
                await Server.GrantAsync(scope, "service:revoked-by-matrix", Role.Viewer);
            }
            foreach (var role in Enum.GetValues<Role>())
            {
                InDataset[role] = await HolderAsync($"service:{role}", Own, role);
                InCluster[role] = await HolderAsync($"service:cluster-{role}", AccessScope.Cluster, role);
            }
            Spare = (await Server.Operator.CreateKeyAsync(new CreateApiKey(Principal.Parse("service:spare")))).Info.Id;
            OwnerForOwn = await Server.KeyAsync($"service:cluster-{Role.Owner}", new KeyScope(Datasets: [Own]));
            OwnerForReading = await Server.KeyAsync($"service:cluster-{Role.Owner}", new KeyScope(Permissions: [Permission.ReadDataset]));
            await MakeBadAsync();
            await MakeStrangersAsync();
            Http.DefaultRequestHeaders.Authorization = new("Bearer", LockedServer.OperatorKey);
            Operations = ApiOperation.Read(JsonDocument.Parse(await Http.GetStringAsync("/openapi/v1.json")));
            Http.DefaultRequestHeaders.Authorization = null;
        }

        public async Task DisposeAsync()
        {
            Http.Dispose();
            await Server.DisposeAsync();
        }

        private async Task<string> HolderAsync(string principal, string scope, Role role)
        {
            await Server.GrantAsync(scope, principal, role);
            return await Server.KeyAsync(principal);
        }

        /// <summary>Keys of an owner of the cluster, so that only the key can be what keeps them out.</summary>
        private async Task MakeBadAsync()
        {
            var principal = $"service:cluster-{Role.Owner}";
            var good = await Server.KeyAsync(principal);
            var revoked = await Server.Operator.CreateKeyAsync(new CreateApiKey(Principal.Parse(principal)));
            await Server.Operator.RevokeKeyAsync(revoked.Info.Id);
            Bad["none"] = null;
            Bad["made up"] = Web.Security.KeyText.Make().Text;
            Bad["mistyped"] = good[..^1] + (good[^1] == '0' ? '1' : '0');
            Bad["revoked"] = revoked.Key;
            Bad["expired"] = await Server.ExpiredKeyAsync(principal);
            Bad["operator, nearly"] = LockedServer.OperatorKey + "x";
        }

        private async Task MakeStrangersAsync()
        {
            Strangers["no grant"] = await Server.KeyAsync("service:stranger");
            await Server.GrantAsync(Own, "person:pending", Role.Owner);
            Strangers["pending grant"] = await Server.KeyAsync("person:pending");
            Strangers["revoked grant"] = await HolderAsync("service:gone", Own, Role.Owner);
            await Server.Operator.RevokeAccessAsync(Own, new GrantName(Principal.Parse("service:gone"), Role.Owner));
            await Server.GrantAsync(Own, "service:late", Role.Owner, TimeProvider.System.GetUtcNow().AddMilliseconds(500));
            Strangers["expired grant"] = await Server.KeyAsync("service:late");
            var late = Server.As(Strangers["expired grant"]);
            await Until.TrueAsync(async () => (await late.WhoamiAsync()).Roles.Count == 0, TimeSpan.FromSeconds(30), () => "the grant has expired");
        }
    }
}
