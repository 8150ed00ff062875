using System.Net;
using Winnow.Model.Security;

namespace Winnow.Web.Tests.Security;

/// <summary>
/// Every operation of the served document, tried by every role in its own and in another dataset, and by callers with bad keys and grants.
/// What is expected follows from the permission that the document states and the table of roles; <see cref="SensitiveTests"/> says the
/// sensitive ones by hand.
/// </summary>
[Trait("kind", "security")]
public abstract class MatrixTests(MatrixSetup setup)
{
    private const string Hidden = "There is no dataset";

    [Theory, CombinatorialRoles]
    public async Task A_role_in_a_dataset_opens_what_it_should_and_no_more(Role role) =>
        await TryAllAsync(setup.InDataset[role], (operation, dataset) => operation.ToPermission() switch
        {
            null => Outcome.Admitted,
            { } p when PermissionSet.IsOfCluster(p) => Outcome.Forbidden,
            { } p when dataset == MatrixSetup.Own => Allowed(RolePermissions.InDataset(role), p),
            _ => Outcome.Hidden,
        });

    [Theory, CombinatorialRoles]
    public async Task A_role_in_the_cluster_opens_every_dataset(Role role) =>
        await TryAllAsync(setup.InCluster[role], (operation, _) => operation.ToPermission() is { } p
            ? Allowed(RolePermissions.InDataset(role).With(RolePermissions.InCluster(role)), p)
            : Outcome.Admitted);

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
            _ => dataset == MatrixSetup.Own ? Outcome.Admitted : Outcome.Hidden,
        });

    [Fact]
    public async Task A_key_for_one_permission_carries_that_alone() =>
        await TryAllAsync(setup.OwnerForReading, (operation, _) =>
            operation.ToPermission() is null or Permission.ReadDataset ? Outcome.Admitted : Outcome.Forbidden);

    [Fact]
    public async Task Each_permission_opens_its_operations_and_no_other_does()
    {
        var wrong = new List<string>();
        foreach (var permission in setup.Operations.Select(o => o.ToPermission()).OfType<Permission>().Distinct().Order())
        {
            var others = PermissionSet.All.Without(permission).ToList();
            var (with, without) = (await setup.OwnerWithAsync(With(permission)), await setup.OwnerWithAsync(others));
            wrong.AddRange(await WrongAsync(with, permission, Outcome.Admitted));
            wrong.AddRange(await WrongAsync(without, permission, Outcome.Forbidden));
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    /// <summary>A permission with those that are asked beside it, since its operations give out originals.</summary>
    private static Permission[] With(Permission permission) => permission switch
    {
        Permission.ExportData => [permission, Permission.ReadOriginals, Permission.ReadImages],
        Permission.ReadOriginals => [permission, Permission.ReadImages],
        _ => [permission],
    };

    [Fact]
    public void Every_permission_is_of_an_operation_or_of_what_is_asked_within_one()
    {
        // Whom one acts for, whose word an answer is, and which tasks one takes: asked while an operation is under way.
        Permission[] within = [Permission.CorrectDecisions, Permission.ActForOthers, Permission.VerifyLabels, Permission.ArbitrateLabels];
        var stated = setup.Operations.Select(o => o.ToPermission()).OfType<Permission>().Distinct();
        Assert.Equal(Enum.GetValues<Permission>().Except(within).Order(), stated.Order());
        // What changes a dataset for everybody, gives it away or tells of people is no part of anything else.
        Assert.Equal(
            ["ChangePolicies", "ChangeSchema", "DeleteDataset", "ReadActs", "ReadPeople"],
            new[] { "POST /api/v1/datasets/{dataset}/policies", "POST /api/v1/datasets/{dataset}/schema",
                "DELETE /api/v1/datasets/{dataset}", "GET /api/v1/datasets/{dataset}/acts", "GET /api/v1/datasets/{dataset}/people" }
                .Select(n => setup.Operations.Single(o => o.Name == n).ToPermission().ToString()));
    }

    private async Task<List<string>> WrongAsync(string key, Permission permission, Outcome wanted) =>
        await TriedAsync(key, (operation, dataset) =>
            operation.ToPermission() != permission || dataset != MatrixSetup.Own ? null
            // A key that is narrowed makes no keys, whatever it carries.
            : operation.Name == "POST /api/v1/keys" ? Outcome.Forbidden : wanted, 1);

    private static Outcome Allowed(PermissionSet set, Permission permission) =>
        set.Contains(permission) ? Outcome.Admitted : Outcome.Forbidden;

    private async Task TryAllAsync(string? key, Func<ApiOperation, string, Outcome> expected)
    {
        var wrong = await TriedAsync(key, (operation, dataset) => expected(operation, dataset), 40);
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    /// <summary>Tries each operation of which something is expected; what came otherwise.</summary>
    private async Task<List<string>> TriedAsync(string? key, Func<ApiOperation, string, Outcome?> expected, int least)
    {
        var wrong = new List<string>();
        var tried = 0;
        foreach (var operation in setup.Operations)
            foreach (var dataset in operation.OfDataset ? new[] { MatrixSetup.Own, MatrixSetup.Other } : [MatrixSetup.Own])
            {
                if (expected(operation, dataset) is not { } wanted) continue;
                // What would change something that this test knows nothing of is not let happen.
                if (wanted == Outcome.Admitted && !MatrixRequests.MaySucceed(operation)) continue;
                using var request = MatrixRequests.Make(operation, dataset, setup.Image, setup.Spare, key);
                request.RequestUri = new Uri(setup.Door.Addresses[tried % setup.Door.Addresses.Count], request.RequestUri!);
                using var response = await setup.Http.SendAsync(request);
                var said = await response.Content.ReadAsStringAsync();
                tried++;
                if (Of(operation, response.StatusCode, said) != wanted)
                    wrong.Add($"{operation.Name} ({operation.Permission}) in '{dataset}': {wanted} was expected, "
                        + $"{(int)response.StatusCode} came: {said[..Math.Min(200, said.Length)]}");
            }
        Assert.True(tried >= least || wrong.Count > 0, $"only {tried} requests were sent");
        return wrong;
    }

    private static Outcome Of(ApiOperation operation, HttpStatusCode status, string said) => status switch
    {
        HttpStatusCode.Unauthorized => Outcome.Unknown,
        HttpStatusCode.Forbidden => Outcome.Forbidden,
        HttpStatusCode.NotFound when said.Contains(Hidden, StringComparison.Ordinal) => Outcome.Hidden,
        HttpStatusCode.NotFound when MatrixRequests.MayMiss.Contains(operation.Name) => Outcome.Admitted,
        _ when MatrixRequests.MayRefuse.TryGetValue(operation.Name, out var refusal) && status == refusal.Status
            && said.Contains(refusal.Says, StringComparison.Ordinal) => Outcome.Admitted,
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
        public override IEnumerable<object[]> GetData(System.Reflection.MethodInfo testMethod) =>
            Enum.GetValues<Role>().Select(r => new object[] { r });
    }
}
