using Winnow.Abstractions.Acts;
using Winnow.Abstractions.Datasets;
using Winnow.Grains.Ports;
using Winnow.Model.Acts;

namespace Winnow.Grains.Acts;

/// <summary>
/// Lists acts. Streams are read beside each other and told in the order of time; a page ends at a place in each of them, and as nothing
/// ever comes before a place, the next page goes on without leaving anything out.
/// </summary>
internal sealed partial class ActBook
{
    private const int MostOfPage = 1_000;

    /// <summary>Acts that are looked at for one page, so that a rare one is not sought for minutes in one call.</summary>
    private const int MostLookedAt = 20_000;

    private const int StreamsAtOnce = 8;

    public async Task<ActPage> ListAsync(ActQuery query, CancellationToken cancellationToken)
    {
        if (query.Limit is < 1 or > MostOfPage) throw new RefusedException($"limit must be 1 to {MostOfPage}, not {query.Limit}.");
        if (query.Since >= query.Until) throw new RefusedException("since must lie before until.");
        var dataset = query.Dataset is null ? null
            : await infos.FindDatasetAsync(query.Dataset, cancellationToken).ConfigureAwait(false)
                ?? throw new RefusedException($"There is no dataset '{query.Dataset}'.");
        var places = ActPlaces.Parse(query.After) ?? throw new RefusedException(
            $"'{query.After}' is not a place to continue from: use 'next' of the page before.");
        IReadOnlyList<ActStream> streams = dataset is null ? [ActStream.Cluster]
            : [ActStream.Cluster, .. await ledger.ListStreamsAsync(dataset.Name, cancellationToken).ConfigureAwait(false)];
        if (query.Image is { } image && dataset is not null)
            streams = [.. streams.Where(s => s.Dataset is not null
                && (!dataset.Shards.Contains(s.Number) || s.Number == dataset.Shards.ShardOf(image)))];
        // Of an earlier dataset of the name nothing is told; its trail in the cluster's stream is whole there.
        var filter = new ActFilter(query, dataset?.Since);
        var readers = streams.Select(s => new ActReader(ledger, s, filter, Math.Clamp(2 * query.Limit / streams.Count, 16, 512))).ToArray();
        await Parallel.ForEachAsync(readers, new ParallelOptions
        {
            MaxDegreeOfParallelism = StreamsAtOnce,
            CancellationToken = cancellationToken,
        }, async (r, token) => await r.BeginAsync(places.Of(r.Stream), token).ConfigureAwait(false)).ConfigureAwait(false);

        var nearest = new PriorityQueue<ActReader, (DateTimeOffset, int)>();
        for (var i = 0; i < readers.Length; i++)
            if (readers[i].Next is { } first) nearest.Enqueue(readers[i], (first.Act.At, i));
        var (acts, looked) = (new List<Act>(), 0);
        for (; nearest.TryPeek(out var reader, out var place) && acts.Count < query.Limit && looked < MostLookedAt; looked++)
        {
            var stored = reader.Next!;
            if (filter.Find(reader.Stream, stored) is { } act) acts.Add(act);
            await reader.MoveAsync(cancellationToken).ConfigureAwait(false);
            if (reader.Next is { } next) nearest.DequeueEnqueue(reader, (next.Act.At, place.Item2));
            else nearest.Dequeue();
        }
        foreach (var reader in readers) places.Set(reader.Stream, reader.Place);
        return new ActPage(acts, places.ToString(), nearest.Count > 0);
    }
}
