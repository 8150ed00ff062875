using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Datasets;
using Winnow.Model.Acts;
using Winnow.Model.Policies;
using Winnow.Model.Security;
using Winnow.Web.Requests;
using Winnow.Web.Security;

namespace Winnow.Web.Datasets;

internal static class PolicyEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/datasets/{dataset}/policies", async (string dataset, IGrainFactory grains, CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                return await grains.GetGrain<IDatasetGrain>(dataset).GetPoliciesAsync(ct);
            })
            .Requires(Permission.ReadDataset)
            .WithSummary("The policies that hold: what rounds and people follow, and may be changed at any time.").WithTags("datasets");

        api.MapPost("/datasets/{dataset}/policies", async (
                string dataset, ChangePolicies change, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                return await grains.GetGrain<IDatasetGrain>(dataset).ChangePoliciesAsync(change, CallerIdentity.Of(http), ct);
            })
            .Requires(Permission.ChangePolicies)
            .Leaves(ActKind.PolicyChanged, (call, act) => act with { Of = $"{call.Answer<DatasetPolicies>().Version}" })
            .WithSummary("Change policies: what is left out stays as it is. The answer is what holds then, under a version of its own; "
                + "rounds that "
                + "were started keep what held. The same change again changes nothing.").WithTags("datasets");

        api.MapGet("/datasets/{dataset}/policies/versions", async (
                string dataset, string? after, int? limit, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                var all = await grains.GetGrain<IDatasetGrain>(dataset).ListPoliciesAsync(ct);
                return Pages.Cut(http, all, after, limit, p => p.Version.ToString(CultureInfo.InvariantCulture)).ToArray();
            })
            .Requires(Permission.ReadDataset)
            .WithSummary("All policies that ever held, with who changed them, oldest first, at most 1,000. "
                + $"{Pages.Next}, where it comes, is 'after' of the next page.").WithTags("datasets");
    }
}
