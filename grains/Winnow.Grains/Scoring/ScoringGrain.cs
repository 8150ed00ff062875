using System.Runtime.InteropServices;
using Orleans.Concurrency;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Scoring;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;

namespace Winnow.Grains.Scoring;

/// <summary>
/// One device. Pixels never travel between silos: the grain fetches them itself. Calls interleave, and the embedder behind the port
/// batches across them on threads of its own.
/// </summary>
[Reentrant, KeepAlive, OnItsSilo, GrainType("scoring")]
internal sealed class ScoringGrain(IEmbedderProvider embedders, IObjectStore objects) : Grain, IScoringGrain
{
    private IEmbedder? _embedder;

    public async Task<EmbeddedLot> EmbedAsync(EmbedLot lot, CancellationToken cancellationToken)
    {
        var embedder = _embedder ??= await OpenAsync(cancellationToken);
        if (lot.Images.Length == 0) return new EmbeddedLot(embedder.Dimensions, [], []);
        var embedded = await Task.Run(() => embedder.EmbedAsync(lot.Images.Length, (i, ct) => FetchAsync(lot, i, ct), cancellationToken), cancellationToken);
        return new EmbeddedLot(embedder.Dimensions, MemoryMarshal.AsBytes<Half>(embedded.Vectors).ToArray(), embedded.Reasons);
    }

    private async Task<IEmbedder> OpenAsync(CancellationToken cancellationToken)
    {
        var key = DeviceKey.Parse(this.GetPrimaryKeyString());
        return await embedders.GetAsync(key.Backbone, key.Slot, cancellationToken);
    }

    private async ValueTask<ReadOnlyMemory<byte>> FetchAsync(EmbedLot lot, int index, CancellationToken cancellationToken)
    {
        var key = ObjectKeys.Image(lot.Dataset, lot.Images[index]);
        return await objects.GetAsync(key, cancellationToken) ?? throw new InvalidDataException($"The bytes of {lot.Images[index]} are not in the object store under {key}.");
    }
}
