using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Prelabels;
using Winnow.Grains.Facts;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;

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

    public async Task<bool[]> PutAsync(PrelabelLot lot, CancellationToken cancellationToken)
    {
        var held = new bool[lot.Rows.Length];
        var facts = new List<FactRow>(lot.Rows.Length);
        for (var i = 0; i < held.Length; i++)
        {
            if (!(held[i] = index.TryFind(lot.Rows[i].Image, out var ordinal))) continue;
            facts.Add(FactKinds.Prelabels.Of(ordinal, lot.Rows[i], lot.OperationId, lot.Actor));
        }
        if (facts.Count == 0) return held;
        var commit = writer.New() with { OperationId = lot.OperationId, Stamp = new OperationStamp(lot.Actor, lot.Content), Facts = facts };
        switch (await writer.TryCommitAsync(commit, cancellationToken))
        {
            case ShardCommitStatus.OtherOperation: throw OperationStamp.Conflict(lot.OperationId, Lot);
            case ShardCommitStatus.Conflict: throw writer.Changed();
            // Those of the first time are there. What came since of the same sources stands in their place.
            default:
                Arrived?.Invoke([.. facts.Select(f => f.Id.Ordinal)]);
                return held;
        }
    }

    /// <summary>
    /// How sure the least sure prelabel of each of some rows is: of the whole of it, or of the least sure of what it says. Of rows of which
    /// any prelabel tells.
    /// </summary>
    public async Task<Dictionary<int, double>> LeastSureAsync(IReadOnlyList<int> ordinals, CancellationToken cancellationToken)
    {
        var sure = new Dictionary<int, double>();
        var read = await ReadAsync(ordinals, cancellationToken);
        for (var i = 0; i < read.Length; i++)
            foreach (var prelabel in PrelabelFacts.Read(read[i] ?? [], writer.Dataset.Schema))
                foreach (var said in prelabel.Annotations.Select(a => a.Confidence).Append(prelabel.Confidence))
                    if (said is { } confidence && !(sure.TryGetValue(ordinals[i], out var least) && least <= confidence))
                        sure[ordinals[i]] = confidence;
        return sure;
    }

    /// <summary>The prelabels of some rows, each as JSON of the model; null for a row without any.</summary>
    public async Task<byte[][]?[]> ReadAsync(IReadOnlyList<int> ordinals, CancellationToken cancellationToken)
    {
        var facts = await ledger.ReadFactsAsync(writer.Key, FactKinds.Prelabels.Name, ordinals, cancellationToken);
        var found = new byte[][]?[ordinals.Count];
        if (facts.Count == 0) return found;
        var of = facts.ToLookup(f => f.Id.Ordinal, f => f.Payload);
        for (var i = 0; i < found.Length; i++)
            if (of[ordinals[i]].OfType<byte[]>().ToArray() is { Length: > 0 } payloads) found[i] = payloads;
        return found;
    }
}
