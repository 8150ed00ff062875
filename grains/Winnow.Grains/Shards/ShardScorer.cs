using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Scoring;
using Winnow.Abstractions.Telemetry;
using Winnow.Grains.Columns;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Scoring;
using Winnow.Grains.Settings;
using Winnow.Grains.Telemetry;
using Winnow.Grains.Work;
using Winnow.Model.Images;
using Winnow.Model.Names;

namespace Winnow.Grains.Shards;

/// <summary>
/// The device's pipeline: images become embeddings, lot by lot in the order of ordinals, and a run of them becomes a segment with one
/// ledger row, projected and scored under the learning that holds then. What a crash leaves unpublished is made again.
/// </summary>
internal sealed class ShardScorer(
    ShardWriter writer, ShardIndex index, ShardColumns columns, ShardPublisher publisher, ShardLearner learner, ShardReviewDesk desk,
    UploadTraces traces, ShardDrift drift, DeviceDirectory devices, IGrainFactory grains, ShardOptions options, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(300);
    private static readonly (TimeSpan, TimeSpan) Pauses = (TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5));

    // Released once when there is something to do, however often that is said.
    private readonly SemaphoreSlim _wake = new(0, 1);
    // Lots that came back, in the order of ordinals from the last published one on, and their rows.
    private readonly List<EmbeddedLot> _buffer = [];
    private int _buffered;
    private long _lastArrival;
    // Whether the shard has come to where the dataset's learning stands, once.
    private bool _joined;
    private Task _work = Task.CompletedTask;

    /// <summary>Why images wait; null while none does for long.</summary>
    public string? Stalled { get; private set; }

    // What the log has of that already: it is told once, and again only when scoring has worked meanwhile.
    private string? _told;

    /// <summary>Begins. Ends with the shard.</summary>
    public void Start() => _work = RunAsync(writer.Closing);

    /// <summary>Waits for its end, which the shard's closing brings.</summary>
    public Task EndAsync() => _work;

    /// <summary>Images have come.</summary>
    public void Arrived()
    {
        _lastArrival = time.GetTimestamp();
        if (_wake.CurrentCount == 0) _wake.Release();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        // The call that opened the shard is over; its trace must not go on for as long as the shard lives.
        Activity.Current = null;
        await RetryLoop.RunAsync(WorkUntilWokenAsync, Stall, Pauses, time, cancellationToken);
    }

    private async Task<bool> WorkUntilWokenAsync(CancellationToken cancellationToken)
    {
        await columns.LoadAsync(cancellationToken);
        if (!_joined)
        {
            var learning = await grains.GetGrain<IDatasetGrain>(writer.Key.Dataset).GetLearningAsync(cancellationToken);
            await learner.ApplyAsync(learning, cancellationToken);
        }
        _joined = true;
        await EmbedPendingAsync(cancellationToken);
        GoesOn();
        await _wake.WaitAsync(cancellationToken);
        return true;
    }

    /// <summary>An outside system is away: the backlog waits, nothing is dropped.</summary>
    private void Stall(Exception reason, TimeSpan pause)
    {
        Stalled = ShownText.Told(reason.Message);
        columns.StopWaitingForScores();
        // How much of it was published before the failure is not known here; embedding it again is cheap, and never wrong.
        _buffer.Clear();
        _buffered = 0;
        if (index.Embedded == 0) columns.Embeddings.Version = null;
        var isTold = _told == Stalled;
        _told = Stalled;
        if (isTold) logger.ScoringStillWaits(reason, writer.Key.ToString(), pause);
        // What somebody outside can mend is a sentence; what may be a fault of the program comes with where it happened.
        else if (reason is InvalidOperationException || PassingFailure.Is(reason)) logger.ScoringWaits(writer.Key.ToString(), Stalled);
        else logger.ScoringStalled(reason, writer.Key.ToString(), pause);
    }

    private void GoesOn() => (Stalled, _told) = (null, null);

    /// <summary>Embeds until no image waits. Lots are sent ahead; they are taken back in order.</summary>
    private async Task EmbedPendingAsync(CancellationToken cancellationToken)
    {
        var ahead = new Queue<Task<EmbeddedLot>>();
        var next = index.Embedded + _buffered;
        try
        {
            while (true)
            {
                while (ahead.Count < options.LotsInFlight && next < index.Count)
                {
                    var count = Math.Min(options.LotSize, index.Count - next);
                    ahead.Enqueue(EmbedLotAsync(next, count, cancellationToken));
                    next += count;
                }
                if (ahead.TryDequeue(out var first))
                {
                    var lot = await first;
                    _buffer.Add(lot);
                    _buffered += lot.Reasons.Length;
                    if (_buffered >= options.SegmentRows) await PublishAsync(cancellationToken);
                    GoesOn();
                }
                // A little patience while images keep coming makes few large segments instead of many small ones. Counted from the last
                // that came: the end of a backlog waits for nothing, where the devices would stand idle meanwhile.
                else if (_buffered > 0)
                {
                    if (!await WokenAsync(Linger - time.GetElapsedTime(_lastArrival), cancellationToken)) await PublishAsync(cancellationToken);
                }
                else if (next >= index.Count) return;
            }
        }
        finally
        {
            foreach (var task in ahead) task.Ignore();
        }
    }

    private async Task<bool> WokenAsync(TimeSpan patience, CancellationToken cancellationToken) =>
        patience > TimeSpan.Zero && await _wake.WaitAsync(patience, cancellationToken);

    private async Task<EmbeddedLot> EmbedLotAsync(int first, int count, CancellationToken cancellationToken)
    {
        using var span = traces.StartLot(first, count, writer.Key.Dataset);
        var images = new List<ImageId>(count);
        for (var o = first; o < first + count; o++)
            if (!index.Has(o, ShardIndex.Flags.Quarantined)) images.Add(index.IdOf(o));
        columns.Embeddings.Version = SameVersion();
        var wanted = new EmbedLot(writer.Key.Dataset, [.. images]);
        var backbone = writer.Dataset.Settings.Backbone;
        var lot = await devices.SendAsync(backbone, wanted.Images.Length, device =>
        {
            var key = new DeviceKey(backbone, device.Silo, device.Slot).ToString();
            return grains.GetGrain<IScoringGrain>(key).EmbedAsync(wanted, cancellationToken);
        });
        return images.Count == count ? lot : Spread(lot, first, count);
    }

    /// <summary>The version of what is embedded next, which has to be that of what the shard has.</summary>
    private string SameVersion()
    {
        var version = devices.Embeddings(writer.Dataset.Settings.Backbone);
        var known = columns.Embeddings.Version;
        return known is null || known == version
            ? version
            : throw new InvalidOperationException(
                $"The embeddings of this dataset are of {known}, and the devices make those of {version} now: they must not be mixed. "
                + "Set Scoring:Precision back, or use another dataset; what waits is kept.");
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
            if (index.Has(first + i, ShardIndex.Flags.Quarantined)) MemoryMarshal.Cast<byte, Half>(row).Fill(Half.NaN);
            else
            {
                lot.Vectors.AsSpan(from * rowBytes, rowBytes).CopyTo(row);
                reasons[i] = lot.Reasons[from++];
            }
        }
        return new EmbeddedLot(lot.Dimensions, vectors, reasons);
    }

    /// <summary>Makes what is buffered durable: the embeddings, their projection and their scores.</summary>
    private Task PublishAsync(CancellationToken cancellationToken) => publisher.InTurnAsync(async () =>
    {
        var first = index.Embedded;
        using var span = traces.StartSegment(first, _buffered, writer.Key.Dataset);
        var quarantined = new List<QuarantineRow>();
        var at = 0;
        foreach (var reason in _buffer.SelectMany(l => l.Reasons))
        {
            if (reason is not null) quarantined.Add(new QuarantineRow(first + at, reason));
            at++;
        }
        var made = await Task.Run(() => MakeSegments(first), cancellationToken);
        await publisher.PublishAsync(made, [], quarantined, cancellationToken);
        foreach (var row in quarantined) desk.Quarantined(row.Ordinal);
        if (quarantined.Count > 0) logger.Quarantined(writer.Key.ToString(), quarantined.Count);
        var dataset = new TagList { { "dataset", writer.Key.Dataset } };
        WinnowTelemetry.EmbeddedImages.Add(_buffered - quarantined.Count, dataset);
        WinnowTelemetry.QuarantinedImages.Add(quarantined.Count, dataset);
        drift.Published(columns.Scores.Rows);
        traces.Scored(index.Embedded, span);
        _buffer.Clear();
        _buffered = 0;
    }, cancellationToken);

    private List<MadeSegment> MakeSegments(int first)
    {
        var dimensions = _buffer[0].Dimensions;
        var embedding = SegmentFormat.Allocate(dimensions * sizeof(ushort), _buffered);
        var to = SegmentFormat.Rows(embedding);
        foreach (var lot in _buffer)
        {
            lot.Vectors.CopyTo(to);
            to = to[lot.Vectors.Length..];
        }
        var made = new List<MadeSegment> { publisher.Continue(SegmentKinds.Embedding, first, _buffered, embedding) };
        if (learner.Projection is not { } projection) return made;
        var projected = ShardLearner.Project(projection, MemoryMarshal.Cast<byte, Half>(SegmentFormat.Rows(embedding)), _buffered);
        made.Add(publisher.Continue(SegmentKinds.Projection, first, _buffered, projected));
        if (learner.Head is not { } head) return made;
        var scores = ShardLearner.Score(head, MemoryMarshal.Cast<byte, Half>(SegmentFormat.Rows(projected)), _buffered);
        made.Add(publisher.Continue(SegmentKinds.Scores, first, _buffered, scores));
        return made;
    }
}
