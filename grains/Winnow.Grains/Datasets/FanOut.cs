using Winnow.Abstractions.Images;
using Winnow.Model.Datasets;

namespace Winnow.Grains.Datasets;

/// <summary>
/// Calls to all shards of a dataset, a few at a time: a dataset may have a thousand shards, each of whose answers may be megabytes, and
/// whoever asks them all at once holds all answers at once and keeps every silo from anything else.
/// </summary>
internal static class FanOut
{
    /// <summary>Calls on their way at once. More would not end sooner: each silo has only so many processors.</summary>
    public const int AtOnce = 32;

    /// <summary>The grains of a dataset's shards, in order.</summary>
    public static TShard[] Grains<TShard>(this ShardLayout shards, IGrainFactory grains, string dataset)
        where TShard : IGrainWithStringKey =>
        [.. shards.Numbers().Select(n => grains.GetGrain<TShard>(GrainKeys.Shard(dataset, n)))];

    /// <summary>
    /// Calls each; the answers in the same order. After a failure no further calls are made, and those under way are waited for.
    /// </summary>
    public static async Task<TResult[]> AllAsync<T, TResult>(this IReadOnlyList<T> targets, Func<T, Task<TResult>> call)
    {
        var results = new TResult[targets.Count];
        await AllAsync(Enumerable.Range(0, targets.Count).ToArray(), async i => { results[i] = await call(targets[i]); });
        return results;
    }

    /// <summary>Calls each. After a failure no further calls are made, and those under way are waited for.</summary>
    public static Task AllAsync<T>(this IReadOnlyList<T> targets, Func<T, Task> call)
    {
        var next = -1;
        var failed = false;
        return Task.WhenAll(Enumerable.Range(0, Math.Min(AtOnce, targets.Count)).Select(_ => CallInTurnAsync()));

        async Task CallInTurnAsync()
        {
            try
            {
                while (!Volatile.Read(ref failed) && Interlocked.Increment(ref next) is var at && at < targets.Count)
                    await call(targets[at]);
            }
            catch
            {
                Volatile.Write(ref failed, true);
                throw;
            }
        }
    }
}
