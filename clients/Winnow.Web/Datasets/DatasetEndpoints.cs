using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Datasets;
using Winnow.Model.Datasets;
using Winnow.Web.Security;

namespace Winnow.Web.Datasets;

internal static class DatasetEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/datasets", async (CreateDataset command, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
                await grains.GetGrain<ICatalogGrain>(0).CreateAsync(command, CallerIdentity.Of(http), ct))
            .WithSummary("Create a dataset. The same request again is answered with the dataset.").WithTags("datasets");

        api.MapGet("/datasets", async (IGrainFactory grains, CancellationToken ct) => await grains.GetGrain<ICatalogGrain>(0).ListAsync(ct))
            .WithSummary("All datasets, by name.").WithTags("datasets");

        api.MapGet("/datasets/{dataset}", async (string dataset, IGrainFactory grains, CancellationToken ct) => await grains.DatasetAsync(dataset, ct))
            .WithSummary("One dataset.").WithTags("datasets");

        api.MapGet("/datasets/{dataset}/status", async (string dataset, IGrainFactory grains, CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                return await grains.GetGrain<IDatasetGrain>(dataset).GetStatusAsync(ct);
            })
            .WithSummary("Where a dataset stands: counts per stage, backlog, open tasks, active rounds, champions.").WithTags("datasets");
    }

    /// <summary>The dataset of a route. Every handler asks first, so that a name that nobody gave never wakes a grain.</summary>
    /// <exception cref="NotFoundException">There is none of that name.</exception>
    public static async Task<DatasetInfo> DatasetAsync(this IGrainFactory grains, string name, CancellationToken cancellationToken)
    {
        var found = DatasetName.IsValid(name) ? await grains.GetGrain<ICatalogGrain>(0).FindAsync(name, cancellationToken) : null;
        return found ?? throw new NotFoundException($"There is no dataset '{name}'.");
    }
}
