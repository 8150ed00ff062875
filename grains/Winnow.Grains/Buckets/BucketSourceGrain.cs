using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Images.Buckets;
using Winnow.Grains.Layout;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Grains.Work;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Images.Buckets;
using Winnow.Model.Names;

namespace Winnow.Grains.Buckets;

/// <summary>
/// Reads a bucket into a dataset: the whole of it at every interval, a page at a time, and in between what notifications name. It fetches
/// only versions of objects that it does not know; what it knows and how far a listing has come is durable after each lot, so it goes on
/// after a crash, and a lot that a crash cut off is repeated under the same operation id. How lots are taken stands in a file of its own.
/// </summary>
[Reentrant, SiloRole(SiloTraits.Core), GrainType(ControlStorage.BucketSource)]
internal sealed partial class BucketSourceGrain(
    [PersistentState(ControlStorage.BucketSource, ControlStorage.Name)] IPersistentState<BucketSourceState> state,
    KnownDatasets datasets, IObjectStore objects, IBucketReader buckets, IImageIntake intake,
    ILotSpaces spaces, BucketSourceOptions options, TimeProvider time, ILogger<BucketSourceGrain> logger) : Grain, IBucketSourceGrain
{
    private static readonly (TimeSpan, TimeSpan) Pauses = (TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));

    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly HashSet<string> _hints = new(StringComparer.Ordinal);
    /// <summary>Keys of objects that could not be read for a reason that passes, to be looked at again soon.</summary>
    private readonly HashSet<string> _again = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _tries = new(StringComparer.Ordinal);
    /// <summary>
    /// Versions of objects that were refused, and are tried again when that may have changed. Kept in memory: who starts anew tries anew.
    /// </summary>
    private readonly HashSet<ulong> _waiting = [];
    private bool _retryWaiting = true;
    private DateTimeOffset _retryWaitingAt;
    private bool _asked;
    private string? _passing;
    private long _placeholders;
    private KnownObjects? _known;
    private DatasetInfo _dataset = null!;
    private BucketPlace _place = null!;
    private Partition _partition;
    private string _name = "";
    private DateTimeOffset _due;
    private bool _syncing;
    private long _listed;
    private string? _error;
    private Task? _work;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (this.GetPrimaryKeyString().Split('/') is not [var dataset, var name])
            throw new RefusedException($"'{this.GetPrimaryKeyString()}' does not name a source.");
        _name = name;
        _dataset = await datasets.GetAsync(dataset, cancellationToken);
        if (state.State.Source is not null) Work();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _closing.CancelAsync();
        if (_work is not null) await _work;
    }

    public async Task StartAsync(BucketSource source, CancellationToken cancellationToken)
    {
        if (state.State.Source is null)
        {
            (state.State.Source, state.State.Id) = (source, Guid.NewGuid());
            await state.WriteStateAsync(CancellationToken.None);
        }
        Work();
    }

    public Task<SourceStatus> GetStatusAsync(BucketSource source, CancellationToken cancellationToken)
    {
        var now = state.State;
        return Task.FromResult(new SourceStatus
        {
            Source = source,
            Syncing = _syncing,
            Listed = _syncing ? _listed : now.ListedUpTo is null ? now.ListedLast : now.Listed,
            Known = now.Segments.Sum(s => (long)s.Count),
            Taken = now.Taken,
            Duplicates = now.Duplicates,
            Quarantined = now.Quarantined,
            Refused = now.Refused + now.Waiting,
            Vanished = now.Vanished,
            Waiting = now.Waiting,
            Placeholders = now.Placeholders,
            InOtherPartition = now.InOtherPartition,
            LabelsNotTaken = now.LabelsNotTaken,
            StoredOtherwise = now.StoredOtherwise,
            LatestNoted = [.. now.LatestNoted],
            LatestRefused = [.. now.LatestRefused],
            Notified = now.Notified,
            LastSync = now.LastSync,
            Syncs = now.Syncs,
            LastError = _error,
        });
    }

    public Task SyncAsync(CancellationToken cancellationToken)
    {
        (_asked, _retryWaiting) = (true, true);
        Wake();
        return Task.CompletedTask;
    }

    public Task NotifyAsync(string[] keys, CancellationToken cancellationToken)
    {
        foreach (var key in keys)
        {
            if (_hints.Count >= options.MaxHints)
            {
                // More than can be kept: a listing finds them all.
                _hints.Clear();
                _asked = true;
                break;
            }
            if (_hints.Add(key)) state.State.Notified++;
        }
        Wake();
        return Task.CompletedTask;
    }

    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        await _closing.CancelAsync();
        if (_work is not null) await _work;
        var kept = new List<string>();
        await foreach (var (key, _) in objects.ListAsync(ObjectKeys.SourceFolder(_dataset.Name, _name), cancellationToken)) kept.Add(key);
        foreach (var key in kept) await objects.DeleteAsync(key, cancellationToken);
        await state.ClearStateAsync(CancellationToken.None);
        // One that is added again under this name begins with a new activation.
        DeactivateOnIdle();
    }

    private void Wake()
    {
        if (_wake.CurrentCount == 0) _wake.Release();
    }

    private void Work()
    {
        if (_work is { IsCompleted: false } || _closing.IsCancellationRequested) return;
        // A source lives as long as its silo.
        DelayDeactivation(TimeSpan.FromDays(365));
        (_place, _partition) = (BucketSourcesGrain.PlaceOf(state.State.Source!), state.State.Source!.Partition);
        _due = state.State.ListedUpTo is null && state.State.LastSync is { } last
            ? last + options.ReconcileInterval : DateTimeOffset.MinValue;
        _work = RetryLoop.RunAsync(StepAsync, Stall, Pauses, time, _closing.Token);
    }

    /// <summary>Does what is due and waits for more; false when the source is gone.</summary>
    private async Task<bool> StepAsync(CancellationToken cancellationToken)
    {
        try
        {
            // After a failure memory may be ahead of what is on disk.
            if (_error is not null) await state.ReadStateAsync(CancellationToken.None);
            if (state.State.Source is null) return false;
            _known ??= await LoadAsync(cancellationToken);
            _hints.UnionWith(_again);
            _again.Clear();
            await TakeHintsAsync(cancellationToken);
            if (_asked || time.GetUtcNow() >= _due) await ReadBucketAsync(cancellationToken);
            if (_again.Count > 0)
                throw new ObjectsToComeException($"{_again.Count} objects could not be read and are tried again: {_passing}");
            (_error, _syncing) = (null, false);
            await WaitAsync(cancellationToken);
            return true;
        }
        finally
        {
            _syncing = false;
        }
    }

    private void Stall(Exception reason, TimeSpan pause)
    {
        var cause = FailureText.CauseOf(reason);
        _error = ShownText.Told(
            cause is IOException or RefusedException or UnavailableException or SetAsideException
                ? cause.Message : $"{cause.GetType().Name}: {cause.Message}");
        if (reason is not ObjectsToComeException)
        {
            // Memory may be ahead of the disk; and what was refused meanwhile may have been so by a server in trouble.
            _known = null;
            _retryWaiting = true;
        }
        Stalled(logger, reason, this.GetPrimaryKeyString(), pause);
    }

    /// <summary>Until the next reading is due, or somebody knows of something.</summary>
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        var left = _due - time.GetUtcNow();
        if (left <= TimeSpan.Zero || _hints.Count > 0 || _asked) return;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var woken = _wake.WaitAsync(either.Token);
        await Task.WhenAny(woken, Task.Delay(left, time, either.Token));
        await either.CancelAsync();
        try
        {
            await woken;
        }
        catch (OperationCanceledException)
        {
            // The interval is over.
        }
        cancellationToken.ThrowIfCancellationRequested();
    }

    [LoggerMessage(40, LogLevel.Warning, "Source {Source} stands still, next try in {Pause}")]
    private static partial void Stalled(ILogger logger, Exception exception, string source, TimeSpan pause);

    [LoggerMessage(41, LogLevel.Information, "Source {Source}: {Listed} objects listed, {New} of them new")]
    private static partial void Synced(ILogger logger, string source, long listed, long @new);

    [LoggerMessage(42, LogLevel.Warning, "Source {Source}: {Object} is missing or damaged; what it knew is fetched again")]
    private static partial void Forgotten(ILogger logger, string source, string @object);

    /// <summary>Single objects are to be tried again; all else is as it should be.</summary>
    private sealed class ObjectsToComeException(string message) : IOException(message);
}
