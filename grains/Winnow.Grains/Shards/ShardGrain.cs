using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.MachineDecisions;
using Winnow.Abstractions.Prelabels;
using Winnow.Abstractions.Review;
using Winnow.Abstractions.Training;
using Winnow.Grains.Columns;
using Winnow.Grains.Images;
using Winnow.Grains.Layout;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Grains.Scoring;
using Winnow.Grains.Settings;
using Winnow.Grains.Telemetry;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.MachineDecisions;

namespace Winnow.Grains.Shards;

/// <summary>
/// One shard: the unit of durability and of bulk work. It is the only writer of its rows (the ledger fences off any other), keeps an index
/// of its images in memory, and changes that index only after the ledger has committed. The grain itself forwards: each duty is a class of
/// its own, and every call passes the gate first.
/// </summary>
/// <remarks>Reentrant: a commit takes a disk's time, and everything that waits meanwhile goes to disk together.</remarks>
// Spread evenly by ShardPlacement. What stands here is for silos of releases that do not know it.
[Reentrant, KeepAlive, SiloRole(SiloTraits.Core), RandomPlacement, GrainType(ShardPlacement.GrainTypeName)]
internal sealed partial class ShardGrain(
    KnownDatasets datasets, IShardLedger ledger, IObjectStore objects, DeviceDirectory devices, LearnedParts parts, LocalShards local,
    ShardFaults faults, KnownLevel level, TimeProvider time, ShardOptions options, ILogger<ShardGrain> logger)
    : Grain, IShardIngest, IShardReview, IShardPrelabels, IShardMachine, IShardLearning, IShardSpaces, IShardSplit,
        IIncomingGrainCallFilter
{
    private readonly ShardIndex _index = new();
    private ShardWriter _writer = null!;
    private TaskBook _tasks = null!;
    private ShardGate _gate = null!;
    private ShardLoader _loader = null!;
    private ShardIntake _intake = null!;
    private ShardListing _listing = null!;
    private ShardPrelabels _prelabels = null!;
    private ShardMachine _machine = null!;
    private ShardDescriber _describer = null!;
    private ShardReservations _reservations = null!;
    private ShardReviewDesk _desk = null!;
    private ShardRounds _rounds = null!;
    private ShardColumns _columns = null!;
    private ShardPublisher _publisher = null!;
    private ShardSpaces _spaces = null!;
    private ShardLearner _learner = null!;
    private ShardTrial _trial = null!;
    private ShardScorer _scorer = null!;
    private ShardBackground _background = null!;
    private ShardThreshold _threshold = null!;
    private ShardHandover _handover = null!;
    private IDisposable? _gauges;
    private LocalShard? _local;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = ShardKey.Parse(this.GetPrimaryKeyString());
        _writer = new ShardWriter(key, datasets, ledger, time, logger, DeactivateOnIdle);
        await _writer.LookAsync(cancellationToken);
        faults.ThrowIfRecent(key.ToString(), _writer.Dataset);
        var drift = new ShardDrift(() => _writer.Dataset.Schema.Classes.Count);
        Build(drift);
        if (_writer.Standing == ShardStanding.Gone || await _writer.OpenAsync(cancellationToken) is not { } images) return;
        await _loader.LoadAsync(images, cancellationToken);
        await _writer.ReadBySchema(cancellationToken);
        _gauges = SiloGauges.Shards.Add(() => new ShardFigures(
            key.Dataset, _index.Stages(), _index.Embedded, _index.Count - _index.Embedded, _tasks.Open, _index.Decided,
            _scorer.Stalled is not null, drift.Figures));
        logger.ShardOpened(key.ToString(), _index.Count, _index.Embedded, _tasks.Open, _writer.Epoch);
        if (_writer.Standing == ShardStanding.Coming) _writer.TookOver = StartMachineWork;
        else StartMachineWork();
        _local = new LocalShard(key, GrainContext, () => _writer.Standing == ShardStanding.Holds && !_handover.IsCopying);
        local.Opened(_local);
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _writer.Stop();
        if (_local is not null) local.Closed(_local);
        _gauges?.Dispose();
        await _scorer.EndAsync();
        await _background.EndAsync();
        await _threshold.EndAsync();
        await _machine.EndAsync();
    }

    private void FollowSchema() => _index.Map = _writer.Dataset.Schema.Version is null ? null : SchemaMap.Of(_writer.Dataset.Schema);

    private void StartMachineWork()
    {
        _scorer.Start();
        _background.Start();
        _threshold.Start();
    }

    public Task Invoke(IIncomingGrainCallContext context) => _gate.IsOpenTo(context) ? context.Invoke() : PassAsync(context);

    private async Task PassAsync(IIncomingGrainCallContext context)
    {
        await _gate.PassAsync(context);
        await context.Invoke();
    }

    private void Build(ShardDrift drift)
    {
        var traces = new UploadTraces(time);
        FollowSchema();
        _tasks = new TaskBook(_index);
        var tally = new RoundTally(ledger, _writer.Key, _index);
        _columns = new ShardColumns(_writer, _index, objects, ledger, drift, time, logger);
        _writer.Closing.Register(_columns.StopWaiting);
        _machine = new ShardMachine(_writer, _index, ledger, time, logger);
        _writer.SchemaChanged = () =>
        {
            FollowSchema();
            _machine.SchemaChanged();
        };
        _loader = new ShardLoader(_writer, _index, _tasks, _columns, _machine, ledger, faults, GrainFactory, time, logger);
        _prelabels = new ShardPrelabels(_writer, _index, ledger);
        var predictions = new ShardPredictions(_writer, _columns, parts);
        _listing = new ShardListing(_writer, _index, _columns, _prelabels, _machine, predictions, ledger);
        _rounds = new ShardRounds(_writer, _index, _tasks, tally, GrainFactory);
        _writer.ReadBySchema = new ShardReading(_writer, _index, _tasks, _rounds, ledger, GrainFactory).FollowAsync;
        _describer = new ShardDescriber(_writer, _index, _tasks, _columns, _prelabels, predictions, ledger);
        _reservations = new ShardReservations(_writer, _index, _tasks, _describer, time, logger);
        _desk = new ShardReviewDesk(_writer, _index, _tasks, _rounds, _columns, GrainFactory, level, time);
        _publisher = new ShardPublisher(_writer, _columns, objects, options, time, logger);
        _spaces = new ShardSpaces(_writer, _columns, _publisher, drift, parts, GrainFactory, time);
        _learner = new ShardLearner(_writer, _index, _tasks, _columns, _spaces, new ShardSets(_writer, _index, ledger));
        _trial = new ShardTrial(_writer, _index, _columns, _desk);
        var lots = new ShardLots(_writer, _index, devices, GrainFactory);
        _scorer = new ShardScorer(_writer, _index, _columns, _publisher, _spaces, lots, _desk, traces, drift, options, time, logger);
        _background = new ShardBackground(_writer, _index, _columns, _publisher, _spaces, lots, parts, options, time, logger);
        _threshold = new ShardThreshold(
            _writer, _index, _tasks, _columns, _spaces, _prelabels, _desk, _rounds, time, logger);
        _scorer.Idle = _background.Wake;
        _scorer.Published = _threshold.Wake;
        _prelabels.Arrived = _threshold.Arrived;
        _machine.Freed = _threshold.LookAgain;
        _spaces.Turned = () =>
        {
            _scorer.Wake();
            _background.Wake();
            _threshold.Wake();
        };
        _intake = new ShardIntake(_writer, _index, ledger, traces, time, _scorer.Arrived);
        _handover = new ShardHandover(_writer, _index, _intake, _columns, _spaces, datasets, ledger, objects, options, time);
        _gate = new ShardGate(_writer, _columns, _spaces);
    }

    [Needs(ShardPart.Rows)]
    public Task<IngestOutcome[]> ApplyAsync(IngestLot lot, CancellationToken cancellationToken) =>
        _intake.ApplyAsync(lot, cancellationToken);

    [Needs(ShardPart.Rows)]
    public Task<ShardSummary> GetSummaryAsync(CancellationToken cancellationToken)
    {
        // Asked now and then by whoever wakes all shards: what is said of them holds for as long as they say it.
        _loader.NoteTasks();
        return Task.FromResult(new ShardSummary(
            _index.Count, _index.Stages(), _index.Holdout, _index.Count - _index.Embedded, _tasks.Open, _index.Decided, _scorer.Stalled,
            _background.Progress(), _tasks.OpenOfEach(), _index.StandingBy(MachineKind.AutoAccepted),
            _index.StandingBy(MachineKind.Pseudo)));
    }

    [Needs(ShardPart.Scores)]
    public Task<ImageRecord?> FindAsync(ImageId image, CancellationToken cancellationToken) => _listing.FindAsync(image, cancellationToken);

    [Needs(ShardPart.Rows)]
    public Task<bool> HoldsAsync(ImageId image, CancellationToken cancellationToken) => Task.FromResult(_index.TryFind(image, out _));

    [Needs(ShardPart.Rows)]
    public Task<ListedImages> ListAsync(ListImages query, CancellationToken cancellationToken) =>
        _listing.ListAsync(query, cancellationToken);

    [Needs(ShardPart.Rows)]
    public Task ReopenAsync(CancellationToken cancellationToken)
    {
        _writer.Close();
        return Task.CompletedTask;
    }

    [Needs(ShardPart.Rows)]
    public Task<bool[]> PutAsync(PrelabelLot lot, CancellationToken cancellationToken) => _prelabels.PutAsync(lot, cancellationToken);

    [Needs(ShardPart.Rows)]
    public Task<PrelabelOutcome[]> TakeAsync(PrelabelLot lot, CancellationToken cancellationToken) =>
        _prelabels.TakeAsync(lot, cancellationToken);

    [Needs(ShardPart.Rows)]
    public Task<string?[]> PutDecisionsAsync(MachineLot lot, CancellationToken cancellationToken) =>
        _machine.PutAsync(lot, cancellationToken);

    [Needs(ShardPart.Rows)]
    public Task<MachineTakenBack> TakeBackAsync(MachineTakeBack command, CancellationToken cancellationToken) =>
        _machine.TakeBackAsync(command, cancellationToken);

    [Needs(ShardPart.Rows)]
    public Task<MachineRun[]> GetRunsAsync(CancellationToken cancellationToken) => _machine.GetRunsAsync(cancellationToken);

    [Needs(ShardPart.Rows)]
    public Task EnqueueAsync(EnqueueTasks tasks, CancellationToken cancellationToken) => _desk.EnqueueAsync(tasks, cancellationToken);

    [Needs(ShardPart.Rows)]
    public Task<ArmProgress> GetProgressAsync(string arm, int round, CancellationToken cancellationToken) =>
        _rounds.GetProgressAsync(arm, round, cancellationToken);

    [Needs(ShardPart.Rows)]
    public Task WithdrawAsync(string arm, int round, CancellationToken cancellationToken) =>
        _rounds.WithdrawAsync(arm, round, cancellationToken);

    [Needs(ShardPart.AllColumns)]
    public Task ApplyLearningAsync(LearningState state, CancellationToken cancellationToken) =>
        _spaces.ApplyAsync(state, cancellationToken);

    [Needs(ShardPart.Columns)]
    public Task RescoreAsync(LearningState state, CancellationToken cancellationToken) => _spaces.ApplyAsync(state, cancellationToken);

    [Needs(ShardPart.Columns)]
    public Task<ulong[]> GetSmallestAuditHashesAsync(int count, CancellationToken cancellationToken) =>
        Task.FromResult(_learner.SmallestAuditHashes(count));

    [Needs(ShardPart.Spaces)]
    public Task<MatrixRows> SampleEmbeddingsAsync(int count, string? backbone, CancellationToken cancellationToken) =>
        Task.FromResult(_trial.SampleEmbeddings(backbone, count));

    [Needs(ShardPart.Spaces)]
    public Task<SpaceSample> SampleLabelledAsync(string backbone, int count, CancellationToken cancellationToken) =>
        Task.FromResult(_trial.SampleLabelled(backbone, count));

    [Needs(ShardPart.Spaces)]
    public Task<int> CountUnusableAsync(string backbone, CancellationToken cancellationToken) =>
        _trial.CountUnusableAsync(backbone, cancellationToken);

    [Needs(ShardPart.Spaces)]
    public Task<int> PutAsideUnusableAsync(string backbone, CancellationToken cancellationToken) =>
        _trial.PutAsideUnusableAsync(backbone, cancellationToken);

    [Needs(ShardPart.Learning)]
    public Task<int[]> GetUnaskedAuditAsync(LearningState? learning, CancellationToken cancellationToken) =>
        Task.FromResult(_learner.UnaskedAudit(learning));

    [Needs(ShardPart.Learning)]
    public Task<GatheredCandidates> GatherCandidatesAsync(GatherCandidates request, CancellationToken cancellationToken) =>
        _learner.GatherAsync(request, cancellationToken);

    [Needs(ShardPart.Learning)]
    public Task<MatrixRows> GetVectorsAsync(int[] ordinals, LearningState? learning, CancellationToken cancellationToken) =>
        Task.FromResult(_learner.VectorsOf(ordinals));

    [Needs(ShardPart.Learning)]
    public Task<LabelledRows> GetLabelledAsync(string arm, int throughRound, LearningState? learning,
        CancellationToken cancellationToken) =>
        _learner.LabelledAsync(arm, throughRound, learning, cancellationToken);

    [Needs(ShardPart.Columns)]
    public Task<int> CountLabelledAsync(string arm, int throughRound, CancellationToken cancellationToken) =>
        Task.FromResult(_learner.CountLabelled(arm, throughRound));

    [Needs(ShardPart.Learning)]
    public Task<HoldoutResult> EvaluateHoldoutAsync(byte[] head, LearningState? learning, CancellationToken cancellationToken) =>
        _learner.EvaluateHoldoutAsync(head, cancellationToken);

    [Needs(ShardPart.AllColumns)]
    public Task<CopiedRows> CopyAsync(CancellationToken cancellationToken) => _handover.CopyAsync(cancellationToken);

    [Needs(ShardPart.AllColumns)]
    public Task SealAsync(CancellationToken cancellationToken) => _handover.SealAsync(cancellationToken);

    [Needs(ShardPart.Rows)]
    public Task MakeReadyAsync(CancellationToken cancellationToken) => _handover.MakeReadyAsync(cancellationToken);

    [Needs(ShardPart.Rows)]
    public Task RetireAsync(CancellationToken cancellationToken) => _handover.RetireAsync(cancellationToken);
}
