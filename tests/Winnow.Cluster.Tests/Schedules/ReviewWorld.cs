using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Abstractions;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Review;
using Winnow.Abstractions.Training;
using Winnow.Adapters.Tests.Ledger;
using Winnow.Algorithms.Numerics;
using Winnow.Cluster.Tests.Images;
using Winnow.Grains.Columns;
using Winnow.Grains.Images;
using Winnow.Grains.Layout;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Grains.Review;
using Winnow.Grains.Scoring;
using Winnow.Grains.Settings;
using Winnow.Grains.Shards;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Policies;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Cluster.Tests.Schedules;

/// <summary>
/// Three people, two shards, a queue, and a grain for each image, all of them those of the product, while silos hang and are given up,
/// grains move, messages and commits get lost and leases run out.
/// </summary>
internal sealed partial class ReviewWorld
{
    private const string Name = "cats";
    private const int Images = 8;
    private const int AskedLater = 3;
    private const int Turns = 7;
    private const int Troubles = 6;
    private const int Amendments = 4;
    private static readonly string[] People = ["ann", "bea", "cem"];
    private static readonly CancellationToken Never = CancellationToken.None;

    private static readonly DatasetInfo Dataset = new(Name, new LabelSchema { Classes = [new("cat"), new("dog")] },
        new DatasetSettings { Shards = 2, LeasePeriod = TimeSpan.FromSeconds(20) }, DateTimeOffset.UnixEpoch, "ada");

    private readonly SeededRandom _random;
    private readonly Mishaps _mishaps;
    private readonly SimulatedLedger _ledger;
    private readonly SimulatedSilos _silos;
    private readonly ReviewBook _book;
    // Beside silos of an earlier release queues know no turns: what one had set aside stays so until its time is over.
    private readonly bool _takesTurns;
    private readonly bool _verifies;
    private readonly List<(ReviewTask Task, string Actor)> _taken = [];
    private readonly ImageId[] _images = [.. Enumerable.Range(0, Images).Select(ShardIndexTests.IdOf)];

    public ReviewWorld(ulong seed, VirtualClock clock)
    {
        Clock = clock;
        _random = new SeededRandom(seed ^ 0x5EED);
        _takesTurns = _random.Next(4) > 0;
        _verifies = _takesTurns && _random.Next(2) == 0;
        _mishaps = new Mishaps(new SeededRandom(seed ^ 0xBAD));
        _ledger = new SimulatedLedger(Dataset, _mishaps);
        _silos = new SimulatedSilos(_mishaps);
        _book = new ReviewBook(clock, Dataset.Settings.LeasePeriod, image => _ledger.Disk(Dataset.Shards.ShardOf(image)));
        AddGrains();
        for (var shard = 0; shard < 2; shard++) Fill(_ledger.Disk(shard));
    }

    public VirtualClock Clock { get; }

    /// <summary>What grains said to each other, where somebody runs a seed again.</summary>
    public void Tell(Action<string> told) => _silos.Told = line => told($"{Clock.GetUtcNow():HH:mm:ss.fff} {line}");

    public ReviewBook Book => _book;

    public async Task RunAsync()
    {
        await Task.WhenAll([.. People.Select(PersonAsync), AskAsync(), AmendAsync(), TroubleAsync()]);
        _mishaps.IsOver = true;
        await EverythingIsAskedAsync();
        await MemoryIsWhatDiskIsAsync();
        _book.Check(_images);
        await _silos.EndAllAsync();
    }

    /// <summary>What holds between any two turns.</summary>
    public void Check()
    {
        foreach (var activation in _silos.All)
        {
            if (activation.Grain is not ShardGrain shard || BookOf(shard) is not { } tasks) continue;
            var index = IndexOf(shard);
            var asked = Enumerable.Range(0, index.Count).Where(o => index.QuestionOf(o) is not null).ToArray();
            var (open, reserved) = (asked.Length, asked.Count(o => index.Has(o, ShardIndex.Flags.Reserved)));
            if (tasks.Open != open) throw new ScheduleFault($"a book counts {tasks.Open} open tasks, and {open} are");
            if (tasks.Free != open - reserved) throw new ScheduleFault($"a book counts {tasks.Free} free tasks, and {open - reserved} are");
        }
    }

    private void AddGrains()
    {
        var datasets = new KnownDatasets(_ledger.Datasets, Clock);
        var keyring = new LeaseKeyring(_ledger);
        var objects = Stub.Of<IObjectStore>((method, _) => throw new NotSupportedException(method.Name));
        var headers = Stub.Of<IImageHeaders>((method, _) => throw new NotSupportedException(method.Name));
        var records = new SimulatedRecords(_mishaps) { Wrote = kind => { if (kind == ControlStorage.QueueTurn) _book.QueueFollowed(); } };
        var queues = new KnownLevel();
        if (_takesTurns) queues.Saw(ClusterLevels.Newest);
        if (_verifies)
            records.Plant(ControlStorage.Policies, $"{Name}/2", DatasetPolicies.First(Dataset) with { Version = 2, VerifyShare = 0.5 });
        _silos.Add("queue", () => new QueueGrain(
            datasets, keyring, queues, new LocalQueues(), records, Clock, NullLogger<QueueGrain>.Instance), typeof(IQueueGrain));
        var level = new KnownLevel();
        level.Saw(ClusterLevels.Newest);
        _silos.Add("image", () => new ImageGrain(datasets, _ledger, objects, headers, keyring, level, Clock), typeof(IImageGrain));
        _silos.Add("shard", () => new ShardGrain(
            datasets, _ledger, objects, new DeviceDirectory(null!, null!, Clock), new LearnedParts(objects), new LocalShards(),
            new ShardFaults(Clock), level, Clock, new ShardOptions(), NullLogger<ShardGrain>.Instance),
            typeof(IShardReview), typeof(IShardIngest), typeof(IShardLearning));
        _silos.Add<ISetAsideNotesGrain>((_, _) => Task.FromResult<object?>(null));
        _silos.Add<IRoundGrain>((_, _) => Task.FromResult<object?>(null));
        // The dataset is silent. Machine work waits for it and leaves people alone; who asks for policies goes by those of the creation.
        _silos.Add<IDatasetGrain>(async (method, arguments) =>
        {
            if (method.Name == nameof(IDatasetGrain.GetPoliciesAsync)) throw new TimeoutException("The dataset is silent.");
            await new TaskCompletionSource().Task.WaitAsync((CancellationToken)arguments[^1]!);
            return null;
        });
    }

    private void Fill(NaiveShard shard)
    {
        var epoch = shard.Open().Epoch;
        ImageId[] ids = [.. _images.Where(i => Dataset.Shards.ShardOf(i) == shard.Key.Shard)];
        IngestRow RowOf(ImageId id) => new(id, NameOf(id), "png", 28, 28, 1, 600, Partition.Pool, -1, null);
        var rows = ids.Select((id, o) => new ImageRow(o, RowOf(id), DateTimeOffset.UnixEpoch, "ada"));
        var asked = ids.Select((id, o) => (id, o)).Where(i => Array.IndexOf(_images, i.id) < Images - AskedLater);
        shard.Commit(new ShardCommit
        {
            Shard = shard.Key,
            Epoch = epoch,
            Images = [.. rows],
            Tasks = [.. asked.Select(i => new TaskRow(i.o, Arms.Main, 1, i.o, DateTimeOffset.UnixEpoch))],
        });
    }

    private string NameOf(ImageId image) => $"{Array.IndexOf(_images, image)}.png";

    private T Grain<T>(string key) where T : IGrainWithStringKey => _silos.Factory.GetGrain<T>(key);

    private IQueueGrain Queue => Grain<IQueueGrain>(Name);

    /// <summary>
    /// Once nobody holds anything any more, somebody new is asked about all that is open. Where queues take turns it is enough that a new
    /// one begins: what nobody presents there is offered within seconds.
    /// </summary>
    private async Task EverythingIsAskedAsync()
    {
        if (_takesTurns) _silos.GiveUp("queue", Name);
        else await Task.Delay(3 * Dataset.Settings.LeasePeriod, Clock, Never);
        DateTimeOffset? heard = null;
        var asked = new HashSet<ImageId>();
        for (var tries = 0; tries < 10; tries++)
        {
            ReviewTask[] tasks = [];
            var all = new LeaseRequest(Images, 2_000, Kinds);
            if (!await AsFarAsItGoesAsync(async () => tasks = await Queue.TakeAsync(all, "zoe", Never))) continue;
            foreach (var task in tasks) _book.Was(task, "zoe");
            asked.UnionWith(tasks.Select(t => t.Image));
            // All shards have heard of it by now. Messages of this world may take seconds.
            heard ??= Clock.GetUtcNow();
            var late = _takesTurns && Clock.GetUtcNow() - heard > TimeSpan.FromSeconds(20);
            if (asked.SetEquals(Open()) && !late) return;
        }
        string Named(IEnumerable<ImageId> images) => string.Join(", ", images.Select(NameOf));
        throw new ScheduleFault($"open are {Named(Open())}; asked about were {Named(asked)}");
    }

    private async Task MemoryIsWhatDiskIsAsync()
    {
        await Task.Delay(3 * Dataset.Settings.LeasePeriod, Clock, Never);
        var now = Clock.GetUtcNow();
        for (var shard = 0; shard < 2; shard++)
        {
            var open = Open().Where(i => Dataset.Shards.ShardOf(i) == shard).Order().ToArray();
            var desk = Grain<IShardReview>(GrainKeys.Shard(Name, shard));
            var until = now + Dataset.Settings.LeasePeriod;
            var reserved = new List<ReservedTask>();
            foreach (var kind in Kinds)
            {
                var some = _takesTurns ? await desk.ReserveOfKindAsync(long.MaxValue, kind, Images, until, Never)
                    : await desk.ReserveAsync(Images, until, Never);
                reserved.AddRange(some.Tasks);
                if (some.Remaining != 0) throw new ScheduleFault($"{some.Remaining} tasks to {kind} are said to be left of none");
            }
            if (!reserved.Select(t => t.Image).Order().SequenceEqual(open))
                throw new ScheduleFault($"of {open.Length} open tasks {reserved.Count} could be set aside");
        }
        foreach (var image in _images)
        {
            var detail = await Grain<IImageGrain>(GrainKeys.Image(Name, image)).GetAsync(Never);
            var disk = _ledger.Disk(Dataset.Shards.ShardOf(image)).VersionOf(image);
            if (detail?.Version != disk)
                throw new ScheduleFault($"{NameOf(image)} is shown at version {detail?.Version}, on disk it has {disk}");
        }
    }

    private ImageId[] Open() => [.. Enumerable.Range(0, 2).Select(_ledger.Disk).SelectMany(OpenOf)];

    private static IEnumerable<ImageId> OpenOf(NaiveShard disk) =>
        disk.Tasks.Values.Select(t => t.Ordinal).Distinct().Where(o => ReviewBook.AskedOf(disk, o) is not null)
            .Select(o => disk.Images[o].Row.Id);

    /// <summary>What everybody does who is at work.</summary>
    private TaskKind[] Kinds => _verifies ? [TaskKind.Label, TaskKind.Verify, TaskKind.Arbitrate] : [TaskKind.Label];

    private string ShardOf(ImageId image) => GrainKeys.Shard(Name, Dataset.Shards.ShardOf(image));

    /// <summary>Does something that an outage may end; whether it was done.</summary>
    private static async Task<bool> AsFarAsItGoesAsync(Func<Task> work)
    {
        try
        {
            await work();
            return true;
        }
        catch (Exception e) when (e is OrleansException or TimeoutException or IOException)
        {
            return false;
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_tasks")]
    private static extern ref TaskBook? BookOf(ShardGrain shard);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_index")]
    private static extern ref ShardIndex IndexOf(ShardGrain shard);
}
