using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Datasets;
using Winnow.Model.Acts;
using Winnow.Model.Datasets;
using Winnow.Model.Names;
using Winnow.Model.Security;
using Winnow.Web.Requests;
using Winnow.Web.Security;

namespace Winnow.Web.Datasets;

internal static class SchemaEndpoints
{
    /// <summary>Most classes of all versions on a page: a schema may have ten thousand.</summary>
    private const int MaxClassesOfPage = 100_000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/datasets/{dataset}/schema", async (string dataset, IGrainFactory grains, CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                return await grains.GetGrain<IDatasetGrain>(dataset).GetSchemaAsync(ct);
            })
            .Requires(Permission.ReadDataset)
            .WithSummary("The newest version of the label schema, and how far the asking again has come that it brought with it.")
            .WithTags("datasets");

        api.MapPost("/datasets/{dataset}/schema", async (
                string dataset, ChangeSchema change, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                var of = grains.GetGrain<IDatasetGrain>(dataset);
                // A version is made of the newest and no other: what is made of an earlier one is there already, or refused.
                if ((await of.GetSchemaAsync(ct)).Version.Number > change.From) http.WasDoneBefore();
                return await of.ChangeSchemaAsync(change, CallerIdentity.OperationOf(http), CallerIdentity.Of(http), ct);
            })
            .Requires(Permission.ChangeSchema)
            .Leaves(ActKind.SchemaChanged, (call, act) => act with { Of = $"{call.Answer<SchemaState>().Version.Number}" })
            .Produces<SchemaState>().ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Make the next version of the label schema: rename, recolour, add, merge, split or retire classes, "
                + "attributes and their options. "
                + "'from' names the version that was looked at. All changes are made, or none. What was said is kept and mapped when it is "
                + "read; images whose labels cannot be mapped are asked about again.").WithTags("datasets");

        api.MapGet("/datasets/{dataset}/schema/versions", async (
                string dataset, string? after, int? limit, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                var from = 0;
                if (!string.IsNullOrEmpty(after) && !int.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out from))
                    throw new RefusedException($"{ShownText.Quote(after)} is not a place to continue from: use {Pages.Next} of the page "
                        + "before.");
                var some = await grains.GetGrain<IDatasetGrain>(dataset)
                    .ListSchemasAfterAsync(from, Math.Clamp(limit ?? Pages.Most, 1, Pages.Most), MaxClassesOfPage, ct);
                return Pages.Cut(http, some, null, limit, s => s.Number.ToString(CultureInfo.InvariantCulture),
                    s => s.Schema.Classes.Count, MaxClassesOfPage).ToArray();
            })
            .Requires(Permission.ReadDataset)
            .WithSummary("All versions of the label schema, each with its changes and who made them, oldest first, at most 1,000. "
                + $"{Pages.Next}, where it comes, is 'after' of the next page.").WithTags("datasets");
    }
}
