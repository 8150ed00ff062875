using System.Runtime.InteropServices;
using Orleans.Concurrency;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Scoring;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Model.Images;

namespace Winnow.Grains.Scoring;

/// <summary>
/// One device. Pixels never travel between silos: the grain fetches them itself. Calls interleave, and the embedder behind the port
/// batches across them on threads of its own.
/// </summary>
[Reentrant, KeepAlive, OnItsSilo, GrainType("scoring")]
internal sealed class ScoringGrain(IEmbedderProvider embedders, IObjectStore objects, ICrashNotes notes) : Grain, IScoringGrain
{
    private CarefulEmbedder? _embedder;

    public async Task<EmbeddedLot> EmbedAsync(EmbedLot lot, CancellationToken cancellationToken)
    {
        var embedder = _embedder ??= await OpenAsync(cancellationToken);
        if (lot.Images.Length == 0) return new EmbeddedLot(embedder.Dimensions, [], []);
        var embedded = await Task.Run(() => embedder.EmbedAsync(lot, (image, ct) => FetchAsync(lot.Dataset, image, ct), cancellationToken), cancellationToken);
        return new EmbeddedLot(embedder.Dimensions, MemoryMarshal.AsBytes<Half>(embedded.Vectors).ToArray(), embedded.Reasons);
    }

    private async Task<CarefulEmbedder> OpenAsync(CancellationToken cancellationToken)
    {
        var key = DeviceKey.Parse(this.GetPrimaryKeyString());
        return new CarefulEmbedder(await embedders.GetAsync(key.Backbone, key.Slot, cancellationToken), notes);
    }

    private async ValueTask<ReadOnlyMemory<byte>> FetchAsync(string dataset, ImageId image, CancellationToken cancellationToken)
    {
        var key = ObjectKeys.Image(dataset, image);
        return await objects.GetAsync(key, cancellationToken) ?? throw new InvalidDataException($"The bytes of {image} are not in the object store under {key}.");
    }
}
