using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Security;
using Winnow.Model.Acts;
using Winnow.Model.Datasets;
using Winnow.Model.Names;
using Winnow.Model.Security;
using Winnow.Web.Requests;
using Winnow.Web.Security;

namespace Winnow.Web.Datasets;

internal static class DatasetEndpoints
{
    /// <summary>Schemas are what makes a dataset large.</summary>
    private const int MaxClassesOfPage = 100_000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/datasets", CreateAsync)
            .Requires(Permission.CreateDatasets)
            .Leaves(ActKind.DatasetCreated, (call, act) => act with { Dataset = call.Answer<DatasetInfo>().Name })
            .WithSummary("Create a dataset. The same request again is answered with the dataset.").WithTags("datasets");

        api.MapGet("/datasets", ListAsync)
            .RequiresCaller()
            .WithSummary($"The datasets that you may see, by name, at most 1,000. {Pages.Next}, where it comes, is 'after' of "
                + $"the next page.")
            .WithTags("datasets");

        api.MapGet("/datasets/{dataset}",
            async (string dataset, IGrainFactory grains, CancellationToken ct) => await grains.DatasetAsync(dataset, ct))
            .Requires(Permission.ReadDataset)
            .WithSummary("One dataset.").WithTags("datasets");

        api.MapDelete("/datasets/{dataset}", DeleteAsync)
            .Requires(Permission.DeleteDataset)
            .Leaves(ActKind.DatasetDeleted)
            .WithSummary("Delete a dataset for good: images, labels, models and versions. It is gone for everybody at once; the rest goes "
                + "by itself, and its name is free when that has ended. The same request again, while it goes on, is answered alike.")
            .WithTags("datasets");

        api.MapGet("/datasets/{dataset}/deletion", GetDeletionAsync)
            .Requires(Permission.DeleteDataset)
            .WithSummary("How far the deletion of a dataset has come. When all of it is gone, so is who had access: then only those who "
                + "have it to the whole cluster are told.").WithTags("datasets");

        api.MapGet("/deletions", async (string? after, int? limit, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
                Pages.Cut(http, await grains.GetGrain<ICatalogGrain>(0).ListDeletionsAsync(ct), after, limit, KeyOf).ToArray())
            .Requires(Permission.ReadClusterAccess)
            .WithSummary("Every dataset that was deleted, by whom and when, oldest first, at most 1,000. "
                + $"{Pages.Next}, where it comes, is 'after' of the next page.").WithTags("datasets");

        api.MapGet("/datasets/{dataset}/status", async (string dataset, IGrainFactory grains, CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                return await grains.GetGrain<IDatasetGrain>(dataset).GetStatusAsync(ct);
            })
            .Requires(Permission.ReadDataset)
            .WithSummary("Where a dataset stands: counts per stage, backlog, open tasks, active rounds, champions.").WithTags("datasets");

        api.MapPost("/datasets/{dataset}/split",
            async (string dataset, SplitDataset command, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
            {
                var known = await grains.DatasetAsync(dataset, ct);
                var doubling = known.Shards.Split is not null && known.Shards.Count * 2 == command.Shards;
                if (known.Shards.Count == command.Shards || doubling) http.WasDoneBefore();
                return await grains.GetGrain<ISplitGrain>(dataset).StartAsync(command.Shards, CallerIdentity.Of(http), ct);
            })
            .Requires(Permission.OperateCluster)
            .Leaves(ActKind.ShardsDoubled, (call, act) => act with { Of = $"{call.Argument<SplitDataset>().Shards}" })
            .WithSummary("Double the shards of a dataset while it is worked with. The answer is the dataset; its status tells how far "
                + "that has come.").WithTags("datasets");
    }

    private static async Task<DatasetInfo[]> ListAsync(
        string? after, int? limit, IGrainFactory grains, AccessControl control, HttpContext http, CancellationToken ct)
    {
        var all = await grains.GetGrain<ICatalogGrain>(0).ListAsync(ct);
        // One may have gone since the page before: what counts is the order.
        var left = string.IsNullOrEmpty(after) ? all : [.. all.Where(d => string.CompareOrdinal(d.Name, after) > 0)];
        // A page ends at what its reader may see, and so does the word of where the next one begins.
        var (caller, visible) = (CallerIdentity.Admitted(http).Caller, new List<DatasetInfo>());
        foreach (var some in left.Chunk(Pages.Most))
        {
            visible.AddRange(await control.VisibleAsync(caller, some, d => d.Name, ct));
            if (visible.Count > (limit ?? Pages.Most)) break;
        }
        return [.. Pages.Cut(http, visible, null, limit, d => d.Name, d => d.Schema.Classes.Count, MaxClassesOfPage)];
    }

    private static string KeyOf(DatasetDeletion deletion) =>
        string.Create(CultureInfo.InvariantCulture, $"{deletion.DeletedAt.UtcTicks}-{deletion.Dataset}");

    private static async Task<Accepted<DatasetDeletion>> DeleteAsync(
        string dataset, IGrainFactory grains, HttpContext http, CancellationToken ct)
    {
        var deletion = DatasetName.IsValid(dataset)
            ? await grains.GetGrain<IDeletionGrain>(dataset).StartAsync(CallerIdentity.Of(http), ct) : null;
        return TypedResults.Accepted((string?)null, deletion ?? throw new NotFoundException(RouteDataset.NotThere(dataset)));
    }

    private static async Task<DatasetDeletion> GetDeletionAsync(string dataset, IGrainFactory grains, CancellationToken ct)
    {
        var deletion = DatasetName.IsValid(dataset) ? await grains.GetGrain<IDeletionGrain>(dataset).GetAsync(ct) : null;
        // A dataset that bears the name now has nothing to do with one that is gone.
        var ended = deletion is { EndedAt: not null };
        if (ended && await grains.GetGrain<ICatalogGrain>(0).FindAsync(dataset, ct) is not null) deletion = null;
        return deletion ?? throw new NotFoundException($"No dataset {ShownText.Quote(dataset)} is being deleted.");
    }

    private static async Task<DatasetInfo> CreateAsync(CreateDataset command, IGrainFactory grains, HttpContext http, CancellationToken ct)
    {
        var (caller, _, actor) = CallerIdentity.Admitted(http);
        if (DatasetName.IsValid(command.Name) && await grains.GetGrain<ICatalogGrain>(0).FindAsync(command.Name, ct) is not null)
            http.WasDoneBefore();
        var made = await grains.GetGrain<ICatalogGrain>(0).CreateAsync(command, actor, ct);
        // Who repeats a request because the answer was lost is its owner all the same; who asks for what somebody else made is not.
        // Who is said to have made one that was restored is not known to have done so.
        if (caller.Principal is { } creator && made.CreatedBy == actor && made.Restored.Count == 0)
            await grains.GetGrain<IAccessGrain>(made.Name).FoundAsync(creator, actor, ct);
        return made;
    }
}
