using System.Threading.Channels;
using Microsoft.ML.OnnxRuntime;
using Winnow.Inference.Backbones;
using Winnow.Inference.Images;

namespace Winnow.Inference.Scoring;

/// <summary>
/// Turns image files into embeddings on one device. Calls share the device: their images wait in one queue, and each worker fills its next
/// batch from whatever waits. Thread-safe.
/// </summary>
public sealed class EmbeddingEngine : IAsyncDisposable
{
    private readonly Channel<EngineItem> _requests;
    private readonly Channel<EngineItem> _ready;
    private readonly InferenceSession? _session;
    private readonly EngineWorker[] _workers;
    private readonly Task[] _fetchers;
    private readonly FetchBudget _budget;
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _disposal;
    private int _calls;
    private int _underWay;

    /// <summary>Loads the backbone and starts the workers.</summary>
    /// <param name="backbone">Which model.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="options">Validated here.</param>
    /// <param name="decoder">Shared; not disposed.</param>
    /// <param name="time">For delays and durations.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its documented range.</exception>
    /// <exception cref="Backbones.WeightsUnavailableException">The model is no backbone, or its shape is not the one that was
    /// recorded.</exception>
    public EmbeddingEngine(BackboneFile backbone, Device device, EngineOptions options, ImageDecoder decoder, TimeProvider time)
        : this(backbone, device, options, decoder, time, OpenSession(backbone, device)) { }

    private EmbeddingEngine(BackboneFile backbone, Device device, EngineOptions options, ImageDecoder decoder, TimeProvider time,
        InferenceSession session)
        : this(backbone.Info, backbone.Preprocessing.Normalisation, device, options, Decoder(decoder), time,
            OpenRunners(backbone, options, session)) => _session = session;

    /// <summary>An engine on runners that are there already, one per worker; they are disposed with it.</summary>
    internal EmbeddingEngine(BackboneInfo backbone, Normalisation normalisation, Device device, EngineOptions options,
        TensorDecoder decode, TimeProvider time, IReadOnlyList<IBatchRunner> runners)
    {
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        (Backbone, Device) = (backbone, device);
        _requests = Channel.CreateBounded<EngineItem>(options.QueueCapacity);
        _budget = new FetchBudget(options.FetchedBytes);
        _ready = Channel.CreateBounded<EngineItem>(runners.Count * runners[0].Capacity);
        _workers = new EngineWorker[runners.Count];
        // Workers on processors have one each; any other device they share, and a run there costs much the same whatever is in it.
        var turns = device.Kind == "cpu" ? null : new DeviceTurns();
        var policy = new BatchPolicy(runners[0].Capacity, runners.Count, WholeRuns: turns is not null || runners[0].AlwaysWhole,
            options.MaxDelay);
        for (var i = 0; i < _workers.Length; i++)
            _workers[i] = new EngineWorker(
                _ready.Reader, runners[i], decode, normalisation, time, () => Volatile.Read(ref _underWay), _budget.Decoded, policy, turns,
                $"embedding {device} {i}");
        _fetchers = new Task[options.Fetches];
        for (var i = 0; i < _fetchers.Length; i++)
            _fetchers[i] = Task.Run(FetchLoopAsync);
    }

    /// <summary>What the embeddings are made with.</summary>
    public BackboneInfo Backbone { get; }

    /// <summary>Where it runs.</summary>
    public Device Device { get; }

    /// <summary>Embeds the images numbered 0 to count − 1.</summary>
    /// <param name="count">0 or more.</param>
    /// <param name="fetch">
    /// Gives the encoded bytes of one image; called once per image, several at a time, from pool threads. The bytes have to stay unchanged
    /// until this call ends. An exception from it (an I/O fault is no property of an image) ends the whole call with that exception.
    /// </param>
    /// <param name="ct">Ends the call, and the fetches under way.</param>
    /// <returns>All rows, in order. Images that cannot be decoded or run have a reason instead of a vector.</returns>
    /// <exception cref="ObjectDisposedException">The engine is shutting down.</exception>
    public async Task<EmbeddingLot> EmbedAsync(int count, Func<int, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> fetch,
        CancellationToken ct = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentNullException.ThrowIfNull(fetch);
        ct.ThrowIfCancellationRequested();
        Enter();
        try
        {
            using var activity = InferenceTelemetry.Activities.StartActivity("embed");
            activity?.SetTag("winnow.images", count);
            if (count == 0)
                return new EmbeddingLot([], []);
            var lot = new PendingLot(count, Backbone.Dimensions, fetch);
            await using var cancel =
                ct.UnsafeRegister(static (state, token) => ((PendingLot)state!).Fail(new OperationCanceledException(token)), lot);
            await EnqueueAsync(lot, count);
            return await lot.Completion;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Takes no new calls, lets the ones under way finish, and frees the device.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_disposal is null)
            {
                _disposal = DrainAsync();
                if (_calls == 0)
                    _drained.TrySetResult();
            }
        }
        return new ValueTask(_disposal);
    }

    private static TensorDecoder Decoder(ImageDecoder decoder)
    {
        ArgumentNullException.ThrowIfNull(decoder);
        return decoder.TryDecodeToTensor;
    }

    private static InferenceSession OpenSession(BackboneFile backbone, Device device)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        ArgumentNullException.ThrowIfNull(device);
        using var options = device.CreateSessionOptions();
        return backbone.Open(options);
    }

    private static List<BackboneRunner> OpenRunners(BackboneFile backbone, EngineOptions options, InferenceSession session)
    {
        var runners = new List<BackboneRunner>();
        try
        {
            ArgumentNullException.ThrowIfNull(options);
            options.Validate();
            for (var i = 0; i < options.Workers; i++)
                runners.Add(BackboneRunner.Open(session, backbone.OutputName, backbone.Preprocessing.Side, options.MaxBatch));
            var (dimensions, side) = (runners[0].Dimensions, runners[0].Side);
            if (dimensions != backbone.Info.Dimensions || side != backbone.Info.Side)
            {
                throw new Backbones.WeightsUnavailableException(
                    $"{backbone.OnnxPath} gives {dimensions} dimensions from {side} pixels; {backbone.Info.Dimensions} from "
                    + $"{backbone.Info.Side} are recorded for \"{backbone.Info.Name}\".");
            }
            return runners;
        }
        catch
        {
            runners.ForEach(r => r.Dispose());
            session.Dispose();
            throw;
        }
    }

    private void Enter()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            _calls++;
        }
    }

    private void Leave()
    {
        lock (_lock)
        {
            if (--_calls == 0 && _disposal is not null)
                _drained.TrySetResult();
        }
    }

    private async Task EnqueueAsync(PendingLot lot, int count)
    {
        for (var i = 0; i < count && !lot.Stopped.IsCancellationRequested; i++)
        {
            Interlocked.Increment(ref _underWay);
            try
            {
                await _requests.Writer.WriteAsync(new EngineItem(lot, i, default), lot.Stopped);
            }
            catch (OperationCanceledException)
            {
                // The lot is over; its completion says why.
                Interlocked.Decrement(ref _underWay);
            }
        }
    }

    private async Task FetchLoopAsync()
    {
        await foreach (var item in _requests.Reader.ReadAllAsync())
        {
            if (!item.Lot.TryUse())
                Interlocked.Decrement(ref _underWay);
            else if (await FetchAsync(item) is { } bytes)
                // From here on the worker ends the use.
                await _ready.Writer.WriteAsync(item with { Bytes = bytes });
        }
    }

    /// <summary>The bytes of an image; null when its lot has failed.</summary>
    private async ValueTask<ReadOnlyMemory<byte>?> FetchAsync(EngineItem item)
    {
        await _budget.EnterAsync();
        var size = 0;
        try
        {
            var bytes = await item.Lot.FetchAsync(item.Index);
            size = bytes.Length;
            return bytes;
        }
        catch (Exception failure)
        {
            item.Lot.Fail(failure);
            item.Lot.EndUse();
            return null;
        }
        finally
        {
            _budget.Fetched(size);
            // Before it is ready: what waits is counted once, or workers would take more than their share.
            Interlocked.Decrement(ref _underWay);
        }
    }

    private async Task DrainAsync()
    {
        await _drained.Task;
        _requests.Writer.Complete();
        await Task.WhenAll(_fetchers);
        _ready.Writer.Complete();
        await Task.Run(() => Array.ForEach(_workers, w => w.Join()));
        Array.ForEach(_workers, w => w.Dispose());
        _session?.Dispose();
    }
}
