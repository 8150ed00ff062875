using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Review;
using Winnow.Abstractions.Telemetry;
using Winnow.Abstractions.Training;
using Winnow.Grains.Datasets;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Grains.Review;
using Winnow.Grains.Scoring;
using Winnow.Grains.Telemetry;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Grains.Images;

/// <summary>
/// One shard: the unit of durability and of bulk work. It is the only writer of its rows (the ledger fences off any other), keeps an index
/// of its images in memory, and changes that index only after the ledger has committed. The parts of it: intake (here), review, machine
/// work and learning, one file each.
/// </summary>
/// <remarks>Reentrant: a commit takes a disk's time, and everything that waits meanwhile goes to disk together.</remarks>
// Spread evenly by ShardPlacement. What stands here is for silos of releases that do not know it.
[Reentrant, KeepAlive, SiloRole(SiloTraits.Core), RandomPlacement, GrainType(ShardPlacement.GrainTypeName)]
internal sealed partial class ShardGrain(
    KnownDatasets datasets, ILedger ledger, IObjectStore objects, DeviceDirectory devices, LocalShards local, ShardFaults faults,
    TimeProvider time, ShardOptions options, ILogger<ShardGrain> logger)
    : Grain, IShardIngest, IShardReview, IShardLearning
{
    private readonly ShardIndex _index = new();
    private readonly SemaphoreSlim _intake = new(1, 1);
    private readonly CancellationTokenSource _closing = new();
    private ShardKey _key;
    private long _epoch;
    private DatasetInfo _dataset = null!;
    private TaskBook _tasks = null!;
    private bool _closed;
    private UploadTraces _traces = null!;
    private ShardDrift _drift = null!;
    private IDisposable? _gauges;
    private LocalShard? _local;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var text = this.GetPrimaryKeyString();
        _key = ShardKey.Parse(text);
        _dataset = await datasets.AskAsync(_key.Dataset, cancellationToken);
        faults.ThrowIfRecent(text, _dataset);
        if ((_standing = StandingIn(_dataset.Shards)) == Standing.Gone) return;
        var opened = await ledger.OpenShardAsync(_key, cancellationToken);
        _epoch = opened.Epoch;
        // Once more: who opens a shard after it was sealed must know that.
        _dataset = await datasets.AskAsync(_key.Dataset, cancellationToken);
        if ((_standing = StandingIn(_dataset.Shards)) == Standing.Gone) return;
        (_traces, _drift) = (new UploadTraces(time), new ShardDrift(_dataset.Schema.Classes.Count));
        await LoadAsync(opened.Images, cancellationToken);
        _gauges = SiloGauges.Shards.Add(() => new ShardFigures(_key.Dataset, _index.Stages(), Embedded, _index.Count - Embedded, _tasks.Open, _index.Decided, _stalled is not null, _drift.Figures));
        logger.ShardOpened(text, _index.Count, Embedded, _tasks.Open, _epoch);
        if (_standing != Standing.Coming) StartMachineWork();
        // While it is split it stays: a copy would begin anew.
        local.Opened(_local = new LocalShard(_key, GrainContext, () => _standing == Standing.Holds && _copier is null));
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _closed = true;
        if (_local is not null) local.Closed(_local);
        _gauges?.Dispose();
        await _closing.CancelAsync();
        await _machineWork;
        StopWaitingForColumns();
    }

    public async Task<IngestOutcome[]> ApplyAsync(IngestLot lot, CancellationToken cancellationToken)
    {
        // One lot at a time: ordinals are given out in order, and two lots with one image between them must not both find it new.
        await _intake.WaitAsync(cancellationToken);
        try
        {
            ThrowIfClosed();
            return await ApplyInTurnAsync(lot, cancellationToken);
        }
        finally
        {
            _intake.Release();
        }
    }

    private async Task<IngestOutcome[]> ApplyInTurnAsync(IngestLot lot, CancellationToken cancellationToken)
    {
        var outcomes = new IngestOutcome[lot.Rows.Length];
        var fresh = new List<ImageRow>(lot.Rows.Length);
        var inLot = new Dictionary<ImageId, int>();
        var now = time.GetUtcNow();
        OperationRow? before = null;
        var looked = false;
        for (var i = 0; i < lot.Rows.Length; i++)
        {
            var row = lot.Rows[i];
            if (_index.TryFind(row.Id, out var known))
            {
                // A repeated lot is answered as it was the first time.
                if (!looked) (before, looked) = (await FindOwnAsync(lot, cancellationToken), true);
                var own = before?.Rows is { } range && known >= range.First && known < range.First + range.Count;
                outcomes[i] = own && inLot.TryAdd(row.Id, i) ? Taken(row) : await DuplicateOfAsync(row, known, cancellationToken);
            }
            else if (inLot.TryAdd(row.Id, i))
            {
                fresh.Add(new ImageRow(_index.Count + fresh.Count, row, now, lot.Actor));
                outcomes[i] = Taken(row);
            }
            else
            {
                var first = lot.Rows[inLot[row.Id]];
                outcomes[i] = IngestDuplicates.Of(row, new StandingImage(first.Partition, first.Label, first.Reason), _dataset.Schema);
            }
        }
        if (fresh.Count == 0) return outcomes;
        using var span = WinnowTelemetry.Activities.StartActivity("shard commit");
        span?.SetTag("winnow.dataset", _key.Dataset);
        span?.SetTag("winnow.images", fresh.Count);
        await CommitLotAsync(lot, fresh, before is { Rows.Count: > 0 }, cancellationToken);
        _traces.Arrived(_index.Count, fresh.Count);
        foreach (var row in fresh) _index.Add(row.Row.Id, row.Row.Partition, row.Row.Label, row.Row.Reason is not null);
        _lastArrival = time.GetTimestamp();
        WakeMachineWork();
        return outcomes;
    }

    private static IngestOutcome Taken(in IngestRow row) =>
        row.Reason is null ? new IngestOutcome(IngestStatus.Accepted, null) : new IngestOutcome(IngestStatus.Quarantined, row.Reason);

    private async Task<IngestOutcome> DuplicateOfAsync(IngestRow row, int known, CancellationToken cancellationToken)
    {
        var reason = row.Reason;
        // One that was put aside when it was scored: its header is sound, and its row says why.
        if (reason is null && _index.Has(known, ShardIndex.Flags.Quarantined))
            reason = (await ledger.ReadImagesAsync(_key, [known], cancellationToken))[0].Row.Reason ?? "It cannot be used.";
        var partition = _index.Has(known, ShardIndex.Flags.Holdout) ? Partition.Holdout : Partition.Pool;
        return IngestDuplicates.Of(row, new StandingImage(partition, _index.LabelOf(known), reason), _dataset.Schema);
    }

    public Task<ShardSummary> GetSummaryAsync(CancellationToken cancellationToken)
    {
        // Asked now and then by whoever wakes all shards: what is said of them holds for as long as they say it.
        NoteTasks();
        return Task.FromResult(new ShardSummary(
            _index.Count, _index.Stages(), _index.Holdout, _index.Count - Embedded, _tasks.Open, _index.Decided, _stalled));
    }

    /// <summary>Makes a step durable. Memory may follow only when this returns.</summary>
    private async Task CommitAsync(ShardCommit commit, CancellationToken cancellationToken)
    {
        if (await TryCommitAsync(commit, cancellationToken) == ShardCommitStatus.Conflict) throw Changed();
    }

    private OrleansException Changed()
    {
        Close();
        return new OrleansException($"Shard {_key} found its rows changed by another writer and reads them again. Repeat the call.");
    }

    private async Task<ShardCommitStatus> TryCommitAsync(ShardCommit commit, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        if (_standing != Standing.Holds) await WaitForHandoverAsync(cancellationToken);
        ShardCommitStatus status;
        var started = Stopwatch.GetTimestamp();
        _committing++;
        try
        {
            // Once handed over, the outcome is the disk's to decide: a caller that gives up must not leave memory behind the ledger.
            cancellationToken.ThrowIfCancellationRequested();
            status = await ledger.CommitAsync(commit, CancellationToken.None);
            if (status == ShardCommitStatus.Committed) _copier?.Committed(commit);
            CommitTook(started, status.ToString());
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            CommitTook(started, "Failed");
            logger.CommitFailed(e, _key.ToString());
            Close();
            throw new OrleansException($"Shard {_key} could not write to the ledger: {e.Message} Nothing was acknowledged; repeat the call.", e);
        }
        finally
        {
            if (--_committing == 0) _quiet?.TrySetResult();
        }
        if (status != ShardCommitStatus.Fenced) return status;
        logger.ShardFenced(_key.ToString());
        throw TakenOver();
    }

    private OrleansException TakenOver()
    {
        Close();
        return new OrleansException($"Shard {_key} was taken over by another activation. Repeat the call.");
    }

    private static void CommitTook(long started, string status) =>
        WinnowTelemetry.LedgerCommitDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, new TagList { { "status", status } });

    private void ThrowIfClosed()
    {
        if (_closed) throw new OrleansException($"Shard {_key} is closing. Repeat the call.");
    }

    private void Close()
    {
        _closed = true;
        _closing.Cancel();
        StopWaitingForColumns();
        DeactivateOnIdle();
    }
}
