using Winnow.Model.Datasets;

namespace Winnow.Abstractions.Datasets;

/// <summary>The shard holds its dataset no longer: its shards were doubled, and others have its images. Nothing was done.</summary>
[GenerateSerializer, Alias("winnow.shard-moved")]
public sealed class ShardMovedException(string message) : OrleansException(message);

/// <summary>Calls to a dataset's shards that go on where those are doubled meanwhile.</summary>
public static class ShardCalls
{
    /// <summary>
    /// Does something with the shards that hold a dataset. Where it fails and others have taken over since, it is done again with those; so
    /// it must be harmless to do it twice, as everything is that may be repeated after a lost answer.
    /// </summary>
    /// <param name="dataset">The dataset as it is known.</param>
    /// <param name="ask">Asks how it is now.</param>
    /// <param name="work">What to do with its shards.</param>
    public static async Task<T> FollowAsync<T>(DatasetInfo dataset, Func<Task<DatasetInfo>> ask, Func<ShardLayout, Task<T>> work)
    {
        while (true)
        {
            try
            {
                return await work(dataset.Shards);
            }
            catch (Exception e) when (e is not (RefusedException or OperationCanceledException))
            {
                var now = await NowAsync(ask);
                if (now is null || now.Shards.First == dataset.Shards.First) throw;
                dataset = now;
            }
        }
    }

    private static async Task<DatasetInfo?> NowAsync(Func<Task<DatasetInfo>> ask)
    {
        try
        {
            return await ask();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // What went wrong in the first place says more.
            return null;
        }
    }
}
