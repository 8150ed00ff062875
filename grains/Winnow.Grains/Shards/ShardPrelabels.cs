using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Prelabels;
using Winnow.Grains.Facts;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Model.Prelabels;

namespace Winnow.Grains.Shards;

/// <summary>
/// Prelabels from outside, as facts in the ledger. Memory has nothing of them: they are read for the images that somebody looks at, a lot
/// at a time.
/// </summary>
internal sealed class ShardPrelabels(ShardWriter writer, ShardIndex index, IShardLedger ledger)
{
    private const string Lot = "for a lot of prelabels";

    /// <summary>Is told of which rows prelabels have come.</summary>
    public Action<IReadOnlyList<int>>? Arrived { get; set; }

    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>The same for a silo of an earlier release, which is told no reason.</summary>
    public async Task<bool[]> PutAsync(PrelabelLot lot, CancellationToken cancellationToken) =>
        [.. (await TakeAsync(lot, cancellationToken)).Select(o => o == PrelabelOutcome.Taken)];

    public async Task<PrelabelOutcome[]> TakeAsync(PrelabelLot lot, CancellationToken cancellationToken)
    {
        // One lot after the other: two at a time could both find room for the last.
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return await TakeInTurnAsync(lot, cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<PrelabelOutcome[]> TakeInTurnAsync(PrelabelLot lot, CancellationToken cancellationToken)
    {
        var outcomes = new PrelabelOutcome[lot.Rows.Length];
        var offered = new FactRow?[lot.Rows.Length];
        for (var i = 0; i < offered.Length; i++)
            if (index.TryFind(lot.Rows[i].Image, out var ordinal))
                offered[i] = FactKinds.Prelabels.Of(ordinal, lot.Rows[i], lot.OperationId, lot.Actor);
            else outcomes[i] = PrelabelOutcome.NotHeld;
        int[] ordinals = [.. offered.OfType<FactRow>().Select(f => f.Id.Ordinal).Distinct()];
        if (ordinals.Length == 0) return outcomes;
        var known = await ledger.ReadFactsAsync(
            writer.Key, FactKinds.Prelabels.Name, ordinals, FactBounds.References, cancellationToken);
        var room = new PrelabelRoom(known);
        var facts = new List<FactRow>(offered.Length);
        for (var i = 0; i < offered.Length; i++)
            if (offered[i] is { } fact && (outcomes[i] = room.Take(fact)) == PrelabelOutcome.Taken) facts.Add(fact);
        if (facts.Count == 0) return outcomes;
        var commit = writer.New() with { OperationId = lot.OperationId, Stamp = new OperationStamp(lot.Actor, lot.Content), Facts = facts };
        switch (await writer.TryCommitAsync(commit, cancellationToken))
        {
            case ShardCommitStatus.OtherOperation: throw OperationStamp.Conflict(lot.OperationId, Lot);
            case ShardCommitStatus.Conflict: throw writer.Changed();
            // Those of the first time are there. What came since of the same sources stands in their place.
            default:
                Arrived?.Invoke([.. facts.Select(f => f.Id.Ordinal)]);
                return outcomes;
        }
    }

    /// <summary>
    /// How sure the least sure prelabel of each of some rows is: of the whole of it, or of the least sure of what it says. Of rows of which
    /// any prelabel tells.
    /// </summary>
    public async Task<Dictionary<int, double>> LeastSureAsync(IReadOnlyList<int> ordinals, CancellationToken cancellationToken)
    {
        var sure = new Dictionary<int, double>();
        var read = await ReadAsync(ordinals, ImagePrelabel.MostBytesOfImage, cancellationToken);
        for (var i = 0; i < read.Length; i++)
            foreach (var prelabel in PrelabelFacts.Read(read[i] ?? [], writer.Dataset.Schema))
                foreach (var said in prelabel.Annotations.Select(a => a.Confidence).Append(prelabel.Confidence))
                    if (said is { } confidence && !(sure.TryGetValue(ordinals[i], out var least) && least <= confidence))
                        sure[ordinals[i]] = confidence;
        return sure;
    }

    /// <summary>
    /// The prelabels of some rows, each as JSON of the model; null for a row without any. An earlier release took more of an image than is
    /// shown: then the newest are.
    /// </summary>
    /// <param name="ordinals">The rows.</param>
    /// <param name="bytes">Most bytes of one row.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<byte[][]?[]> ReadAsync(IReadOnlyList<int> ordinals, int bytes, CancellationToken cancellationToken)
    {
        var bounds = new FactBounds(ImagePrelabel.MostSources, bytes);
        var facts = await ledger.ReadFactsAsync(writer.Key, FactKinds.Prelabels.Name, ordinals, bounds, cancellationToken);
        var found = new byte[][]?[ordinals.Count];
        if (facts.Count == 0) return found;
        var of = facts.ToLookup(f => f.Id.Ordinal, f => f.Payload);
        for (var i = 0; i < found.Length; i++)
            if (of[ordinals[i]].OfType<byte[]>().ToArray() is { Length: > 0 } payloads) found[i] = payloads;
        return found;
    }
}
