using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Winnow.Inference.Images;

namespace Winnow.Inference.Scoring;

/// <summary>One image on its way through the engine.</summary>
internal readonly record struct EngineItem(PendingLot Lot, int Index, ReadOnlyMemory<byte> Bytes);

/// <summary>What <see cref="ImageDecoder.TryDecodeToTensor"/> does.</summary>
internal delegate bool TensorDecoder(ReadOnlyMemory<byte> bytes, Span<float> chw, int side, in Normalisation normalisation,
    [NotNullWhen(false)] out string? reason);

/// <summary>
/// One thread that decodes what waits straight into its batch tensor, runs the batch and hands out the embeddings. A thread of its own,
/// because decoding and inference never yield and would hold up whatever else shares a pool.
/// </summary>
internal sealed class EngineWorker : IDisposable
{
    /// <summary>A PNG of one pixel.</summary>
    private static readonly byte[] Sound =
        Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");

    private readonly ChannelReader<EngineItem> _ready;
    private readonly IBatchRunner _runner;
    private readonly TensorDecoder _decode;
    private readonly Normalisation _normalisation;
    private readonly TimeProvider _time;
    private readonly Func<int> _underWay;
    private readonly Action<int> _decoded;
    private readonly BatchPolicy _policy;
    private readonly DeviceTurns? _turns;
    private readonly EngineItem[] _batch;
    private readonly Thread _thread;
    private Task<bool>? _wait;
    private Task? _turn;
    private int _count;

    /// <param name="ready">Images whose bytes are there.</param>
    /// <param name="runner">This worker's own; disposed with it.</param>
    /// <param name="decode">Shared.</param>
    /// <param name="normalisation">Of channel values.</param>
    /// <param name="time">For delays and durations.</param>
    /// <param name="underWay">How many images are being fetched or wait for that.</param>
    /// <param name="decoded">Told how many encoded bytes are not needed any more.</param>
    /// <param name="policy">How large batches grow, and when they run.</param>
    /// <param name="turns">On the device, where workers share it.</param>
    /// <param name="name">Of the thread.</param>
    public EngineWorker(
        ChannelReader<EngineItem> ready, IBatchRunner runner, TensorDecoder decode, Normalisation normalisation, TimeProvider time,
        Func<int> underWay, Action<int> decoded, BatchPolicy policy, DeviceTurns? turns, string name)
    {
        (_ready, _runner, _decode, _normalisation) = (ready, runner, decode, normalisation);
        (_time, _underWay, _decoded, _policy, _turns) = (time, underWay, decoded, policy, turns);
        _batch = new EngineItem[runner.Capacity];
        _thread = new Thread(Work) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Waits for the thread to end, which it does once the channel is complete and empty.</summary>
    public void Join() => _thread.Join();

    public void Dispose() => _runner.Dispose();

    private void Work()
    {
        while (WaitForImages(Timeout.InfiniteTimeSpan))
        {
            var began = _time.GetTimestamp();
            Gather(began);
            if (_count == 0)
                continue;
            InferenceTelemetry.DecodeTime.Record(_time.GetElapsedTime(began).TotalSeconds);
            InferenceTelemetry.BatchSize.Record(_count);
            _turns?.Begin(_turn);
            try
            {
                Score();
            }
            catch (Exception failure)
            {
                foreach (var item in _batch.AsSpan(0, _count))
                    item.Lot.Fail(failure);
            }
            _turns?.End();
            _turn = null;
            _batch.AsSpan().Clear();
            _count = 0;
        }
    }

    private bool WaitForImages(TimeSpan atMost)
    {
        _wait ??= _ready.WaitToReadAsync().AsTask();
        if (!_wait.Wait(atMost))
            return false;
        var any = _wait.Result;
        _wait = null;
        return any;
    }

    private void Gather(long began)
    {
        var (most, settled) = (0, false);
        while (true)
        {
            var idle = _turns is null or { Idle: true } || _turn is { IsCompleted: true };
            if (!idle || !settled)
                most = _policy.Most(_count, _ready.Count + _underWay(), idle);
            settled = idle;
            if (_count >= most)
                return;
            if (_ready.TryRead(out var item))
            {
                Decode(item);
                continue;
            }
            if (_count == 0)
                return;
            // Asked for as soon as it can be used, so that the device goes to whoever was ready first.
            _turn ??= _turns?.Ask();
            var waited = _time.GetElapsedTime(began);
            var step = _policy.Next(_turn is null or { IsCompleted: true }, _underWay(), waited);
            if (step == BatchStep.Run || (step == BatchStep.AwaitImages && !WaitForImages(_policy.MaxDelay - waited)))
                return;
            if (step == BatchStep.AwaitTurn)
                AwaitTurn();
        }
    }

    private void AwaitTurn()
    {
        _wait ??= _ready.WaitToReadAsync().AsTask();
        // Where no more images will ever come, the turn is all that is left to wait for.
        if (Task.WaitAny(_turn!, _wait) == 1 && !WaitForImages(TimeSpan.Zero))
            _turn!.Wait();
    }

    private void Decode(EngineItem item)
    {
        try
        {
            if (_decode(item.Bytes, _runner.Slot(_count), _runner.Side, _normalisation, out var reason))
            {
                _batch[_count++] = item with { Bytes = default };
            }
            else
            {
                item.Lot.Refuse(item.Index, reason);
            }
        }
        catch (Exception failure)
        {
            // It is not supposed to throw, and would do so for this image each time it comes again. Only where it fails on a sound one too
            // is it not the image.
            if (DecodesSoundImage())
                item.Lot.Refuse(item.Index, $"The decoder fails on this image, though it reads others: {failure.Message}");
            else item.Lot.Fail(failure);
        }
        finally
        {
            _decoded(item.Bytes.Length);
            item.Lot.EndUse();
        }
    }

    private bool DecodesSoundImage()
    {
        try
        {
            return _decode(Sound, _runner.Slot(_count), _runner.Side, _normalisation, out _);
        }
        catch (Exception)
        {
            return false;
        }
    }

    private void Score()
    {
        var failed = new List<(EngineItem Item, Exception Failure)>();
        ScoreRange(0, _count, failed);
        if (failed.Count == 0)
            return;
        try
        {
            _runner.RunBlank();
        }
        catch (Exception broken)
        {
            // Not the images: the device or the model fails on anything.
            foreach (var (item, _) in failed)
                item.Lot.Fail(new InvalidOperationException($"The backbone cannot run: {broken.Message}", broken));
            return;
        }
        foreach (var (item, failure) in failed)
            item.Lot.Refuse(item.Index, $"The backbone fails on this image alone, though it runs on others: {failure.Message}");
    }

    /// <summary>Runs a range; when it throws, halves it until the images that it cannot run stand alone.</summary>
    private void ScoreRange(int start, int count, List<(EngineItem Item, Exception Failure)> failed)
    {
        try
        {
            var began = _time.GetTimestamp();
            var embeddings = _runner.Run(start, count);
            InferenceTelemetry.RunTime.Record(_time.GetElapsedTime(began).TotalSeconds);
            for (var i = 0; i < count; i++)
            {
                var (lot, index, _) = _batch[start + i];
                lot.Accept(index, embeddings.Slice(i * _runner.Dimensions, _runner.Dimensions));
            }
        }
        catch (Exception failure) when (count == 1)
        {
            failed.Add((_batch[start], failure));
        }
        catch (Exception)
        {
            ScoreRange(start, count / 2, failed);
            ScoreRange(start + (count / 2), count - (count / 2), failed);
        }
    }
}
