using System.Runtime.InteropServices;
using Orleans.Concurrency;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Scoring;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;

namespace Winnow.Grains.Scoring;

/// <summary>
/// One device. Pixels never travel between silos: the grain fetches them itself. Calls interleave, and the embedder behind the port
/// batches across them on threads of its own. An image that the object store does not give is put aside, and holds up no other.
/// </summary>
[Reentrant, KeepAlive, OnItsSilo, GrainType("scoring")]
internal sealed class ScoringGrain(IEmbedderProvider embedders, IObjectStore objects, ICrashNotes notes) : Grain, IScoringGrain
{
    private readonly EmptyStores _empty = new();
    private CarefulEmbedder? _embedder;

    public async Task<EmbeddedLot> EmbedAsync(EmbedLot lot, CancellationToken cancellationToken)
    {
        var embedder = _embedder ??= await OpenAsync(cancellationToken);
        if (lot.Images.Length == 0) return new EmbeddedLot(embedder.Dimensions, [], []);
        return await Task.Run(() => EmbedAsync(embedder, lot, cancellationToken), cancellationToken);
    }

    private async Task<EmbeddedLot> EmbedAsync(CarefulEmbedder embedder, EmbedLot lot, CancellationToken cancellationToken)
    {
        var fetch = new LotFetch(objects, lot.Dataset, _empty);
        await fetch.LookFirstAsync(lot.Images, cancellationToken);
        var embedded = await embedder.EmbedAsync(lot, fetch.GetAsync, cancellationToken);
        var lost = await fetch.SettleAsync(cancellationToken);
        for (var i = 0; i < lot.Images.Length; i++)
        {
            if (!lost.TryGetValue(lot.Images[i], out var reason)) continue;
            embedded.Vectors.AsSpan(i * embedder.Dimensions, embedder.Dimensions).Fill(Half.NaN);
            embedded.Reasons[i] = reason;
        }
        return new EmbeddedLot(embedder.Dimensions, MemoryMarshal.AsBytes<Half>(embedded.Vectors).ToArray(), embedded.Reasons);
    }

    private async Task<CarefulEmbedder> OpenAsync(CancellationToken cancellationToken)
    {
        var key = DeviceKey.Parse(this.GetPrimaryKeyString());
        return new CarefulEmbedder(await embedders.GetAsync(key.Backbone, key.Slot, cancellationToken), notes);
    }
}
