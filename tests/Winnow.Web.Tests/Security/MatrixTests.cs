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

    private static Outcome Allowed(PermissionSet set, Permission permission) =>
        set.Contains(permission) ? Outcome.Admitted : Outcome.Forbidden;

    private async Task TryAllAsync(string? key, Func<ApiOperation, string, Outcome> expected)
    {
        var wrong = new List<string>();
        var tried = 0;
        foreach (var operation in setup.Operations)
            foreach (var dataset in operation.OfDataset ? new[] { MatrixSetup.Own, MatrixSetup.Other } : [MatrixSetup.Own])
            {
                var wanted = expected(operation, dataset);
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
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(tried >= 40, $"only {tried} requests were sent");
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
