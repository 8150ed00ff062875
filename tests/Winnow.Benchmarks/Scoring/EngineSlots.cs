using Winnow.Grains.Ports;
using Winnow.Inference.Scoring;

namespace Winnow.Benchmarks.Scoring;

/// <summary>Engines as the devices of the silo, by number.</summary>
internal sealed class EngineSlots(IReadOnlyList<EmbeddingEngine> engines) : IEmbedderProvider, IAsyncDisposable
{
    public int Devices => engines.Count;

    public string Kind => engines[0].Device.Kind;

    public Task<IEmbedder> GetAsync(string backbone, int device, CancellationToken cancellationToken) =>
        Task.FromResult<IEmbedder>(new Embedder(engines[device]));

    public async ValueTask DisposeAsync()
    {
        foreach (var engine in engines) await engine.DisposeAsync();
    }

    private sealed class Embedder(EmbeddingEngine engine) : IEmbedder
    {
        public int Dimensions => engine.Backbone.Dimensions;

        public async Task<Embedded> EmbedAsync(int count, Func<int, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> fetch,
            CancellationToken cancellationToken)
        {
            var lot = await engine.EmbedAsync(count, fetch, cancellationToken);
            return new Embedded(lot.Vectors, lot.Reasons);
        }
    }
}
