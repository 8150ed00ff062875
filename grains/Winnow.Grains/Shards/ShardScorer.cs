using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Telemetry;
using Winnow.Grains.Columns;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Settings;
using Winnow.Grains.Telemetry;
using Winnow.Grains.Work;

namespace Winnow.Grains.Shards;

/// <summary>
/// The device's pipeline in the space that serves: images become embeddings, lot by lot in the order of ordinals, and a run of them becomes
/// a segment with one ledger row, projected and scored under the learning that holds then. What a crash leaves unpublished is made again,
/// and what was made for a space that serves no more is let go.
/// </summary>
internal sealed class ShardScorer(
    ShardWriter writer, ShardIndex index, ShardColumns columns, ShardPublisher publisher, ShardSpaces spaces, ShardLots lots,
    ShardReviewDesk desk, UploadTraces traces, ShardDrift drift, ShardOptions options, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(300);
    private static readonly (TimeSpan, TimeSpan) Pauses = (TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5));

    // Released once when there is something to do, however often that is said.
    private readonly SemaphoreSlim _wake = new(0, 1);
    // Lots that came back, from the last published row on, of this space.
    private readonly LotBuffer _buffer = new();
    private ShardSpace? _space;
    private long _lastArrival;
    // Whether the shard has come to where the dataset's learning stands, once.
    private bool _joined;
    private Task _work = Task.CompletedTask;

    /// <summary>Why images wait; null while none does for long.</summary>
    public string? Stalled { get; private set; }

    // What the log has of that already: it is told once, and again only when scoring has worked meanwhile.
    private string? _told;

    /// <summary>Is told when more rows have scores.</summary>
    public Action? Published { get; set; }

    /// <summary>Is told when no image waits any more.</summary>
    public Action? Idle { get; set; }

    /// <summary>Begins. Ends with the shard.</summary>
    public void Start() => _work = RunAsync(writer.Closing);

    /// <summary>Waits for its end, which the shard's closing brings.</summary>
    public Task EndAsync() => _work;

    /// <summary>Images have come.</summary>
    public void Arrived()
    {
        _lastArrival = time.GetTimestamp();
        Wake();
    }

    /// <summary>There may be something to do.</summary>
    public void Wake()
    {
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
        await columns.LoadServingAsync(() => spaces.AskServingAsync(cancellationToken), cancellationToken);
        if (!_joined) await spaces.JoinAsync(cancellationToken);
        _joined = true;
        while (!await EmbedPendingAsync(cancellationToken)) { }
        GoesOn();
        Idle?.Invoke();
        await _wake.WaitAsync(cancellationToken);
        return true;
    }

    /// <summary>An outside system is away: the backlog waits, nothing is dropped.</summary>
    private void Stall(Exception reason, TimeSpan pause)
    {
        Stalled = FailureText.Told(reason);
        columns.StopWaitingForScores();
        // How much of it was published before the failure is not known here; embedding it again is cheap, and never wrong.
        _buffer.Clear();
        var isTold = _told == Stalled;
        _told = Stalled;
        if (isTold) logger.ScoringStillWaits(reason, writer.Key.ToString(), pause);
        // What somebody outside can mend is a sentence; what may be a fault of the program comes with where it happened.
        else if (FailureText.CauseOf(reason) is InvalidOperationException || PassingFailure.Is(reason))
            logger.ScoringWaits(writer.Key.ToString(), Stalled);
        else logger.ScoringStalled(reason, writer.Key.ToString(), pause);
    }

    private void GoesOn() => (Stalled, _told) = (null, null);

    /// <summary>
    /// Embeds until no image waits; false when another space came to serve meanwhile. Lots are sent ahead; they are taken back in order.
    /// </summary>
    private async Task<bool> EmbedPendingAsync(CancellationToken cancellationToken)
    {
        if (_space != columns.Serving) _buffer.Clear();
        _space = columns.Serving;
        var ahead = new Queue<Task<MadeLot>>();
        var next = index.Embedded + _buffer.Count;
        try
        {
            while (_space == columns.Serving)
            {
                while (ahead.Count < options.LotsInFlight && next < index.Count)
                {
                    var count = Math.Min(options.LotSize, index.Count - next);
                    ahead.Enqueue(EmbedLotAsync(_space, next, count, cancellationToken));
                    next += count;
                }
                if (ahead.TryDequeue(out var first))
                {
                    _buffer.Add(await first);
                    if (_buffer.Count >= options.SegmentRows) await PublishAsync(cancellationToken);
                    GoesOn();
                }
                // A little patience while images keep coming makes few large segments instead of many small ones. Counted from the last
                // that came: the end of a backlog waits for nothing, where the devices would stand idle meanwhile.
                else if (_buffer.Count > 0)
                {
                    if (!await WokenAsync(Linger - time.GetElapsedTime(_lastArrival), cancellationToken))
                        await PublishAsync(cancellationToken);
                }
                else if (next >= index.Count) return true;
            }
            return false;
        }
        finally
        {
            foreach (var task in ahead) task.Ignore();
        }
    }

    private async Task<bool> WokenAsync(TimeSpan patience, CancellationToken cancellationToken) =>
        patience > TimeSpan.Zero && await _wake.WaitAsync(patience, cancellationToken);

    private async Task<MadeLot> EmbedLotAsync(ShardSpace space, int first, int count, CancellationToken cancellationToken)
    {
        using var span = traces.StartLot(first, count, writer.Key.Dataset);
        return await lots.EmbedAsync(space, first, count, behind: false, cancellationToken);
    }

    /// <summary>Makes what is buffered durable: the embeddings, their projection and their scores.</summary>
    private Task PublishAsync(CancellationToken cancellationToken) => publisher.InTurnAsync(async () =>
    {
        if (_space is not { } space || space != columns.Serving) return;
        var (first, count) = (index.Embedded, _buffer.Count);
        using var span = traces.StartSegment(first, count, writer.Key.Dataset);
        QuarantineRow[] quarantined = [.. _buffer.Refused(first)];
        var made = await Task.Run(() => MakeSegments(space, first), cancellationToken);
        await publisher.PublishAsync(made, [], quarantined, cancellationToken);
        foreach (var row in quarantined) desk.Quarantined(row.Ordinal);
        if (quarantined.Length > 0) logger.Quarantined(writer.Key.ToString(), quarantined.Length);
        var dataset = new TagList { { "dataset", writer.Key.Dataset } };
        WinnowTelemetry.EmbeddedImages.Add(count - quarantined.Length, dataset);
        WinnowTelemetry.QuarantinedImages.Add(quarantined.Length, dataset);
        drift.Published(space.Scores);
        Published?.Invoke();
        traces.Scored(index.Embedded, span);
        _buffer.Clear();
    }, cancellationToken);

    private List<MadeSegment> MakeSegments(ShardSpace space, int first)
    {
        var count = _buffer.Count;
        var embedding = _buffer.ToSegment();
        var made = new List<MadeSegment> { publisher.Continue(SegmentKinds.Embedding, _buffer.Version!, first, count, embedding) };
        if (space is not { Projection: { } projection, ProjectionVersion: { } projectionVersion }) return made;
        var projected = ShardSpaces.Project(projection, MemoryMarshal.Cast<byte, Half>(SegmentFormat.Rows(embedding)), count);
        made.Add(publisher.Continue(SegmentKinds.Projection, projectionVersion, first, count, projected));
        if (space is not { Head: { } head, ScoresVersion: { } scoresVersion }) return made;
        var scores = ShardSpaces.Score(head, MemoryMarshal.Cast<byte, Half>(SegmentFormat.Rows(projected)), count);
        made.Add(publisher.Continue(SegmentKinds.Scores, scoresVersion, first, count, scores));
        return made;
    }
}
