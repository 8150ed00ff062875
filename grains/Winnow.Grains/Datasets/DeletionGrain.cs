using Microsoft.Extensions.Logging;
using Orleans.Core.Internal;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Images.Buckets;
using Winnow.Abstractions.Review;
using Winnow.Abstractions.Security;
using Winnow.Abstractions.Training;
using Winnow.Grains.Layout;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Grains.Telemetry;
using Winnow.Grains.Work;
using Winnow.Model.Datasets;
using Winnow.Model.Names;

namespace Winnow.Grains.Datasets;

/// <summary>
/// Deletes a dataset: hides it, ends what lives of it in memory, removes objects, rows and states, and frees its name last. How far it has
/// come is what is left; so this grain has no state, and goes on from there wherever it wakes. Nothing is removed before the ledger
/// has hidden the dataset, and its name is nobody's before the last object is gone: objects stand under names, and what came later would go
/// with them.
/// </summary>
[SiloRole(SiloTraits.Core), GrainType("deletion")]
internal sealed class DeletionGrain(
    IDeletions deletions, IDatasetLedger ledger, IObjectStore objects, IReminderTable reminders, TimeProvider time,
    ILogger<DeletionGrain> logger)
    : Grain, IDeletionGrain
{
    private const int AtOnce = 16;

    /// <summary>After so many objects it is written down how many went.</summary>
    private const int CountedAtOnce = 200;

    private static readonly TimeSpan AllKnow = 1.5 * KnownDatasets.Lifetime;
    private static readonly (TimeSpan, TimeSpan) Pauses = (TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30));

    private readonly CancellationTokenSource _closing = new();
    private string? _stalled;
    private Task? _work;

    private string Dataset => this.GetPrimaryKeyString();

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _closing.CancelAsync();
        if (_work is not null) await _work;
    }

    public async Task<DatasetDeletion?> StartAsync(string actor, CancellationToken cancellationToken)
    {
        var known = await deletions.FindAsync(Dataset, cancellationToken);
        // From here on it is carried to its end, whether or not the caller still listens.
        var running = await deletions.BeginAsync(Dataset, actor, time.GetUtcNow(), CancellationToken.None);
        if (running is null) return null;
        if (running.Id != known?.Id) logger.DeletionBegins(Dataset, actor);
        Work();
        return running.Told with { Stalled = _stalled };
    }

    public async Task<DatasetDeletion?> GetAsync(CancellationToken cancellationToken) =>
        await deletions.FindAsync(Dataset, cancellationToken) is { } found
            ? found.Told with { Stalled = found.IsRunning ? _stalled : null } : null;

    public Task ResumeAsync(CancellationToken cancellationToken)
    {
        Work();
        return Task.CompletedTask;
    }

    private void Work()
    {
        if (_work is { IsCompleted: false }) return;
        DelayDeactivation(TimeSpan.FromDays(365));
        _work = RunAsync(_closing.Token);
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        await RetryLoop.RunAsync(StepAsync, Stall, Pauses, time, cancellationToken);
        _stalled = null;
        if (!cancellationToken.IsCancellationRequested) DelayDeactivation(TimeSpan.Zero);
    }

    private void Stall(Exception reason, TimeSpan pause)
    {
        _stalled = FailureText.Told(reason);
        logger.DeletionRetries(reason, Dataset, pause);
    }

    /// <summary>Goes through all that there is to remove; false when the dataset is gone.</summary>
    private async Task<bool> StepAsync(CancellationToken cancellationToken)
    {
        if (await deletions.FindAsync(Dataset, cancellationToken) is not { IsRunning: true } deletion) return false;
        await UntilAllKnowAsync(deletion, cancellationToken);
        var shards = await ledger.ListShardsAsync(deletion.Left, cancellationToken);
        await EndGrainsAsync(shards, cancellationToken);
        await RemoveObjectsAsync(deletion, cancellationToken);
        foreach (var shard in shards)
            while (await deletions.RemoveRowsAsync(deletion, shard, cancellationToken)) { }
        // What was under way when the dataset was hidden may have put an object since.
        if (await RemoveObjectsAsync(deletion, cancellationToken) > 0) return true;
        await deletions.ClearStatesAsync(deletion, cancellationToken);
        await EndAccessAsync(cancellationToken);
        await deletions.RemoveStatesAsync(deletion, cancellationToken);
        // What was woken by a request in between has read a state that is no more, and could not write the next one's.
        await EndAccessAsync(cancellationToken);
        // It is begun again after a pause: whatever wrote may write again.
        if (!await deletions.EndAsync(deletion, time.GetUtcNow(), CancellationToken.None))
            throw new InvalidOperationException("Rows were written while the others were removed. They are removed next.");
        _stalled = null;
        var ended = await deletions.FindAsync(Dataset, CancellationToken.None);
        logger.DeletionEnded(Dataset, deletion.Told.DeletedBy, ended!.Told.Objects, ended.Told.Rows);
        return false;
    }

    /// <summary>Waits until every silo has asked since the dataset was hidden: from then on none goes by what it knew.</summary>
    private async Task UntilAllKnowAsync(StoredDeletion deletion, CancellationToken cancellationToken)
    {
        var left = deletion.Told.DeletedAt + AllKnow - time.GetUtcNow();
        if (left > AllKnow) left = AllKnow;
        if (left > TimeSpan.Zero) await Task.Delay(left, time, cancellationToken);
    }

    /// <summary>How many there were.</summary>
    private async Task<int> RemoveObjectsAsync(StoredDeletion deletion, CancellationToken cancellationToken)
    {
        // No other name can have objects, and some of those would be folders of others.
        if (!DatasetName.IsValid(Dataset)) return 0;
        var removed = 0;
        foreach (var place in ObjectKeys.Places(Dataset))
        {
            // In parts, each of which is counted: a crash forgets no more than one.
            await foreach (var some in objects.ListAsync(place, cancellationToken).Chunk(CountedAtOnce))
            {
                await Task.Run(() => Parallel.ForEachAsync(
                    some, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
                    async (found, token) => await objects.DeleteAsync(found.Key, token)), cancellationToken);
                await deletions.CountObjectsAsync(deletion, some.Length, cancellationToken);
                removed += some.Length;
            }
        }
        return removed;
    }

    /// <summary>Nothing that lives in memory goes on as if the dataset were there, nor meets one that bears its name later.</summary>
    private async Task EndGrainsAsync(IReadOnlyList<int> shards, CancellationToken cancellationToken)
    {
        var (rounds, sources) = (await KeysAsync("round", cancellationToken), await KeysAsync("bucket-source", cancellationToken));
        // Whom a reminder wakes finds no dataset, again and again.
        foreach (var grain in rounds.Select(r => GrainId.Create("round", r)).Append(GrainId.Create("split", Dataset)))
            foreach (var reminder in (await reminders.ReadRows(grain, cancellationToken)).Reminders)
                await reminders.RemoveRow(reminder.GrainId, reminder.ReminderName, reminder.ETag!, cancellationToken);
        List<IAddressable> live =
        [
            GrainFactory.GetGrain<IDatasetGrain>(Dataset), GrainFactory.GetGrain<ISplitGrain>(Dataset),
            GrainFactory.GetGrain<IQueueGrain>(Dataset), GrainFactory.GetGrain<IBucketSourcesGrain>(Dataset),
            .. rounds.Select(r => GrainFactory.GetGrain<IRoundGrain>(r)),
            .. sources.Select(s => GrainFactory.GetGrain<IBucketSourceGrain>(s)),
            .. shards.Select(s => GrainFactory.GetGrain<IShardIngest>(GrainKeys.Shard(Dataset, s))),
        ];
        await live.AllAsync(LetGoAsync);
        // Images, which are many and stay in memory for a while.
        await TryAsync(() => GrainFactory.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero));
    }

    private async Task<string[]> KeysAsync(string type, CancellationToken cancellationToken) =>
    [
        .. (await ledger.ListStatesAsync(type, cancellationToken)).Where(k => k.StartsWith($"{Dataset}/", StringComparison.Ordinal)),
    ];

    /// <summary>Who had access to this dataset has none to the next that bears its name: no memory of it may outlive it.</summary>
    private async Task EndAccessAsync(CancellationToken cancellationToken)
    {
        var access = GrainFactory.GetGrain<IAccessGrain>(Dataset);
        await LetGoAsync(access);
        if ((await access.GetGrantsAsync(cancellationToken)).Length > 0)
            throw new InvalidOperationException("Who had access is still remembered. It is asked again.");
    }

    private Task LetGoAsync(IAddressable grain) => TryAsync(async () =>
    {
        // One that does not live would be woken, find no dataset, and end with errors in the log.
        if (await GrainFactory.GetGrain<IManagementGrain>(0).GetActivationAddress(grain) is not null)
            await grain.AsReference<IGrainManagementExtension>().DeactivateOnIdle();
    });

    private static async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // It has just ended: its dataset is gone.
        }
    }
}
