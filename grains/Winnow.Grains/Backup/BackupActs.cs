using Winnow.Abstractions.Datasets;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;

namespace Winnow.Grains.Backup;

/// <summary>
/// The acts of a dataset's own streams on their way into a backup and out of one. They are put in place as they were, under their numbers,
/// in streams apart: what this server knows by itself is never mixed with what it was told.
/// </summary>
internal static class BackupActs
{
    private const int AtOnce = 1_000;

    /// <summary>The streams that have acts: what backups told before, then the shards, those of before a doubling too.</summary>
    public static async Task<IReadOnlyList<ActStream>> StreamsAsync(IActLedger ledger, string dataset, CancellationToken cancellationToken)
    {
        var found = new List<ActStream>();
        var all = await ledger.ListStreamsAsync(dataset, cancellationToken).ConfigureAwait(false);
        foreach (var stream in all.OrderBy(s => !s.IsTold).ThenBy(s => Math.Abs(s.Number)))
            if (await ledger.LastActAsync(stream, cancellationToken).ConfigureAwait(false) > 0) found.Add(stream);
        return found;
    }

    /// <summary>All acts of a stream, in order.</summary>
    public static async IAsyncEnumerable<StoredAct> ReadAsync(
        IActLedger ledger, ActStream stream,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var last = 0L; ;)
        {
            var page = await ledger.ReadActsAsync(stream, last, AtOnce, cancellationToken).ConfigureAwait(false);
            foreach (var act in page) yield return act;
            if (page.Count < AtOnce) yield break;
            last = page[^1].Sequence;
        }
    }

    /// <summary>Puts the acts of one file in place.</summary>
    public static async Task PlaceAsync(
        IActLedger ledger, string dataset, int stream, IEnumerable<ActLine> acts, CancellationToken cancellationToken)
    {
        foreach (var some in acts.Chunk(AtOnce))
            if (!await ledger.RestoreAsync(new ActStream(dataset, -1 - stream), [.. some.Select(a => a.ToStored())], cancellationToken)
                .ConfigureAwait(false)) throw new RefusedException(KnownLevel.TooLow);
    }
}
