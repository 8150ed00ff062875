using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Grains.Datasets;
using Winnow.Grains.Layout;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Grains.Settings;
using Winnow.Grains.Telemetry;
using Winnow.Grains.Work;
using Winnow.Model.Datasets;

namespace Winnow.Grains.Splitting;

/// <summary>
/// Doubles the shards of a dataset: copy, seal, hand over, and later remove what they leave. How far it has come stands in the dataset's
/// row in the ledger, where all who use shards see it; so this grain has no state, and goes on from there wherever it wakes.
/// </summary>
[SiloRole(SiloTraits.Core), GrainType("split")]
internal sealed class SplitGrain(KnownDatasets datasets, IDatasetLedger rows, IShardLedger ledger, IObjectStore objects, TimeProvider time,
    ShardOptions options, ILogger<SplitGrain> logger) : Grain, ISplitGrain, IRemindable
{
    /// <summary>Shards that are copied at once: people and imports go on beside it.</summary>
    private const int CopiesAtOnce = 4;

    private const string Unfinished = "unfinished";
    private static readonly TimeSpan RemindEvery = TimeSpan.FromMinutes(1);
    private static readonly (TimeSpan, TimeSpan) Pauses = (TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30));

    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private CopiedRows[] _copied = [];
    private string? _stalled;
    private Task? _work;

    private string Dataset => this.GetPrimaryKeyString();

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _closing.CancelAsync();
        if (_work is not null) await _work;
    }

    public async Task<DatasetInfo> StartAsync(int shards, string actor, CancellationToken cancellationToken)
    {
        while (true)
        {
            var dataset = await datasets.AskAsync(Dataset, cancellationToken);
            var layout = dataset.Shards;
            if (layout.Count == shards) return dataset;
            if (shards > ShardLayout.MaxCount)
                throw new RefusedException($"A dataset can have {ShardLayout.MaxCount} shards at most, not {shards}.");
            if (layout.Count * 2 != shards)
                throw new RefusedException(
                    $"Dataset '{Dataset}' has {layout.Count} shards; they can be doubled to {layout.Count * 2}, not to {shards}.");
            if (layout.Split is not null)
            {
                Work();
                return dataset;
            }
            // Before the layout: a reminder of a doubling that never began finds nothing to do, one without it might never be finished.
            await this.RegisterOrUpdateReminder(Unfinished, RemindEvery, RemindEvery, cancellationToken);
            await rows.SetLayoutAsync(Dataset, layout,
                layout with { Split = new ShardSplit(ShardSplitStep.Copying, time.GetUtcNow(), actor) }, CancellationToken.None);
            if (_wake.CurrentCount == 0) _wake.Release();
        }
    }

    public async Task<ShardSplitProgress?> GetAsync(CancellationToken cancellationToken)
    {
        var layout = await LayoutAsync(cancellationToken);
        return layout.Split is { } split ? Describe(layout, split) : null;
    }

    public Task ResumeAsync(CancellationToken cancellationToken)
    {
        Work();
        return Task.CompletedTask;
    }

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        Work();
        return Task.CompletedTask;
    }

    private async Task<ShardLayout> LayoutAsync(CancellationToken cancellationToken) =>
        (await datasets.AskAsync(Dataset, cancellationToken)).Shards;

    private ShardSplitProgress Describe(ShardLayout layout, ShardSplit split) =>
        new(split.Step, layout.Count, layout.Count * 2, _copied.Sum(c => c.Copied), _copied.Sum(c => c.Total), split.StartedAt,
        split.StartedBy, _stalled);

    private void Work()
    {
        if (_work is { IsCompleted: false }) return;
        DelayDeactivation(TimeSpan.FromDays(365));
        _work = RunAsync(_closing.Token);
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        await RetryLoop.RunAsync(StepAsync, Stall, Pauses, time, cancellationToken);
        if (!cancellationToken.IsCancellationRequested) DelayDeactivation(TimeSpan.Zero);
    }

    /// <summary>A shard that moves, a store that is away: what was copied is there, and the rest is tried again.</summary>
    private void Stall(Exception reason, TimeSpan pause)
    {
        _stalled = FailureText.Told(reason);
        logger.SplitRetries(reason, Dataset, pause);
    }

    /// <summary>Does what is next; false when nothing is.</summary>
    private async Task<bool> StepAsync(CancellationToken cancellationToken)
    {
        var layout = await LayoutAsync(cancellationToken);
        switch (layout)
        {
            // What an earlier doubling left goes first, however young: there is room for one of them.
            case { Split: not null, Superseded: { } earlier }:
                await RemoveAsync(earlier, cancellationToken);
                await rows.SetLayoutAsync(Dataset, layout, layout with { Superseded = null }, CancellationToken.None);
                return true;
            case { Split: { Step: ShardSplitStep.Copying } split }:
                logger.SplitBegins(Dataset, layout.Count, layout.Count * 2);
                await CopyAsync(layout, cancellationToken);
                await UntilAllKnowAsync(split, cancellationToken);
                await rows.SetLayoutAsync(Dataset, layout, layout with { Split = split with { Step = ShardSplitStep.Sealed } },
                    CancellationToken.None);
                return true;
            case { Split: not null }:
                await HandOverAsync(layout, cancellationToken);
                return true;
            case { Superseded: { } gone }:
                if (gone.RemovedAfter - time.GetUtcNow() is var left && left > TimeSpan.Zero)
                    await _wake.WaitAsync(left < RemindEvery ? left : RemindEvery, cancellationToken);
                else
                {
                    await RemoveAsync(gone, cancellationToken);
                    await rows.SetLayoutAsync(Dataset, layout, layout with { Superseded = null }, CancellationToken.None);
                }
                return true;
            default:
                if (await this.GetReminder(Unfinished, cancellationToken) is { } reminder)
                    await this.UnregisterReminder(reminder, cancellationToken);
                return false;
        }
    }

    private async Task CopyAsync(ShardLayout layout, CancellationToken cancellationToken)
    {
        _copied = new CopiedRows[layout.Count];
        var shards = Shards(layout);
        // Round after round, until what came during the last one is little everywhere.
        while (!_copied.All(c => c.Ready))
        {
            var next = -1;
            await Task.WhenAll(Enumerable.Range(0, Math.Min(CopiesAtOnce, shards.Length)).Select(async _ =>
            {
                while (++next is var at && at < shards.Length) _copied[at] = await shards[at].CopyAsync(cancellationToken);
            }));
        }
    }

    /// <summary>
    /// Waits until every silo has asked since the doubling was announced: from then on each asks before it goes to a shard.
    /// </summary>
    private async Task UntilAllKnowAsync(ShardSplit split, CancellationToken cancellationToken)
    {
        if (split.StartedAt + 2 * KnownDatasets.Lifetime - time.GetUtcNow() is var left && left > TimeSpan.Zero)
            await Task.Delay(left, time, cancellationToken);
    }

    private async Task HandOverAsync(ShardLayout layout, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var next = layout.Doubled() with
        {
            Superseded =
            new SupersededShards(layout.First, layout.Count, time.GetUtcNow() + options.KeepSuperseded)
        };
        await Shards(layout).AllAsync(s => s.SealAsync(cancellationToken));
        // Before they hold the images: who asks then is answered at once.
        await Shards(next).AllAsync(s => s.MakeReadyAsync(cancellationToken));
        await rows.SetLayoutAsync(Dataset, layout, next, CancellationToken.None);
        logger.SplitDone(Dataset, next.Count, time.GetElapsedTime(started).TotalMilliseconds);
        _copied = [];
        await Shards(next).AllAsync(s => s.MakeReadyAsync(cancellationToken));
        foreach (var shard in Shards(layout)) shard.RetireAsync(CancellationToken.None).Ignore();
    }

    private async Task RemoveAsync(SupersededShards gone, CancellationToken cancellationToken)
    {
        for (var i = 0; i < gone.Count; i++)
        {
            var shard = new ShardKey(Dataset, gone.First + i);
            await foreach (var (key, _) in objects.ListAsync(ObjectKeys.SegmentFolder(shard), cancellationToken)) await objects.DeleteAsync(
                key, cancellationToken);
            while (await ledger.RemoveShardRowsAsync(shard, cancellationToken)) { }
        }
        logger.SupersededShardsRemoved(Dataset, gone.Count);
    }

    private IShardSplit[] Shards(ShardLayout layout) => layout.Grains<IShardSplit>(GrainFactory, Dataset);
}
