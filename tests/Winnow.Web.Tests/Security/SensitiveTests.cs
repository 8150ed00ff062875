using System.Net;
using Winnow.Model.Security;

namespace Winnow.Web.Tests.Security;

/// <summary>
/// What must never change by a slip in the table of roles or on an endpoint, written by hand: who, which request, which answer.
/// </summary>
[Trait("kind", "security")]
public sealed class SensitiveTests(MatrixSetup<LockedServer> setup) : IClassFixture<MatrixSetup<LockedServer>>
{
    [Theory]
    // Only owners decide about access, in their dataset alone.
    [InlineData(Role.Owner, "POST", "/api/v1/datasets/{dataset}/access", 200, 404)]
    [InlineData(Role.Engineer, "POST", "/api/v1/datasets/{dataset}/access", 403, 404)]
    [InlineData(Role.Arbitrator, "POST", "/api/v1/datasets/{dataset}/access/vet", 403, 404)]
    [InlineData(Role.Auditor, "POST", "/api/v1/datasets/{dataset}/access/revoke", 403, 404)]
    [InlineData(Role.Auditor, "GET", "/api/v1/datasets/{dataset}/access", 200, 404)]
    [InlineData(Role.Engineer, "GET", "/api/v1/datasets/{dataset}/access/changes", 403, 404)]
    // Only owners delete a dataset; whoever may not is told before anything is done.
    [InlineData(Role.Engineer, "DELETE", "/api/v1/datasets/{dataset}", 403, 404)]
    [InlineData(Role.Ingester, "DELETE", "/api/v1/datasets/{dataset}", 403, 404)]
    [InlineData(Role.Annotator, "DELETE", "/api/v1/datasets/{dataset}", 403, 404)]
    [InlineData(Role.Verifier, "DELETE", "/api/v1/datasets/{dataset}", 403, 404)]
    [InlineData(Role.Arbitrator, "DELETE", "/api/v1/datasets/{dataset}", 403, 404)]
    [InlineData(Role.Auditor, "DELETE", "/api/v1/datasets/{dataset}", 403, 404)]
    [InlineData(Role.Viewer, "DELETE", "/api/v1/datasets/{dataset}", 403, 404)]
    [InlineData(Role.Owner, "GET", "/api/v1/datasets/{dataset}/deletion", 404, 404)]
    [InlineData(Role.Engineer, "GET", "/api/v1/datasets/{dataset}/deletion", 403, 404)]
    [InlineData(Role.Owner, "GET", "/api/v1/deletions", 403, 403)]
    // A role in a dataset opens nothing of the cluster, the owner's neither.
    [InlineData(Role.Owner, "POST", "/api/v1/keys", 403, 403)]
    [InlineData(Role.Owner, "GET", "/api/v1/keys", 403, 403)]
    [InlineData(Role.Owner, "POST", "/api/v1/keys/{key}/revoke", 403, 403)]
    [InlineData(Role.Owner, "POST", "/api/v1/access", 403, 403)]
    [InlineData(Role.Owner, "POST", "/api/v1/datasets", 403, 403)]
    [InlineData(Role.Owner, "POST", "/operator/drain", 403, 403)]
    [InlineData(Role.Owner, "GET", "/api/v1/set-aside", 403, 403)]
    [InlineData(Role.Owner, "POST", "/api/v1/set-aside/discard", 403, 403)]
    [InlineData(Role.Owner, "GET", "/operator/silo", 403, 403)]
    // What is read from where is the business of whoever builds the dataset, not of whoever labels or looks.
    [InlineData(Role.Annotator, "POST", "/api/v1/datasets/{dataset}/sources", 403, 404)]
    [InlineData(Role.Ingester, "POST", "/api/v1/datasets/{dataset}/sources", 403, 404)]
    [InlineData(Role.Viewer, "DELETE", "/api/v1/datasets/{dataset}/sources/{source}", 403, 404)]
    [InlineData(Role.Annotator, "POST", "/api/v1/datasets/{dataset}/uploads", 403, 404)]
    // What people are asked to say, and on which terms, is decided by whoever builds the dataset.
    [InlineData(Role.Engineer, "POST", "/api/v1/datasets/{dataset}/policies", 200, 404)]
    [InlineData(Role.Verifier, "POST", "/api/v1/datasets/{dataset}/policies", 403, 404)]
    [InlineData(Role.Arbitrator, "POST", "/api/v1/datasets/{dataset}/policies", 403, 404)]
    [InlineData(Role.Auditor, "POST", "/api/v1/datasets/{dataset}/policies", 403, 404)]
    [InlineData(Role.Engineer, "POST", "/api/v1/datasets/{dataset}/schema", 409, 404)]
    [InlineData(Role.Annotator, "POST", "/api/v1/datasets/{dataset}/schema", 403, 404)]
    [InlineData(Role.Arbitrator, "POST", "/api/v1/datasets/{dataset}/schema", 403, 404)]
    [InlineData(Role.Viewer, "POST", "/api/v1/datasets/{dataset}/schema", 403, 404)]
    // Whoever brings images sees none; whoever labels takes none out and brings none.
    [InlineData(Role.Ingester, "POST", "/api/v1/datasets/{dataset}/images", 200, 404)]
    [InlineData(Role.Ingester, "GET", "/api/v1/datasets/{dataset}/images/{image}/content", 403, 404)]
    [InlineData(Role.Annotator, "GET", "/api/v1/datasets/{dataset}/images/{image}/content", 200, 404)]
    [InlineData(Role.Annotator, "GET", "/api/v1/datasets/{dataset}/versions/{version}/export", 403, 404)]
    [InlineData(Role.Annotator, "POST", "/api/v1/datasets/{dataset}/images", 403, 404)]
    [InlineData(Role.Annotator, "POST", "/api/v1/datasets/{dataset}/decisions", 200, 404)]
    // What stands without a person's word is decided by whoever answers for the dataset, and not by whoever labels or brings images.
    [InlineData(Role.Owner, "POST", "/api/v1/datasets/{dataset}/machine-decisions", 200, 404)]
    [InlineData(Role.Engineer, "POST", "/api/v1/datasets/{dataset}/machine-decisions", 200, 404)]
    [InlineData(Role.Ingester, "POST", "/api/v1/datasets/{dataset}/machine-decisions", 403, 404)]
    [InlineData(Role.Annotator, "POST", "/api/v1/datasets/{dataset}/machine-decisions", 403, 404)]
    [InlineData(Role.Arbitrator, "POST", "/api/v1/datasets/{dataset}/machine-decisions", 403, 404)]
    [InlineData(Role.Annotator, "POST", "/api/v1/datasets/{dataset}/machine-decisions/take-back", 403, 404)]
    [InlineData(Role.Verifier, "POST", "/api/v1/datasets/{dataset}/machine-decisions/take-back", 403, 404)]
    [InlineData(Role.Viewer, "GET", "/api/v1/datasets/{dataset}/machine-decisions/runs", 200, 404)]
    // Whoever looks or audits answers nothing, and whoever trains does not label.
    [InlineData(Role.Viewer, "POST", "/api/v1/datasets/{dataset}/decisions", 403, 404)]
    [InlineData(Role.Auditor, "POST", "/api/v1/datasets/{dataset}/decisions", 403, 404)]
    [InlineData(Role.Engineer, "POST", "/api/v1/datasets/{dataset}/tasks/lease", 403, 404)]
    [InlineData(Role.Viewer, "POST", "/api/v1/datasets/{dataset}/rounds", 403, 404)]
    [InlineData(Role.Annotator, "POST", "/api/v1/datasets/{dataset}/backbones/{backbone}/switch", 403, 404)]
    [InlineData(Role.Viewer, "POST", "/api/v1/datasets/{dataset}/backbones/compare", 403, 404)]
    [InlineData(Role.Verifier, "DELETE", "/api/v1/datasets/{dataset}/backbones/{backbone}", 403, 404)]
    [InlineData(Role.Annotator, "POST", "/api/v1/datasets/{dataset}/rounds/{arm}/{number}/end", 403, 404)]
    [InlineData(Role.Verifier, "POST", "/api/v1/datasets/{dataset}/rounds/{arm}/{number}/end", 403, 404)]
    [InlineData(Role.Viewer, "POST", "/api/v1/datasets/{dataset}/versions", 403, 404)]
    [InlineData(Role.Viewer, "GET", "/api/v1/datasets/{dataset}/versions/{version}/export", 403, 404)]
    [InlineData(Role.Auditor, "GET", "/api/v1/datasets/{dataset}/versions/{version}/manifest", 200, 404)]
    // A backup holds all of history: who may take versions out takes that, and nobody else; to bring one in makes a dataset, to verify
    // costs the cluster.
    [InlineData(Role.Engineer, "GET", "/api/v1/datasets/{dataset}/backup", 200, 404)]
    [InlineData(Role.Auditor, "GET", "/api/v1/datasets/{dataset}/backup", 200, 404)]
    [InlineData(Role.Viewer, "GET", "/api/v1/datasets/{dataset}/backup", 403, 404)]
    [InlineData(Role.Arbitrator, "GET", "/api/v1/datasets/{dataset}/backup", 403, 404)]
    [InlineData(Role.Ingester, "GET", "/api/v1/datasets/{dataset}/backup", 403, 404)]
    // How much each person did is seen by whoever settles what they disagree about, and not by whoever verifies it.
    [InlineData(Role.Arbitrator, "GET", "/api/v1/datasets/{dataset}/people", 200, 404)]
    [InlineData(Role.Verifier, "GET", "/api/v1/datasets/{dataset}/people", 403, 404)]
    // Who did what, from where, is for owners and auditors.
    [InlineData(Role.Owner, "GET", "/api/v1/datasets/{dataset}/acts", 200, 404)]
    [InlineData(Role.Auditor, "GET", "/api/v1/datasets/{dataset}/acts", 200, 404)]
    [InlineData(Role.Engineer, "GET", "/api/v1/datasets/{dataset}/acts", 403, 404)]
    [InlineData(Role.Arbitrator, "GET", "/api/v1/datasets/{dataset}/acts", 403, 404)]
    [InlineData(Role.Owner, "GET", "/api/v1/acts", 403, 403)]
    [InlineData(Role.Owner, "POST", "/api/v1/restore", 403, 403)]
    [InlineData(Role.Owner, "POST", "/api/v1/datasets/{dataset}/verify", 403, 403)]
    public async Task A_role_in_one_dataset(Role role, string method, string path, int own, int other)
    {
        Assert.Equal((HttpStatusCode)own, await SendAsync(setup.InDataset[role], method, path, MatrixSetup.Own));
        Assert.Equal((HttpStatusCode)other, await SendAsync(setup.InDataset[role], method, path, MatrixSetup.Other));
    }

    [Theory]
    [InlineData(Role.Owner, "POST", "/api/v1/keys", 200)]
    [InlineData(Role.Engineer, "POST", "/api/v1/keys", 403)]
    [InlineData(Role.Auditor, "POST", "/api/v1/keys", 403)]
    [InlineData(Role.Auditor, "GET", "/api/v1/keys", 200)]
    [InlineData(Role.Auditor, "POST", "/api/v1/access", 403)]
    [InlineData(Role.Engineer, "POST", "/api/v1/access", 403)]
    [InlineData(Role.Engineer, "POST", "/api/v1/datasets", 200)]
    [InlineData(Role.Annotator, "POST", "/api/v1/datasets", 403)]
    [InlineData(Role.Viewer, "GET", "/api/v1/keys", 403)]
    // Only the cluster's owner takes a silo out; who reads metrics may see what it holds.
    [InlineData(Role.Engineer, "POST", "/operator/drain", 403)]
    [InlineData(Role.Auditor, "POST", "/operator/drain", 403)]
    [InlineData(Role.Viewer, "POST", "/operator/drain", 403)]
    [InlineData(Role.Viewer, "GET", "/operator/silo", 200)]
    [InlineData(Role.Annotator, "GET", "/operator/silo", 403)]
    [InlineData(Role.Owner, "POST", "/api/v1/datasets/{dataset}/verify", 200)]
    [InlineData(Role.Engineer, "POST", "/api/v1/datasets/{dataset}/verify", 403)]
    [InlineData(Role.Engineer, "POST", "/api/v1/restore", 200)]
    [InlineData(Role.Auditor, "POST", "/api/v1/restore", 403)]
    // Who did what is for those who answer for the cluster, and those who look after them.
    [InlineData(Role.Owner, "GET", "/api/v1/acts", 200)]
    [InlineData(Role.Auditor, "GET", "/api/v1/acts", 200)]
    [InlineData(Role.Engineer, "GET", "/api/v1/acts", 403)]
    [InlineData(Role.Viewer, "GET", "/api/v1/acts", 403)]
    // A role in the cluster deletes datasets where it owns them all; who deleted what is seen by whoever sees who has access.
    [InlineData(Role.Engineer, "DELETE", "/api/v1/datasets/{dataset}", 403)]
    [InlineData(Role.Auditor, "DELETE", "/api/v1/datasets/{dataset}", 403)]
    [InlineData(Role.Owner, "GET", "/api/v1/deletions", 200)]
    [InlineData(Role.Auditor, "GET", "/api/v1/deletions", 200)]
    [InlineData(Role.Engineer, "GET", "/api/v1/deletions", 403)]
    [InlineData(Role.Viewer, "GET", "/api/v1/deletions", 403)]
    // What is set aside is seen by whoever sees the cluster, and deleted by its owner alone; here nothing is.
    [InlineData(Role.Viewer, "GET", "/api/v1/set-aside", 200)]
    [InlineData(Role.Annotator, "GET", "/api/v1/set-aside", 403)]
    [InlineData(Role.Owner, "POST", "/api/v1/set-aside/discard", 404)]
    [InlineData(Role.Engineer, "POST", "/api/v1/set-aside/discard", 403)]
    [InlineData(Role.Auditor, "POST", "/api/v1/set-aside/discard", 403)]
    public async Task A_role_in_the_cluster(Role role, string method, string path, int expected) =>
        Assert.Equal((HttpStatusCode)expected, await SendAsync(setup.InCluster[role], method, path, MatrixSetup.Own));

    [Fact]
    public async Task A_stranger_cannot_tell_a_dataset_that_is_there_from_one_that_is_not()
    {
        async Task<(HttpStatusCode, string)> AskAsync(string dataset)
        {
            using var request = MatrixRequests.Make(new ApiOperation("GET", "/api/v1/datasets/{dataset}", null), dataset, setup.Image,
                setup.Spare, setup.Strangers["no grant"]);
            using var response = await setup.Http.SendAsync(request);
            return (response.StatusCode, (await response.Content.ReadAsStringAsync()).Replace(dataset, "NAME"));
        }

        var there = await AskAsync(MatrixSetup.Own);
        Assert.Equal(HttpStatusCode.NotFound, there.Item1);
        Assert.Equal(WithoutTrace(await AskAsync("nowhere")), WithoutTrace(there));
        Assert.Equal(WithoutTrace(await AskAsync("NOT-A-NAME")), WithoutTrace(there));
        Assert.Empty(await setup.Door.As(setup.Strangers["no grant"]).ListDatasetsAsync());
        Assert.Equal([MatrixSetup.Own], (await setup.Door.As(setup.InDataset[Role.Viewer]).ListDatasetsAsync()).Select(d => d.Name));
    }

    private static (HttpStatusCode, string) WithoutTrace((HttpStatusCode Status, string Body) answer) =>
        (answer.Status, System.Text.RegularExpressions.Regex.Replace(answer.Body, ",\"traceId\":\"[^\"]*\"", ""));

    private async Task<HttpStatusCode> SendAsync(string key, string method, string path, string dataset)
    {
        using var request = MatrixRequests.Make(new ApiOperation(method, path, null), dataset, setup.Image, setup.Spare, key);
        using var response = await setup.Http.SendAsync(request);
        return response.StatusCode;
    }
}
