using System.Diagnostics;
using System.Runtime.InteropServices;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Scoring;
using Winnow.Grains.Telemetry;
using Winnow.Model.Images;
using Winnow.Model.Names;

namespace Winnow.Grains.Images;

/// <summary>
/// The shard's machine work: images become embeddings, lot by lot in the order of ordinals, and a run of them becomes a segment with one
/// ledger row. What a crash leaves unpublished is made again.
/// </summary>
internal sealed partial class ShardGrain
{
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(300);
    private static readonly (TimeSpan, TimeSpan) Pauses = (TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5));

    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly SemaphoreSlim _machine = new(1, 1);
    private readonly List<EmbeddedLot> _buffer = [];
    private int _buffered;
    private long _lastArrival;
    private Task _machineWork = Task.CompletedTask;
    private bool _joined;
    private string? _stalled;

    private void StartMachineWork() => _machineWork = RunMachineWorkAsync(_closing.Token);

    private void WakeMachineWork()
    {
        if (_wake.CurrentCount == 0) _wake.Release();
    }

    private async Task RunMachineWorkAsync(CancellationToken cancellationToken)
    {
        // The call that opened the shard is over; its trace must not go on for as long as the shard lives.
        Activity.Current = null;
        await RetryLoop.RunAsync(WorkUntilWokenAsync, Stall, Pauses, time, cancellationToken);
    }

    private async Task<bool> WorkUntilWokenAsync(CancellationToken cancellationToken)
    {
        await LoadColumnsAsync(cancellationToken);
        if (!_joined) await ApplyLearningAsync(await GrainFactory.GetGrain<IDatasetGrain>(_key.Dataset).GetLearningAsync(cancellationToken), cancellationToken);
        _joined = true;
        await EmbedPendingAsync(cancellationToken);
        _stalled = null;
        await _wake.WaitAsync(cancellationToken);
        return true;
    }

    /// <summary>An outside system is away: the backlog waits, nothing is dropped.</summary>
    private void Stall(Exception reason, TimeSpan pause)
    {
        _stalled = ShownText.Told(reason.Message);
        // What can be said without the scores is said meanwhile.
        _scoresLoaded.TrySetResult();
        // How much of it was published before the failure is not known here; embedding it again is cheap, and never wrong.
        _buffer.Clear();
        _buffered = 0;
        if (Embedded == 0) _embeddedVersion = null;
        logger.ScoringStalled(reason, _key.ToString(), pause);
    }

    /// <summary>Embeds until no image waits. Lots are sent ahead; they are taken back in order.</summary>
    private async Task EmbedPendingAsync(CancellationToken cancellationToken)
    {
        var ahead = new Queue<Task<EmbeddedLot>>();
        var next = Embedded + _buffered;
        try
        {
            while (true)
            {
                while (ahead.Count < options.LotsInFlight && next < _index.Count)
                {
                    var count = Math.Min(options.LotSize, _index.Count - next);
                    ahead.Enqueue(EmbedLotAsync(next, count, cancellationToken));
                    next += count;
                }
                if (ahead.TryDequeue(out var first))
                {
                    var lot = await first;
                    _buffer.Add(lot);
                    _buffered += lot.Reasons.Length;
                    if (_buffered >= options.SegmentRows) await PublishAsync(cancellationToken);
                    _stalled = null;
                }
                // A little patience while images keep coming makes few large segments instead of many small ones. Counted from the last that came: the end of a
                // backlog waits for nothing, where the devices would stand idle meanwhile.
                else if (_buffered > 0 && !await WokenAsync(Linger - time.GetElapsedTime(_lastArrival), cancellationToken)) await PublishAsync(cancellationToken);
                else if (_buffered == 0 && next >= _index.Count) return;
            }
        }
        finally
        {
            foreach (var task in ahead) task.Ignore();
        }
    }

    private async Task<bool> WokenAsync(TimeSpan patience, CancellationToken cancellationToken) => patience > TimeSpan.Zero && await _wake.WaitAsync(patience, cancellationToken);

    private async Task<EmbeddedLot> EmbedLotAsync(int first, int count, CancellationToken cancellationToken)
    {
        using var span = _traces.StartLot(first, count, _key.Dataset);
        var images = new List<ImageId>(count);
        for (var o = first; o < first + count; o++)
            if (!_index.Has(o, ShardIndex.Flags.Quarantined)) images.Add(_index.IdOf(o));
        _embeddedVersion = SameVersion();
        var wanted = new EmbedLot(_key.Dataset, [.. images]);
        var lot = await devices.SendAsync(wanted.Images.Length, device => GrainFactory.GetGrain<IScoringGrain>(new DeviceKey(_dataset.Settings.Backbone, device.Silo, device.Slot).ToString()).EmbedAsync(wanted, cancellationToken));
        return images.Count == count ? lot : Spread(lot, first, count);
    }

    /// <summary>The version of what is embedded next, which has to be that of what the shard has.</summary>
    private string SameVersion()
    {
        var version = devices.Embeddings(_dataset.Settings.Backbone);
        return _embeddedVersion is null || _embeddedVersion == version
            ? version
            : throw new InvalidOperationException($"The embeddings of this dataset are of {_embeddedVersion}, and the devices make those of {version} now: they must not be mixed. Set Scoring:Precision back, or use another dataset; what waits is kept.");
    }

    /// <summary>Puts rows of NaN where images were put aside already, so that rows and ordinals stay in step.</summary>
    private EmbeddedLot Spread(EmbeddedLot lot, int first, int count)
    {
        var rowBytes = lot.Dimensions * sizeof(ushort);
        var vectors = new byte[count * rowBytes];
        var reasons = new string?[count];
        var from = 0;
        for (var i = 0; i < count; i++)
        {
            var row = vectors.AsSpan(i * rowBytes, rowBytes);
            if (_index.Has(first + i, ShardIndex.Flags.Quarantined)) MemoryMarshal.Cast<byte, Half>(row).Fill(Half.NaN);
            else
            {
                lot.Vectors.AsSpan(from * rowBytes, rowBytes).CopyTo(row);
                reasons[i] = lot.Reasons[from++];
            }
        }
        return new EmbeddedLot(lot.Dimensions, vectors, reasons);
    }

    private void QuarantineInMemory(int ordinal)
    {
        var wasOpen = _index.IsOpen(ordinal);
        _index.Quarantine(ordinal);
        _tasks.Close(ordinal, wasOpen);
        if (wasOpen) WakeRounds(ordinal);
    }
}
