using System.Collections.Concurrent;
using Winnow.Grains.Ports;
using Winnow.Inference.Images;
using Winnow.Inference.Scoring;
using Winnow.Inference.Weights;

namespace Winnow.Adapters.Scoring;

/// <summary>Where backbones come from beside the catalog's cache.</summary>
public sealed class BackboneOptions
{
    /// <summary>ONNX files by the name that datasets use. Default none: the catalog alone.</summary>
    public Dictionary<string, BackboneSource> Backbones { get; } = new(StringComparer.Ordinal);
}

/// <summary>An ONNX file on this machine.</summary>
public sealed class BackboneSource
{
    /// <summary>The file.</summary>
    public string Path { get; set; } = "";

    /// <summary>What it must hash to; null to take it as it is.</summary>
    public string? Sha256 { get; set; }

    /// <summary>Pixels of the square that it is fed. Default 224.</summary>
    public int Side { get; set; } = 224;
}

/// <summary>The CPU of this machine as one device; each backbone is loaded once. A silo never fetches weights: it says what is missing.</summary>
public sealed class EmbedderProvider(WeightsCache cache, ImageDecoder decoder, EngineOptions engine, BackboneOptions options) : IEmbedderProvider, IAsyncDisposable
{
    private readonly ConcurrentDictionary<(string Backbone, int Device), Lazy<Embedder>> _embedders = new();

    public int Devices => 1;

    public Task<IEmbedder> GetAsync(string backbone, int device, CancellationToken cancellationToken)
    {
        var made = _embedders.GetOrAdd((backbone, device), key => new Lazy<Embedder>(() => Load(key.Backbone)));
        try
        {
            return Task.FromResult<IEmbedder>(made.Value);
        }
        catch (WeightsException e)
        {
            // Weights may arrive while the silo runs: the next call looks again.
            _embedders.TryRemove(new((backbone, device), made));
            throw new InvalidOperationException(e.Message, e);
        }
    }

    private Embedder Load(string backbone)
    {
        var file = options.Backbones.TryGetValue(backbone, out var own) ? WeightsCache.FromFile(own.Path, own.Sha256, own.Side) : cache.Load(backbone)
            ?? throw new WeightsException($"Backbone '{backbone}' is not in {cache.Folder}. Run 'winnow models pull {backbone}' on this machine, or name an ONNX file under Scoring:Backbones:{backbone}:Path.");
        return new Embedder(new EmbeddingEngine(new Backbone(file), decoder, engine));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var embedder in _embedders.Values)
            if (embedder.IsValueCreated) await embedder.Value.Engine.DisposeAsync();
    }

    private sealed class Embedder(EmbeddingEngine engine) : IEmbedder
    {
        public EmbeddingEngine Engine => engine;

        public int Dimensions => engine.Backbone.Dimensions;

        public async Task<Embedded> EmbedAsync(int count, Func<int, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> fetch, CancellationToken cancellationToken)
        {
            var lot = await engine.EmbedAsync(count, fetch, cancellationToken);
            return new Embedded(lot.Vectors, lot.Reasons);
        }
    }
}
