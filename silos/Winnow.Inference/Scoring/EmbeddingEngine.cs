using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.ML.OnnxRuntime;
using Winnow.Inference.Images;

namespace Winnow.Inference.Scoring;

/// <summary>Embeddings of a lot.</summary>
/// <param name="Vectors">[images × dimensions], row-major; NaN where an image was refused.</param>
/// <param name="Reasons">Why an image was refused; null where it was embedded.</param>
public sealed record EmbeddingLot(Half[] Vectors, string?[] Reasons);

/// <summary>
/// One CPU device. A bounded queue of images over all callers; each worker takes what waits, decodes it into a tensor of its own and runs the
/// backbone on its own thread, so decoding and inference share the cores without handing anything over.
/// </summary>
public sealed class EmbeddingEngine : IAsyncDisposable
{
    /// <summary>Name of the engine's meter.</summary>
    public const string MeterName = "Winnow.Inference";

    private static readonly Meter Meter = new(MeterName);
    private static readonly Histogram<int> BatchSizes = Meter.CreateHistogram<int>("winnow.inference.batch.size", "{image}", "Images per run of the model.");
    private static readonly Histogram<double> BatchSeconds = Meter.CreateHistogram<double>("winnow.inference.batch.duration", "s", "Time to fetch, decode and run one batch.");

    private readonly Channel<Waiting> _queue;
    private readonly Backbone _backbone;
    private readonly ImageDecoder _decoder;
    private readonly EngineOptions _options;
    private readonly Task[] _workers;

    private readonly record struct Waiting(LotWork Lot, int Index);

    private sealed class LotWork(int count, int dimensions, Func<int, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> fetch, CancellationToken cancellationToken)
    {
        private int _left = count;

        public Half[] Vectors { get; } = new Half[count * dimensions];
        public string?[] Reasons { get; } = new string?[count];
        public TaskCompletionSource<EmbeddingLot> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public bool Abandoned => Completion.Task.IsCompleted || cancellationToken.IsCancellationRequested;

        public ReadOnlyMemory<byte> Fetch(int index)
        {
            var fetching = fetch(index, cancellationToken);
            return fetching.IsCompletedSuccessfully ? fetching.Result : fetching.AsTask().GetAwaiter().GetResult();
        }

        public void Refuse(int index, string reason)
        {
            Reasons[index] = reason;
            Vectors.AsSpan(index * dimensions, dimensions).Fill(Half.NaN);
            Done();
        }

        public void Embed(int index, ReadOnlySpan<float> embedding)
        {
            System.Numerics.Tensors.TensorPrimitives.ConvertToHalf(embedding, Vectors.AsSpan(index * dimensions, dimensions));
            Done();
        }

        private void Done()
        {
            if (Interlocked.Decrement(ref _left) == 0) Completion.TrySetResult(new EmbeddingLot(Vectors, Reasons));
        }
    }

    /// <summary>Starts the workers.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public EmbeddingEngine(Backbone backbone, ImageDecoder decoder, EngineOptions options)
    {
        if (options.Check() is { } wrong) throw new ArgumentException(wrong, nameof(options));
        (_backbone, _decoder, _options) = (backbone, decoder, options);
        _queue = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(options.QueueCapacity));
        // Threads of their own: inference would starve the pool that everything else answers from.
        _workers = [.. Enumerable.Range(0, options.Workers).Select(_ => Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
    }

    /// <summary>The backbone on this device.</summary>
    public Backbone Backbone => _backbone;

    /// <summary>Embeds a lot. Images of several callers share batches.</summary>
    /// <param name="count">Images.</param>
    /// <param name="fetch">Gives the bytes of one; called from the workers. If it throws, the whole call does: the image is not to blame.</param>
    /// <param name="cancellationToken">Gives the lot up.</param>
    /// <exception cref="ObjectDisposedException">The engine is shut down.</exception>
    public async Task<EmbeddingLot> EmbedAsync(int count, Func<int, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> fetch, CancellationToken cancellationToken)
    {
        if (count == 0) return new EmbeddingLot([], []);
        var lot = new LotWork(count, _backbone.Dimensions, fetch, cancellationToken);
        try
        {
            for (var i = 0; i < count; i++) await _queue.Writer.WriteAsync(new Waiting(lot, i), cancellationToken);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(EmbeddingEngine));
        }
        return await lot.Completion.Task.WaitAsync(cancellationToken);
    }

    private void Work()
    {
        var batch = new List<Waiting>(_options.MaxBatch);
        var tensor = new float[_options.MaxBatch * _backbone.InputSize];
        var embeddings = new float[_options.MaxBatch * _backbone.Dimensions];
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            var started = Stopwatch.GetTimestamp();
            batch.Clear();
            // What waits is taken at once: while one batch runs, the next one gathers.
            while (batch.Count < _options.MaxBatch && _queue.Reader.TryRead(out var work))
                if (!work.Lot.Abandoned && Decode(work, tensor.AsSpan(batch.Count * _backbone.InputSize, _backbone.InputSize))) batch.Add(work);
            if (batch.Count == 0) continue;
            RunBatch(batch, 0, batch.Count, tensor, embeddings);
            BatchSizes.Record(batch.Count);
            BatchSeconds.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
    }

    private bool Decode(Waiting work, Span<float> tensor)
    {
        ReadOnlyMemory<byte> bytes;
        try
        {
            bytes = work.Lot.Fetch(work.Index);
        }
        catch (Exception e)
        {
            work.Lot.Completion.TrySetException(e);
            return false;
        }
        try
        {
            if (_decoder.TryDecode(bytes, tensor, _backbone.File.Side, _backbone.File.Normalisation, out var reason)) return true;
            work.Lot.Refuse(work.Index, reason);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            work.Lot.Refuse(work.Index, $"The decoder failed on this image: {e.Message}");
        }
        return false;
    }

    /// <summary>Runs a part of the batch. Where the model fails, halves are tried, until the image that it fails on stands alone.</summary>
    private void RunBatch(List<Waiting> batch, int from, int count, float[] tensor, float[] embeddings)
    {
        try
        {
            var input = tensor;
            if (from > 0)
            {
                input = new float[count * _backbone.InputSize];
                tensor.AsSpan(from * _backbone.InputSize, input.Length).CopyTo(input);
            }
            _backbone.Run(input, count, embeddings);
            for (var i = 0; i < count; i++) batch[from + i].Lot.Embed(batch[from + i].Index, embeddings.AsSpan(i * _backbone.Dimensions, _backbone.Dimensions));
        }
        catch (OnnxRuntimeException e)
        {
            if (count == 1)
            {
                batch[from].Lot.Refuse(batch[from].Index, $"The model failed on this image: {e.Message}");
                return;
            }
            RunBatch(batch, from, count / 2, tensor, embeddings);
            RunBatch(batch, from + count / 2, count - count / 2, tensor, embeddings);
        }
    }

    /// <summary>Ends the queue, waits for what is in it, and frees the backbone.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await Task.WhenAll(_workers);
        _backbone.Dispose();
    }
}
