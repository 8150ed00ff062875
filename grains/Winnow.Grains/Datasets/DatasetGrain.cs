using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Images.Buckets;
using Winnow.Abstractions.Security;
using Winnow.Abstractions.Training;
using Winnow.Grains.Layout;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Grains.Scoring;
using Winnow.Grains.Settings;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Names;
using Winnow.Model.Overview;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Grains.Datasets;

/// <summary>
/// One dataset: which rounds there were, which model is in use, which versions were made. Learning's preparation and the making of versions
/// stand in files of their own.
/// </summary>
/// <remarks>Reentrant, so that a status is answered while a version is written; changes of state take turns, and what takes long is done
/// before its turn comes.</remarks>
[Reentrant, SiloRole(SiloTraits.Core), GrainType(ControlStorage.Dataset)]
internal sealed partial class DatasetGrain(
    [PersistentState(ControlStorage.Dataset, ControlStorage.Name)] IPersistentState<DatasetState> state,
    IControlRecords records, KnownLevel level, KnownDatasets datasets, IDatasetLedger rows, IShardLedger ledger, IObjectStore objects,
    DeviceDirectory devices, ShardOptions options, TimeProvider time, ILogger<DatasetGrain> logger)
    : Grain, IDatasetGrain, IDatasetBackbones
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _ends = new();
    private DatasetInfo _dataset = null!;
    private DatasetRecords _records = null!;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var name = this.GetPrimaryKeyString();
        _dataset = await datasets.GetAsync(name, cancellationToken);
        _records = new DatasetRecords(records, level, _dataset, state);
        await _records.LoadAsync(cancellationToken);
        await FollowSchemaAsync();
        StartGauges();
        TendBackbones();
        AskForSchema();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _ends.CancelAsync();
        _gauges?.Dispose();
    }

    // A silo of an earlier release knows of first labels alone.
    private static long OpenOf(ShardSummary shard, TaskKind kind) =>
        shard.OpenOfEachKind is { } each && (int)kind < each.Length ? each[(int)kind] : kind == TaskKind.Label ? shard.OpenTasks : 0;

    // A silo of an earlier release knows fewer stages.
    private static long At(long[] stages, Stage stage) => (int)stage < stages.Length ? stages[(int)stage] : 0;

    public async Task<DatasetStatus> GetStatusAsync(CancellationToken cancellationToken)
    {
        var shards = await OnShardsAsync((IShardIngest s) => s.GetSummaryAsync(cancellationToken), cancellationToken);
        var layout = (await datasets.GetAsync(_dataset.Name, cancellationToken)).Shards;
        var active = await Task.WhenAll(_records.Rounds.Where(r => r.Ended is null).Select(r => DescribeAsync(r, cancellationToken)));
        var stages = new Dictionary<Stage, long>();
        foreach (var stage in Enum.GetValues<Stage>()) stages[stage] = shards.Sum(s => At(s.Stages, stage));
        // Beside a silo of a release that does not know the word nothing stands there, and it is not said.
        if (!level.KeepsTiers) stages.Remove(Stage.Disputed);
        return new DatasetStatus
        {
            Name = _dataset.Name,
            Images = shards.Sum(s => s.Images),
            Stages = stages,
            Holdout = shards.Sum(s => s.Holdout),
            ScoringBacklog = shards.Sum(s => s.ScoringBacklog),
            ScoringStalled = shards.Select(s => s.StalledReason).FirstOrDefault(r => r is not null),
            OpenTasks = shards.Sum(s => s.OpenTasks),
            TasksByKind = Enum.GetValues<TaskKind>().ToDictionary(k => k, k => shards.Sum(s => OpenOf(s, k))),
            Decided = shards.Sum(s => s.Decided),
            AutoAccepted = shards.Sum(s => s.AutoAccepted),
            Pseudo = shards.Sum(s => s.Pseudo),
            ActiveRounds = active,
            Champions = [.. _records.Rounds.Select(r => r.Arm).Distinct().Select(_records.ChampionOf).OfType<RoundEntry>()
                .Select(r => r.Model!)],
            Backbones = BackbonesOf(shards),
            Shards = layout.Count,
            Split = layout.Split is null ? null : await Splitting.GetAsync(cancellationToken),
            RoundsStarted = _records.Rounds.Count,
            VersionsMade = _records.Versions.Count,
            Restored = _dataset.Restored.LastOrDefault(),
        };
    }

    public async Task ResumeAsync(CancellationToken cancellationToken)
    {
        await WakeShardsAsync(cancellationToken);
        if ((await datasets.GetAsync(_dataset.Name, cancellationToken)).Shards is { Split: not null } or { Superseded: not null })
            await Splitting.ResumeAsync(cancellationToken);
        // Each for itself: what cannot be woken must not keep the others asleep.
        var rounds = _records.Rounds.Where(r => r.Ended is null).Select(r => BeginAsync(r, cancellationToken)).ToArray<Task>();
        var sources = GrainFactory.GetGrain<IBucketSourcesGrain>(_dataset.Name).ResumeAsync(cancellationToken);
        await Task.WhenAll(rounds.Append(sources).Select(SetAsideException.PassedOverAsync));
    }

    /// <summary>A round; one whose state is set aside as it is remembered here, with the reason.</summary>
    private async Task<RoundInfo> DescribeAsync(RoundEntry round, CancellationToken cancellationToken)
    {
        try
        {
            return await Round(round.Arm, round.Number).GetAsync(cancellationToken);
        }
        catch (Exception e) when (SetAsideException.Beneath(e) is { } aside)
        {
            return new RoundInfo
            {
                Arm = round.Arm,
                Number = round.Number,
                Step = RoundStep.Failed,
                Strategy = round.Command.Strategy ?? "",
                BatchSize = round.Command.BatchSize,
                Reason = aside.Message,
            };
        }
    }

    private async Task WakeShardsAsync(CancellationToken cancellationToken)
    {
        try
        {
            await OnShardsAsync(async (IShardIngest s) =>
            {
                await SetAsideException.PassedOverAsync(s.GetSummaryAsync(cancellationToken));
                return true;
            }, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Shards of millions of images open for longer than a call may take, and go on doing so; those that were not reached are woken
            // the next time.
        }
    }

    public Task<RoundInfo> StartRoundAsync(StartRound command, Guid operationId, CancellationToken cancellationToken) =>
        InTurnAsync(async () =>
    {
        var (actor, content) = (CallerContext.Actor, RoundCommand.ContentOf(command));
        if (_records.Rounds.Find(r => r.OperationId == operationId) is { } same)
        {
            if (IsOther(same.StartedBy, same.Content, actor, content)) throw OperationStamp.Conflict(operationId, "for a round");
            return await BeginAsync(same, cancellationToken);
        }
        ThrowIfTooEarly();
        string[] arms = [.. _records.Rounds.Select(r => r.Arm).Distinct()];
        var accepted = RoundCommand.Accept(
            command, arms, cold: _records.ChampionOf(command.Arm) is null, PoliciesOf(command.Policies), _dataset.Schema,
            level.LearnsSets);
        // A silo of the last release would forget what it does not know of, and the round's state would not be the one that was accepted.
        if (!level.KeepsRecords) accepted = RoundCommand.WithoutDefaults(accepted);
        var running = _records.Rounds.Find(r => r.Arm == accepted.Arm && r.Ended is null);
        // A round may have ended a moment before its word of it comes here.
        if (running is not null && await Round(running.Arm, running.Number).GetAsync(cancellationToken) is { HasEnded: true } ended)
            running.Ended = ended;
        if (running is { Ended: null })
            throw new RefusedException(
                $"Round {running.Number} of arm '{running.Arm}' has not ended. Wait for it, end it by hand ('winnow rounds end'), or "
                + $"start a round in another arm.");
        var number = (_records.Rounds.LastOrDefault(r => r.Arm == accepted.Arm)?.Number ?? 0) + 1;
        var entry = new RoundEntry
        {
            Arm = accepted.Arm,
            Number = number,
            OperationId = operationId,
            Command = accepted,
            StartedBy = actor,
            Content = content,
        };
        if (Book.Find(ServingBackbone) is { Used: false } serving)
        {
            serving.Used = true;
            await WriteAsync();
        }
        await WriteAsync(() => _records.SaveAsync(entry));
        return await BeginAsync(entry, cancellationToken);
    }, cancellationToken);

    /// <summary>
    /// Whether an operation that is known is another than the one that comes now. What an early release wrote says less, and counts as the
    /// same; who acted before a restoration is who the backup named.
    /// </summary>
    private static bool IsOther(string? knownActor, Guid? knownContent, string? actor, Guid content) =>
        (knownContent is { } known && known != content)
        || (knownContent is not null && knownActor is not null && actor is not null && ActorName.Read(knownActor).Actor != actor);

    /// <summary>Of a dataset whose labels are sets nothing is made while silos are about that could not read it.</summary>
    private void ThrowIfTooEarly()
    {
        if (!_dataset.Schema.IsOneClass && !level.KeepsLabelSets) throw new RefusedException(KnownLevel.TooLow);
    }

    public async Task<RoundInfo?> EndRoundAsync(string arm, int number, Guid operationId, CancellationToken cancellationToken)
    {
        // No turn is taken: a round that ends tells so in a turn of its own.
        if (_records.Rounds.Find(r => r.Arm == arm && r.Number == number) is not { } entry) return null;
        if (entry.Ended is { } ended) return ended;
        var actor = CallerContext.Actor;
        await BeginAsync(entry, cancellationToken);
        CallerContext.Actor = actor;
        return await Round(arm, number).EndAsync(operationId, cancellationToken);
    }

    private Task<RoundInfo> BeginAsync(RoundEntry round, CancellationToken cancellationToken)
    {
        // Whoever goes on with a round after a crash is not who started it.
        CallerContext.Actor = round.StartedBy;
        return Round(round.Arm, round.Number).StartAsync(round.Command, cancellationToken);
    }

    public Task<RoundInfo[]> GetRoundsAsync(CancellationToken cancellationToken) => GetRoundsAsync([.. _records.Rounds], cancellationToken);

    private Task<RoundInfo[]> GetRoundsAsync(RoundEntry[] rounds, CancellationToken cancellationToken) =>
        Task.WhenAll(rounds.Select(r => r.Ended is { } ended ? Task.FromResult(ended) : DescribeAsync(r, cancellationToken)));

    public Task<LearningState> GetLearningAsync(CancellationToken cancellationToken) => Task.FromResult(Learning);

    public Task<PromotedModel?> GetChampionAsync(string arm, CancellationToken cancellationToken) =>
        Task.FromResult(_records.ChampionOf(arm) is { } r ? new PromotedModel(r.Model!, r.HeadKey!) : null);

    public Task<SettleRound> SettleRoundAsync(SettleRound command, CancellationToken cancellationToken) => InTurnAsync(async () =>
    {
        var round = _records.Rounds.Find(r => r.Arm == command.Model.Arm && r.Number == command.Model.Round)
            ?? throw new RefusedException($"There is no round {command.Model.Name}.");
        if (round.Promoted is { } settled) return new SettleRound(round.Model!, round.HeadKey!, settled);
        if (!_dataset.Schema.Serves(command.Model.Schema))
            throw new RefusedException(
                $"The label schema has other classes by now than model {command.Model.Name} tells apart. Start a new round.");
        if (command.Promote && !state.State.Serves(command.Model))
            throw new RefusedException(
                $"Model {command.Model.Name} is of another space of vectors than the one that serves. Start a new round.");
        (round.Model, round.HeadKey, round.Promoted) = (command.Model, command.HeadKey, command.Promote);
        if (command.Promote && command.Model.Arm == Arms.Main)
        {
            (state.State.Learning.HeadKey, state.State.Learning.ModelName) = (command.HeadKey, command.Model.Name);
            state.State.Learning.Sequence++;
            await WriteAsync(() => _records.SettleAsync(round));
        }
        else await WriteAsync(() => _records.SaveAsync(round));
        return command;
    }, cancellationToken);

    public Task RoundEndedAsync(RoundInfo round, CancellationToken cancellationToken) => InTurnAsync(async () =>
    {
        if (_records.Rounds.Find(r => r.Arm == round.Arm && r.Number == round.Number) is not { Ended: null } entry) return false;
        entry.Ended = round;
        await WriteAsync(() => _records.SaveAsync(entry));
        return true;
    }, cancellationToken);

    private async Task<T> InTurnAsync<T>(Func<Task<T>> change, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return await change();
        }
        finally
        {
            _turn.Release();
        }
    }

    private Task WriteAsync() => WriteAsync(() => state.WriteStateAsync(CancellationToken.None));

    private async Task WriteAsync(Func<Task> write)
    {
        try
        {
            await write();
            RenewGauges();
        }
        catch
        {
            // Memory is ahead of the disk, or behind it: the next activation reads what stands.
            DeactivateOnIdle();
            await state.ReadStateAsync(CancellationToken.None);
            await _records.LoadAsync(CancellationToken.None);
            throw;
        }
    }

    /// <summary>Asks all shards.</summary>
    private Task<TResult[]> OnShardsAsync<TShard, TResult>(Func<TShard, Task<TResult>> call, CancellationToken cancellationToken)
        where TShard : IGrainWithStringKey =>
        datasets.OnShardsAsync(_dataset.Name, shards => shards.Grains<TShard>(GrainFactory, _dataset.Name).AllAsync(call),
            cancellationToken);

    private ISplitGrain Splitting => GrainFactory.GetGrain<ISplitGrain>(_dataset.Name);

    private IRoundGrain Round(string arm, int number) => GrainFactory.GetGrain<IRoundGrain>(GrainKeys.Round(_dataset.Name, arm, number));
}
