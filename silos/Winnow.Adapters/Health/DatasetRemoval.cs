using Orleans.Core.Internal;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Images.Buckets;
using Winnow.Abstractions.Review;
using Winnow.Abstractions.Security;
using Winnow.Abstractions.Training;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;

namespace Winnow.Adapters.Health;

/// <summary>
/// Removes a dataset with all that is kept of it, whatever its rows say. Objects go first, while nobody else can bear the name: what came
/// under it later would go with them. The name goes in one transaction with the states; the rows of its shards follow. What a failure
/// leaves before that is removed by a repetition, what it leaves afterwards is of no name.
/// </summary>
internal sealed class DatasetRemoval(ILedger ledger, IObjectStore objects, IGrainFactory grains, TimeProvider time)
{
    private const int AtOnce = 16;

    /// <summary>For so long a silo may go by what it knew of a dataset.</summary>
    private static readonly TimeSpan Known = TimeSpan.FromSeconds(1.5);

    /// <summary>False when there is no such dataset.</summary>
    public async Task<bool> RemoveAsync(string name, CancellationToken cancellationToken)
    {
        // No other name can have objects, and some of those would be folders of others.
        if (DatasetName.IsValid(name)) await RemoveObjectsAsync($"datasets/{name}/", cancellationToken);
        string[] keyed = [.. await StatesAsync("round", name), .. await StatesAsync("bucket-source", name)];
        if (await ledger.RemoveDatasetAsync(name, CancellationToken.None) is not { } left) return false;
        // From here on it is carried to its end, whether or not the caller still listens.
        var shards = await ledger.ListShardsAsync(left, CancellationToken.None);
        await Task.Delay(Known, time, CancellationToken.None);
        await ForgetAsync(name, keyed, shards);
        foreach (var shard in shards)
            while (await ledger.RemoveShardRowsAsync(new ShardKey(left, shard), CancellationToken.None)) { }
        return true;
    }

    private async Task RemoveObjectsAsync(string prefix, CancellationToken cancellationToken) =>
        await Parallel.ForEachAsync(
            objects.ListAsync(prefix, cancellationToken),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (found, token) => await objects.DeleteAsync(found.Key, token));

    private async Task<IEnumerable<string>> StatesAsync(string type, string dataset) =>
        (await ledger.ListStatesAsync(type, CancellationToken.None)).Where(k => k.StartsWith($"{dataset}/", StringComparison.Ordinal))
            .Select(k => $"{type}/{k}");

    /// <summary>Nothing that lives in memory goes on as if the dataset were there, nor meets one that bears its name later.</summary>
    private async Task ForgetAsync(string name, string[] keyed, IReadOnlyList<int> shards)
    {
        List<IAddressable> live =
        [
            grains.GetGrain<IDatasetGrain>(name), grains.GetGrain<ISplitGrain>(name), grains.GetGrain<IQueueGrain>(name),
            grains.GetGrain<IAccessGrain>(name), grains.GetGrain<IBucketSourcesGrain>(name),
            .. shards.Select(s => grains.GetGrain<IShardIngest>(GrainKeys.Shard(name, s))),
        ];
        foreach (var state in keyed)
        {
            var (type, key) = SetAsideWords.StateOf(state);
            live.Add(type == "round" ? grains.GetGrain<IRoundGrain>(key) : grains.GetGrain<IBucketSourceGrain>(key));
        }
        foreach (var some in live.Chunk(AtOnce)) await Task.WhenAll(some.Select(LetGoAsync));
        // Images, which are many and stay in memory for a while.
        await TryAsync(() => grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero));
    }

    private static Task LetGoAsync(IAddressable grain) =>
        TryAsync(async () => await grain.AsReference<IGrainManagementExtension>().DeactivateOnIdle());

    private static async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // One that does not live cannot be woken any more: its dataset is gone.
        }
    }
}
