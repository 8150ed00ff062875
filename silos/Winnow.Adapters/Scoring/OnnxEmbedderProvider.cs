using System.Globalization;
using Microsoft.Extensions.Logging;
using Winnow.Grains.Ports;
using Winnow.Inference.Backbones;
using Winnow.Inference.Images;
using Winnow.Inference.Scoring;
using Winnow.Inference.Weights;
using Winnow.Inference.Weights.Float16;

namespace Winnow.Adapters.Scoring;

/// <summary>
/// The devices of this silo, each with the backbones that were asked for on it. Never touches the network: a silo is given its weights, and
/// says which it lacks, those that datasets asked for and until then those that new datasets have.
/// </summary>
internal sealed partial class OnnxEmbedderProvider : IEmbedderProvider, IDegradedPart, IAsyncDisposable
{
    private readonly InferenceOptions _options;
    private readonly ImageDecoder _decoder;
    private readonly TimeProvider _time;
    private readonly WeightsCache _weights;
    private readonly Float16Backbones _halves;
    private readonly IReadOnlyList<Device> _devices;
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Backbone, int Device), Task<Embedder>> _engines = [];
    private bool _disposed;

    public OnnxEmbedderProvider(InferenceOptions options, ImageDecoder decoder, TimeProvider time, ILogger<OnnxEmbedderProvider> logger)
    {
        _options = options;
        _decoder = decoder;
        _time = time;
        _weights = new WeightsCache(options.WeightsFolder);
        _halves = new Float16Backbones(options.WeightsFolder);
        var report = DeviceCatalog.Discover(options.UseGpu);
        _devices = InferenceDevices.Usable(report, options.CpuDevices);
        LogDevices(logger, string.Join(", ", _devices), options.Precision, report.WhyNoGpu ?? "");
    }

    public int Devices => _devices.Count;

    public string Kind => _devices[0].Kind;

    public async Task<IEmbedder> GetAsync(string backbone, int device, CancellationToken cancellationToken)
    {
        if (device < 0 || device >= _devices.Count)
            throw new InvalidOperationException(
                string.Create(CultureInfo.InvariantCulture,
                    $"This silo has no device {device}; it has {_devices.Count}: {string.Join(", ", _devices)}."));
        Task<Embedder>? engine;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            // A load that failed is tried again: the weights may have come since.
            if (!_engines.TryGetValue((backbone, device), out engine) || engine.IsFaulted)
                _engines[(backbone, device)] = engine = Task.Run(() => Load(backbone, _devices[device]));
        }
        return await engine.WaitAsync(cancellationToken);
    }

    string IDegradedPart.Name => "weights";

    string? IDegradedPart.Check()
    {
        Task<Embedder>[] engines;
        lock (_gate) engines = [.. _engines.Values];
        string[] failed = [.. engines.Where(e => e.IsFaulted).Select(e => e.Exception!.InnerExceptions[0].Message).Distinct()];
        if (failed.Length > 0) return string.Join(' ', failed);
        // Whoever has backbones of their own may have no dataset with another.
        var usual = WeightsCatalog.Entries[0];
        return engines.Length > 0 || _options.Backbones.Count > 0 || _weights.Holds(usual) ? null : Lacking(usual);
    }

    public async ValueTask DisposeAsync()
    {
        Task<Embedder>[] engines;
        lock (_gate)
        {
            _disposed = true;
            engines = [.. _engines.Values];
            _engines.Clear();
        }
        foreach (var engine in engines)
        {
            await ((Task)engine).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (engine.IsCompletedSuccessfully) await (await engine).Engine.DisposeAsync();
        }
    }

    private Embedder Load(string backbone, Device device)
    {
        // The parts of a split processor share its workers.
        var engine = device.Kind == "cpu"
            ? _options.Engine with { Workers = Math.Max(1, _options.Engine.Workers / _devices.Count) } : _options.Engine;
        try
        {
            return new Embedder(new EmbeddingEngine(InPrecision(Find(backbone), device), device, engine, _decoder, _time));
        }
        catch (WeightsUnavailableException problem)
        {
            throw new InvalidOperationException($"The backbone '{backbone}' cannot be used: {problem.Message}", problem);
        }
        catch (IOException problem)
        {
            // In another precision a backbone is kept there as well.
            FullDisk.Rethrow("The disk of the folder of weights", problem);
            throw;
        }
    }

    private BackboneFile InPrecision(BackboneFile file, Device device)
    {
        if (_options.Precision == Precision.Float32) return file;
        var half = _halves.Convert(file);
        PrecisionCheck.Run(file, half, device);
        return half;
    }

    private BackboneFile Find(string backbone)
    {
        if (_options.Backbones.TryGetValue(backbone, out var own))
            return BackboneFiles.FromOnnx(own.Path, own.Sha256, Preprocessing.Default with { Side = own.Side }, own.Output);
        var entry = WeightsCatalog.Entries.FirstOrDefault(e => string.Equals(e.Name, backbone, StringComparison.Ordinal))
            ?? throw new InvalidOperationException(
                $"No backbone is called '{backbone}'. Known: "
                + $"{string.Join(", ", WeightsCatalog.Entries.Select(e => e.Name).Concat(_options.Backbones.Keys))}. Name an ONNX file "
                + $"for it in the silo's configuration.");
        return _weights.LoadCached(entry) ?? throw new InvalidOperationException(Lacking(entry));
    }

    private string Lacking(WeightsEntry entry)
    {
        var pull = $"winnow models pull {entry.Name}";
        if (_options.WeightsFolder is { } folder) pull = $"WINNOW_CACHE={folder} {pull}";
        return $"The weights of the backbone '{entry.Name}' are missing: there is no {_weights.FileOf(entry)}. "
            + $"Images of datasets with this backbone wait. Fetch them with `{pull}`, or copy that folder from a machine that has them.";
    }

    [LoggerMessage(1, LogLevel.Information, "Scoring on {Devices} in {Precision}. {WhyNoGpu}")]
    private static partial void LogDevices(ILogger logger, string devices, Precision precision, string whyNoGpu);

    private sealed class Embedder(EmbeddingEngine engine) : IEmbedder
    {
        public EmbeddingEngine Engine => engine;

        public int Dimensions => engine.Backbone.Dimensions;

        public async Task<Embedded> EmbedAsync(int count, Func<int, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> fetch,
            CancellationToken cancellationToken)
        {
            var lot = await engine.EmbedAsync(count, fetch, cancellationToken);
            return new Embedded(lot.Vectors, lot.Reasons);
        }
    }
}
