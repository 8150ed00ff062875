using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Review;
using Winnow.Abstractions.Telemetry;
using Winnow.Grains.Datasets;
using Winnow.Grains.Facts;
using Winnow.Grains.Layout;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Grains.Telemetry;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Prelabels;
using Winnow.Model.Review;

namespace Winnow.Grains.Review;

/// <summary>
/// The review queue of a dataset. Its stock is set aside from the shards in blocks, durably, so that handing out a task touches memory
/// alone; leases are signed and outlive it. When it dies, another takes its turn: people keep the tasks whose leases they present to that
/// one, and the shards offer all else again a moment later.
/// </summary>
[Reentrant, SiloRole(SiloTraits.Core), GrainType("queue")]
internal sealed partial class QueueGrain(
    KnownDatasets datasets, LeaseKeyring keyring, KnownLevel level, LocalQueues local, IControlRecords records, TimeProvider time,
    ILogger<QueueGrain> logger)
    : Grain, IQueueGrain
{
    /// <summary>
    /// Tasks set aside at a time, over all shards: the disk writes them in a few milliseconds, which is how long an answer may have to wait
    /// behind them.
    /// </summary>
    private const int Block = 512;

    /// <summary>Of one shard at least so many, however many shards share a block.</summary>
    private const int LeastOfShard = 8;

    /// <summary>Below this the stock is filled up while people go on taking from it: who asks next should not wait for the disk.</summary>
    private const int LowStock = 256;

    private static readonly TaskKind[] FirstLabels = [TaskKind.Label];
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    /// <summary>Free tasks of a kind that are kept at most, for people who may not do those that come first.</summary>
    private const int MostOfKind = 16_384;

    private static readonly TimeSpan PollWhileWaiting = TimeSpan.FromSeconds(1);

    private QueueStock _stock = null!;
    private readonly SemaphoreSlim _refill = new(1, 1);
    private readonly ShardsWithWork _work = new();
    private Task _ahead = Task.CompletedTask;
    private TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DatasetInfo _dataset = null!;
    private LeaseTokens _leases = null!;
    private QueueTurn _turn = null!;
    private DateTimeOffset _extendedAt = DateTimeOffset.MinValue;

    /// <summary>When all shards were last asked for tasks: those that have none say nothing when they have.</summary>
    private long _lookedAt;

    private IDisposable? _gauges;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var name = this.GetPrimaryKeyString();
        _dataset = await datasets.GetAsync(name, cancellationToken);
        _leases = await keyring.GetAsync(cancellationToken);
        _stock = new QueueStock(image => _leases.PlaceOf(name, image));
        _turn = new QueueTurn(records, name, time);
        AllMayHaveWork(_dataset.Shards);
        local.Opened(name);
        _gauges = SiloGauges.Queues.Add(() =>
            new QueueFigures(name, _stock.Free, _stock.Count - _stock.Free,
                _stock.OldestOffer is { } since ? (time.GetUtcNow() - since).TotalSeconds : 0));
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _gauges?.Dispose();
        local.Closed(this.GetPrimaryKeyString());
        await LetGoAsync(cancellationToken);
    }

    public async Task LetGoAsync(CancellationToken cancellationToken)
    {
        // On an orderly end nothing needs to wait for a reservation to run out, but for those that do so soon.
        var free = _stock.TakeAllFree(time.GetUtcNow() + (_dataset.Settings.LeasePeriod / 2));
        Task TellAsync(IShardReview shard, ImageId[] images) => _turn.Number == 0 ? shard.ReleaseAsync(images, cancellationToken)
            : shard.ReleaseInTurnAsync(_turn.Number, images, cancellationToken);
        await Task.WhenAll(free.Select(g => OnTheirShardsAsync(g.Shard, g.Images, TellAsync, cancellationToken)));
    }

    public async Task<ReviewTask[]> TakeAsync(LeaseRequest request, string actor, CancellationToken cancellationToken)
    {
        if (!_dataset.Schema.IsOneClass && !level.KeepsLabelSets) throw new RefusedException(KnownLevel.TooLow);
        TaskKind[] kinds = [.. request.Kinds ?? FirstLabels];
        if (!level.KeepsTiers) kinds = [.. kinds.Intersect(FirstLabels)];
        var patience = TimeSpan.FromMilliseconds(Math.Clamp(request.WaitMilliseconds, 0, (int)LongestWait.TotalMilliseconds));
        var started = time.GetTimestamp();
        Follow(await datasets.GetAsync(_dataset.Name, cancellationToken));
        if (request.Check(_dataset.Schema) is { } wrong) throw new RefusedException(wrong);
        await FollowPoliciesAsync();
        FollowGold();
        while (true)
        {
            _people.Heard(actor, time.GetUtcNow());
            var arrived = _arrived.Task;
            Follow(await datasets.GetAsync(_dataset.Name, cancellationToken));
            await TakeTurnAsync(cancellationToken);
            // A lot that is larger than what the person may still take becomes smaller.
            var most = Math.Min(request.Max, RoomOf(actor) is > 0 and var room ? room : await MakeRoomAsync(actor, cancellationToken));
            var tasks = request.Alike ? await HandAlikeAsync(most, request, actor, cancellationToken)
                : Hand(most, kinds, actor, again: false);
            if (request.Alike) WinnowTelemetry.Leases.Add(tasks.Count, new TagList { { "dataset", _dataset.Name } });
            else if (tasks.Count < most) await AddMoreAsync(tasks, most, kinds, actor, cancellationToken);
            else if (_ahead.IsCompleted && IsLow(kinds)) _ahead = RefillAheadAsync(kinds);
            var left = patience - time.GetElapsedTime(started);
            if (tasks.Count > 0)
                WinnowTelemetry.LeaseWait.Record(time.GetElapsedTime(started).TotalSeconds, new TagList { { "dataset", _dataset.Name } });
            if (tasks.Count > 0 || left <= TimeSpan.Zero) return [.. tasks];
            await Task.WhenAny(arrived, Task.Delay(left < PollWhileWaiting ? left : PollWhileWaiting, time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public async Task FollowSchemaAsync(CancellationToken cancellationToken) =>
        Follow(await datasets.AskAsync(_dataset.Name, cancellationToken));

    /// <summary>
    /// Leases say by which version of the label schema they are answered. Where word of a new one was lost this silo knows it within
    /// <see cref="KnownDatasets.Lifetime"/> all the same.
    /// </summary>
    private void Follow(DatasetInfo now)
    {
        // Of a dataset whose name another one bears by now the queue ends otherwise.
        if (now.Since == _dataset.Since && now.Schema.Number > _dataset.Schema.Number) _dataset = _dataset with { Schema = now.Schema };
    }

    private async Task AddMoreAsync(
        List<ReviewTask> tasks, int most, TaskKind[] kinds, string actor, CancellationToken cancellationToken)
    {
        var missing = most - tasks.Count;
        try
        {
            await LookEverywhereAsync(cancellationToken);
            await RefillAsync(missing, missing, kinds, actor, cancellationToken);
            await TakeTurnAsync(cancellationToken);
            tasks.AddRange(Hand(missing, kinds, actor, again: false));
            // What the person gave back comes again where there is nothing else.
            if (tasks.Count == 0) tasks.AddRange(Hand(most, kinds, actor, again: true));
        }
        catch (Exception e) when (tasks.Count > 0 && e is not OperationCanceledException)
        {
            // What was given is theirs: an error in its place would have it held for nobody.
            logger.MoreTasksFailed(e, _dataset.Name);
        }
    }

    /// <summary>
    /// What a lost queue had set aside runs out without a word: now and then all shards are asked, whether or not whoever takes waits.
    /// </summary>
    private async Task LookEverywhereAsync(CancellationToken cancellationToken)
    {
        if (time.GetElapsedTime(_lookedAt) < PollWhileWaiting / 2) return;
        _lookedAt = time.GetTimestamp();
        AllMayHaveWork(await LayoutAsync(cancellationToken));
    }

    private async Task RefillAheadAsync(TaskKind[] kinds)
    {
        foreach (var kind in kinds) await RefillAsync(LowOf(kind), 0, [kind], null, CancellationToken.None);
    }

    private bool IsLow(TaskKind[] kinds) => Array.Exists(kinds, k => _stock.FreeOf(k) < LowOf(k) && _work.Any(k))
        || time.GetUtcNow() - _extendedAt > _dataset.Settings.LeasePeriod / 2 || AreFreed;

    private List<ReviewTask> Hand(int max, TaskKind[] kinds, string actor, bool again)
    {
        var now = time.GetUtcNow();
        var ends = now + _dataset.Settings.LeasePeriod;
        var tasks = new List<ReviewTask>();
        if (!MayHand) throw new OrleansException($"It is not known whose turn it is in dataset '{_dataset.Name}'. Repeat the call.");
        DateTimeOffset? since = level.MarksLeases ? _dataset.Since : null;
        // Asked anew: another request of the same person may have taken some meanwhile.
        max = Math.Min(max, RoomOf(actor));
        while (tasks.Count < max && (OwedGold(actor, kinds) ?? _stock.Take(actor, kinds, now, ends, again)) is { } task)
        {
            if (task.Kind == TaskKind.Qualify) _checks.Hold(task.Image, actor, ends, now);
            tasks.Add(Give(task, actor, ends, since));
            OweGoldBeside(task, actor);
        }
        // While leases run their queue is not forgotten for want of calls.
        if (tasks.Count > 0) DelayDeactivation(_dataset.Settings.LeasePeriod);
        if (tasks.Count > 0) WinnowTelemetry.Leases.Add(tasks.Count, new TagList { { "dataset", _dataset.Name } });
        return tasks;
    }

    private ReviewTask Give(ReservedTask task, string actor, DateTimeOffset ends, DateTimeOffset? since)
    {
        var terms = TermsOf(task);
        var lease = new Lease(_dataset.Name, task.Image, task.HistoryVersion, actor, ends, since, Terms: terms,
            Schema: since is not null && level.KeepsSchemas ? _dataset.Schema.Number : null);
        return new ReviewTask
        {
            Image = task.Image,
            Name = task.Name,
            // Nobody is told that it is known.
            Kind = task.Kind == TaskKind.Qualify ? TaskKind.Label : task.Kind,
            Priority = task.Priority,
            Lease = _leases.Sign(lease),
            LeasedUntil = ends,
            Prelabels = LabelsPerImage > 1 && task.Kind is TaskKind.Label or TaskKind.Qualify ? [] : PrelabelsOf(task),
        };
    }

    private Prelabel[] PrelabelsOf(ReservedTask task) =>
    [
        .. ImageGrain.PrelabelsOf(_dataset, task.ModelName, task.Predicted, task.Confidence, task.Set),
        .. PrelabelFacts.Read(task.Prelabels ?? [], _dataset.Schema),
    ];

    public Task AnsweredAsync(ImageId image, string actor, bool closed, CancellationToken cancellationToken) =>
        SettledAsync(image, int.MaxValue, actor, closed, cancellationToken);

    public Task SettledAsync(ImageId image, int version, string? actor, bool closed, CancellationToken cancellationToken)
    {
        if (actor is not null) _people.Heard(actor, time.GetUtcNow());
        if (closed) Settled(image);
        else if (actor is not null) LetGo(image, actor);
        if (actor is not null && _gold.Has(image)) _checks.Answered(image, actor);
        if (_stock.IsOfBefore(image, version))
        {
            if (closed) _stock.Remove(image);
            else if (actor is not null) _stock.PutBack(image, actor, skipped: true, time.GetUtcNow());
            if (!closed) Arrived();
        }
        RoomMade();
        return Task.CompletedTask;
    }

    public Task AnsweredInPartAsync(ImageId image, string actor, CancellationToken cancellationToken)
    {
        _people.Heard(actor, time.GetUtcNow());
        LetGo(image, actor);
        _stock.Answered(image, actor, LabelsPerImage, time.GetUtcNow());
        RoomMade();
        Arrived();
        return Task.CompletedTask;
    }

    public Task MayAskAsync(ImageId image, string actor, CancellationToken cancellationToken)
    {
        _stock.MayAsk(image, actor, LabelsPerImage);
        Arrived();
        return Task.CompletedTask;
    }

    public async Task<int> PrioritizeAsync(TaskPriority[] priorities, CancellationToken cancellationToken)
    {
        if (!level.KeepsTiers) throw new RefusedException(KnownLevel.TooLow);
        var of = priorities.GroupBy(p => p.Image).ToDictionary(g => g.Key, g => g.Last());
        var found = await datasets.OnShardsAsync(_dataset.Name,
            layout => of.Values.GroupBy(p => layout.ShardOf(p.Image)).ToArray()
                .AllAsync(g => Shard(g.Key).PrioritizeAsync([.. g], cancellationToken)), cancellationToken);
        foreach (var image in found.SelectMany(i => i)) _stock.Prioritize(image, of[image].Priority);
        // What was worth less may come first now, and is with the shards.
        AllMayHaveWork(await LayoutAsync(cancellationToken));
        _lookAtAll = true;
        await RefillAsync(0, 0, Enum.GetValues<TaskKind>(), null, cancellationToken);
        Arrived();
        return found.Sum(i => i.Length);
    }

    public Task WithdrawnAsync(ImageId[] images, CancellationToken cancellationToken)
    {
        foreach (var image in images)
        {
            Settled(image);
            _stock.Remove(image);
        }
        RoomMade();
        return Task.CompletedTask;
    }

    public Task WorkArrivedAsync(int shard, CancellationToken cancellationToken)
    {
        _work.Add(shard);
        Arrived();
        return Task.CompletedTask;
    }

    private void Arrived()
    {
        var arrived = _arrived;
        _arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        arrived.TrySetResult();
    }

    private IShardReview Shard(int shard) => GrainFactory.GetGrain<IShardReview>(GrainKeys.Shard(_dataset.Name, shard));
}
