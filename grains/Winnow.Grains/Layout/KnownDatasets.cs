using System.Collections.Concurrent;
using Winnow.Abstractions.Datasets;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;

namespace Winnow.Grains.Layout;

/// <summary>
/// What datasets are, asked of the ledger once a second per silo: every image that somebody decides about wants to know, and all that ever
/// changes is its label schema and which shards hold it. While they are being doubled every question goes to the ledger; so when the new
/// ones take over, no silo goes by what was.
/// </summary>
internal sealed class KnownDatasets(IDatasetLedger ledger, TimeProvider time)
{
    /// <summary>How long an answer holds. A doubling of shards that has been announced for longer than this is known to all.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, (DatasetInfo Dataset, long AskedAt)> _known = new(StringComparer.Ordinal);

    /// <exception cref="RefusedException">There is no such dataset.</exception>
    public ValueTask<DatasetInfo> GetAsync(string name, CancellationToken cancellationToken) =>
        _known.TryGetValue(name, out var known) && known.Dataset.Shards.Split is null && time.GetElapsedTime(known.AskedAt) < Lifetime
            ? ValueTask.FromResult(known.Dataset) : new ValueTask<DatasetInfo>(AskAsync(name, cancellationToken));

    /// <summary>Asks the ledger.</summary>
    /// <exception cref="RefusedException">There is no such dataset.</exception>
    public async Task<DatasetInfo> AskAsync(string name, CancellationToken cancellationToken)
    {
        // Before the question: an answer is as old as the moment at which it was asked for.
        var now = time.GetTimestamp();
        var dataset = await ledger.FindDatasetAsync(name, cancellationToken)
            ?? throw new RefusedException($"There is no dataset '{name}'.");
        // One object for one schema: what is made of it is made once.
        if (_known.TryGetValue(name, out var before) && before.Dataset.Since == dataset.Since
            && before.Dataset.Schema.Number == dataset.Schema.Number) dataset = dataset with { Schema = before.Dataset.Schema };
        _known[name] = (dataset, now);
        return dataset;
    }

    /// <summary>Does something with the shards that hold a dataset; again with others, where those have taken over meanwhile.</summary>
    public async Task<T> OnShardsAsync<T>(string name, Func<ShardLayout, Task<T>> work, CancellationToken cancellationToken) =>
        await ShardCalls.FollowAsync(await GetAsync(name, cancellationToken), () => AskAsync(name, cancellationToken), work);
}
