using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Scoring;
using Winnow.Cluster.Tests.Images;
using Winnow.Grains.Columns;
using Winnow.Grains.Images;
using Winnow.Grains.Layout;
using Winnow.Grains.Ports;
using Winnow.Grains.Settings;
using Winnow.Grains.Shards;
using Winnow.Grains.Telemetry;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;

namespace Winnow.Cluster.Tests.Schedules;

/// <summary>
/// A shard whose columns grow and are scored anew, while activations that publish are replaced by others and go on. What a reader may see
/// at any moment, in memory or on disk after a crash, is whole: each row bears what made it and its own number.
/// </summary>
internal sealed class PublishingWorld
{
    private const int Images = 24;
    private const int Activations = 3;
    private const string Backbone = "mobilenetv3-small";
    private static readonly CancellationToken Never = CancellationToken.None;
    private static readonly int RowBytes = Marshal.SizeOf<ImageScore>();

    private static readonly DatasetInfo Dataset = new("cats", new LabelSchema { Classes = [new("cat"), new("dog")] },
        new DatasetSettings { Shards = 1, Backbone = Backbone }, DateTimeOffset.UnixEpoch, "ada");

    private readonly SeededRandom _random;
    private readonly Mishaps _mishaps;
    private readonly SimulatedLedger _ledger;
    private readonly SimulatedObjects _objects;
    private readonly KnownDatasets _datasets;
    private readonly ShardKey _key = new(Dataset.Name, 0);
    private readonly List<Activation> _activations = [];
    private (int Rows, int Model) _disk;

    public PublishingWorld(ulong seed, VirtualClock clock)
    {
        Clock = clock;
        _random = new SeededRandom(seed ^ 0x5EED);
        _mishaps = new Mishaps(new SeededRandom(seed ^ 0xBAD));
        _ledger = new SimulatedLedger(Dataset, _mishaps);
        _objects = new SimulatedObjects(_mishaps);
        _datasets = new KnownDatasets(_ledger.Datasets, clock);
    }

    public VirtualClock Clock { get; }

    /// <summary>Columns that were published.</summary>
    public int Published { get; private set; }

    private sealed record Activation(ShardWriter Writer, ShardColumns Columns, ShardPublisher Publisher)
    {
        public (int Rows, int Model) Seen { get; set; }
    }

    public async Task RunAsync()
    {
        List<Task> work = [];
        for (var i = 0; i < Activations; i++)
        {
            // The one before goes on: it hangs, or has not heard that it is given up.
            if (await OpenAsync() is { } activation) work.AddRange([GrowAsync(activation), LearnAsync(activation)]);
            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(4_000)), Clock, Never);
        }
        await Task.WhenAll(work);
        _mishaps.IsOver = true;
        if (await OpenAsync() is not { } last || Look(last) != OnDisk())
            throw new ScheduleFault("a shard that opens does not have what is on disk");
    }

    /// <summary>What holds between any two turns.</summary>
    public void Check()
    {
        var disk = OnDisk();
        if (disk.Rows < _disk.Rows || disk.Model < _disk.Model) throw new ScheduleFault($"on disk {_disk} is followed by {disk}");
        _disk = disk;
        foreach (var activation in _activations)
        {
            if (activation.Writer.IsClosed) continue;
            var now = Look(activation);
            if (now.Rows < activation.Seen.Rows || now.Model < activation.Seen.Model)
                throw new ScheduleFault($"{activation.Seen} is followed by {now}");
            if (now.Rows > disk.Rows || now.Model > disk.Model) throw new ScheduleFault($"{now} is shown, and {disk} is on disk");
            activation.Seen = now;
        }
    }

    private async Task<Activation?> OpenAsync()
    {
        // It maps its columns on other threads, so nothing else goes on meanwhile.
        var mishaps = _mishaps.IsOver;
        _mishaps.IsOver = true;
        await Task.Yield();
        var activation = Task.Run(LoadAsync).GetAwaiter().GetResult();
        _mishaps.IsOver = mishaps;
        _activations.Add(activation);
        return activation;
    }

    private async Task<Activation> LoadAsync()
    {
        var writer = new ShardWriter(_key, _datasets, _ledger, Clock, NullLogger.Instance, () => { });
        await writer.LookAsync(Never);
        var images = await writer.OpenAsync(Never);
        var index = new ShardIndex();
        for (var i = 0; i < Images; i++) index.Add(ShardIndexTests.IdOf(i), Partition.Pool, -1, quarantined: false);
        Assert.Equal(0, images);
        var columns = new ShardColumns(writer, index, _objects, _ledger, new ShardDrift(() => 2), Clock, NullLogger.Instance);
        await columns.ReadPublishedAsync(new ShardRows(index, new() { Classes = [new("a"), new("b")] }), Never);
        await columns.LoadServingAsync(() => Task.FromResult<Abstractions.Training.LearnedSpace?>(null), Never);
        await columns.LoadOthersAsync(Never);
        var options = new ShardOptions { SegmentRows = 8, KeepSuperseded = TimeSpan.FromMilliseconds(_random.Next(3) * 500) };
        return new Activation(writer, columns, new ShardPublisher(writer, columns, _objects, options, Clock, NullLogger.Instance));
    }

    /// <summary>More rows come, and with them their scores.</summary>
    private async Task GrowAsync(Activation shard)
    {
        while (!shard.Writer.IsClosed && Look(shard).Rows < Images)
        {
            await AsFarAsItGoesAsync(shard, async () =>
            {
                var (first, model) = Look(shard);
                var count = Math.Min(1 + _random.Next(5), Images - first);
                await Task.Yield();
                List<MadeSegment> made = [shard.Publisher.Continue(SegmentKinds.Embedding, Backbone, first, count, Rows(0, first, count))];
                if (model > 0)
                    made.Add(shard.Publisher.Continue(SegmentKinds.Scores, NameOf(model), first, count, Rows(model, first, count)));
                await shard.Publisher.PublishAsync(made, [], [], Never);
            });
        }
    }

    /// <summary>New models take the place of old ones.</summary>
    private async Task LearnAsync(Activation shard)
    {
        for (var i = 0; i < 3 && !shard.Writer.IsClosed; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(2_000)), Clock, Never);
            await AsFarAsItGoesAsync(shard, async () =>
            {
                var (rows, model) = Look(shard);
                if (rows == 0) return;
                await Task.Yield();
                var made = MadeSegment.Of(SegmentKinds.Scores, NameOf(model + 1), 0, rows, Rows(model + 1, 0, rows));
                await shard.Publisher.PublishAsync([made], model > 0 ? [(SegmentKinds.Scores, NameOf(model))] : [], [], Never);
            });
        }
    }

    private async Task AsFarAsItGoesAsync(Activation shard, Func<Task> publish)
    {
        try
        {
            await shard.Publisher.InTurnAsync(publish, Never);
            Published++;
        }
        catch (Exception e) when (e is OrleansException or IOException)
        {
            await Task.Yield();
        }
        catch (InvalidDataException) when (shard.Writer.IsClosed)
        {
            // Published, and before it was mapped another activation has replaced it.
        }
    }

    /// <summary>How many rows an activation shows, and of which model; each of them is looked at.</summary>
    private static (int Rows, int Model) Look(Activation shard)
    {
        var rows = shard.Columns.Find(SegmentKinds.Embedding, Backbone);
        for (var o = 0; o < rows?.Count; o++) CheckRow(rows.Row<ImageScore>(o)[0], 0, o);
        var scores = shard.Columns.All.Where(c => c.Kind == SegmentKinds.Scores).ToArray();
        if (scores.Length == 0) return (rows?.Count ?? 0, 0);
        if (scores is not [var one]) throw new ScheduleFault($"{scores.Length} models are shown at once");
        var model = ModelOf(one.Version);
        for (var o = 0; o < one.Rows.Count; o++) CheckRow(one.Rows.Row<ImageScore>(o)[0], model, o);
        if (one.Rows.Count != rows?.Count) throw new ScheduleFault($"{one.Rows.Count} rows have scores, and {rows?.Count} are embedded");
        return (one.Rows.Count, model);
    }

    /// <summary>The same of what a crash would leave.</summary>
    private (int Rows, int Model) OnDisk()
    {
        var columns = _ledger.Disk(0).Segments.Values.GroupBy(s => (s.Kind, s.Version))
            .ToDictionary(g => g.Key, g => CountOf([.. g.OrderBy(s => s.First)]));
        var rows = columns.GetValueOrDefault((SegmentKinds.Embedding, Backbone));
        var models = columns.Where(c => c.Key.Kind == SegmentKinds.Scores).ToArray();
        if (models.Length == 0) return (rows, 0);
        if (models is not [var one] || one.Value != rows)
            throw new ScheduleFault($"on disk are {models.Length} models, of {models[0].Value} rows of {rows}");
        return (rows, ModelOf(one.Key.Version));
    }

    private int CountOf(SegmentRow[] segments)
    {
        var next = 0;
        foreach (var segment in segments)
        {
            if (segment.First != next) throw new ScheduleFault($"a column goes on at row {segment.First} after row {next - 1}");
            if (!_objects.TryGet(segment.ObjectKey, out var content))
                throw new ScheduleFault($"{segment.ObjectKey} is published and not there");
            var header = SegmentFormat.Read(content);
            if ((header.First, header.Count) != (segment.First, segment.Count))
                throw new ScheduleFault($"{segment.ObjectKey} holds other rows than are published");
            var rows = MemoryMarshal.Cast<byte, ImageScore>(SegmentFormat.Rows(content));
            var model = segment.Kind == SegmentKinds.Scores ? ModelOf(segment.Version) : 0;
            for (var i = 0; i < rows.Length; i++) CheckRow(rows[i], model, segment.First + i);
            next += segment.Count;
        }
        return next;
    }

    private static void CheckRow(ImageScore row, int model, int ordinal)
    {
        if (((int)row.Entropy, (int)row.Energy) != (model, ordinal))
            throw new ScheduleFault($"row {ordinal} of model {model} is row {row.Energy} of model {row.Entropy}");
    }

    private static byte[] Rows(int model, int first, int count)
    {
        var segment = SegmentFormat.Allocate(RowBytes, count);
        var rows = MemoryMarshal.Cast<byte, ImageScore>(SegmentFormat.Rows(segment));
        for (var i = 0; i < count; i++) rows[i] = ImageScore.None with { Entropy = model, Energy = first + i };
        return segment;
    }

    private static string NameOf(int model) => string.Create(CultureInfo.InvariantCulture, $"main/{model}");

    private static int ModelOf(string version) => int.Parse(version.AsSpan(version.IndexOf('/') + 1), CultureInfo.InvariantCulture);
}
