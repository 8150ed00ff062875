using System.Runtime.CompilerServices;
using Winnow.Abstractions.Datasets;
using Winnow.Model.Datasets;
using Winnow.Model.Names;
using Winnow.Web.Security;

namespace Winnow.Web;

/// <summary>The dataset that a request names, and the shards that hold it at that moment.</summary>
internal static class KnownDataset
{
    // Every request asks for it, and what a grain of an interface is called is read off its attributes each time.
    private static readonly ConditionalWeakTable<IGrainFactory, ICatalogGrain> Catalogs = [];

    /// <summary>The dataset of a route. Every handler asks first, so that a name that nobody gave never wakes a grain.</summary>
    /// <exception cref="NotFoundException">There is none of that name.</exception>
    public static async Task<DatasetInfo> DatasetAsync(this IGrainFactory grains, string name, CancellationToken cancellationToken)
    {
        var catalog = Catalogs.GetValue(grains, static g => g.GetGrain<ICatalogGrain>(0));
        var found = DatasetName.IsValid(name) ? await catalog.FindAsync(name, cancellationToken) : null;
        return found ?? throw new NotFoundException(RouteDataset.NotThere(name));
    }

    /// <summary>Does something with the shards that hold a dataset; again with others, where those have taken over meanwhile.</summary>
    public static Task<T> OnShardsAsync<T>(
        this IGrainFactory grains, DatasetInfo dataset, Func<ShardLayout, Task<T>> work, CancellationToken cancellationToken) =>
        ShardCalls.FollowAsync(dataset, () => grains.DatasetAsync(dataset.Name, cancellationToken), work);
}
