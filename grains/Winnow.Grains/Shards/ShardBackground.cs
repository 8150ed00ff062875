using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;
using Winnow.Grains.Columns;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Settings;
using Winnow.Grains.Telemetry;
using Winnow.Grains.Work;

namespace Winnow.Grains.Shards;

/// <summary>
/// The machine's work that nobody waits for: the spaces beside the one that serves grow, row after row, to where that one stands. A step is
/// one lot for a device, or one run of projections or scores; before each, whatever serves goes first. What a crash leaves unpublished is
/// made again. A column here is never longer than the one that it is made of, nor embeddings than those that serve.
/// </summary>
internal sealed class ShardBackground(
    ShardWriter writer, ShardIndex index, ShardColumns columns, ShardPublisher publisher, ShardSpaces spaces, ShardLots lots,
    LearnedParts parts, ShardOptions options, TimeProvider time, ILogger logger)
{
    private static readonly (TimeSpan, TimeSpan) Pauses = (TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30));
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    // Released once when there may be something to do, however often that is said.
    private readonly SemaphoreSlim _wake = new(0, 1);
    // Lots that came back, from the last published row on, of this space.
    private readonly LotBuffer _buffer = new();
    private ShardSpace? _space;
    // Backbones that cannot go on, why, and until when they are left alone; the others do not wait for them.
    private readonly Dictionary<string, (string Reason, DateTimeOffset Until)> _stalled = new(StringComparer.Ordinal);
    private Task _work = Task.CompletedTask;

    /// <summary>Begins. Ends with the shard.</summary>
    public void Start() => _work = RunAsync(writer.Closing);

    /// <summary>Waits for its end, which the shard's closing brings.</summary>
    public Task EndAsync() => _work;

    /// <summary>There may be something to do.</summary>
    public void Wake()
    {
        if (_wake.CurrentCount == 0) _wake.Release();
    }

    /// <summary>How far each space has come that does not serve.</summary>
    public SpaceProgress[] Progress() =>
    [
        .. columns.Others.Select(s => new SpaceProgress(
            s.Backbone, Embedded(s) + (s == _space ? _buffer.Count : 0), s.Projected?.Count ?? 0, s.Scores?.Count ?? 0,
            _stalled.TryGetValue(s.Backbone, out var why) ? why.Reason : null)),
    ];

    private static int Embedded(ShardSpace space) => space.Embeddings?.Count ?? 0;

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        // The call that opened the shard is over; its trace must not go on for as long as the shard lives.
        Activity.Current = null;
        await RetryLoop.RunAsync(StepOrWaitAsync, Stall, Pauses, time, cancellationToken);
    }

    /// <summary>What concerns all of them: the store or the dataset's state.</summary>
    private void Stall(Exception reason, TimeSpan pause) => logger.BackgroundStalled(reason, writer.Key.ToString(), pause);

    private void Stall(ShardSpace space, Exception reason)
    {
        var told = FailureText.Told(reason);
        if (_stalled.GetValueOrDefault(space.Backbone).Reason != told) logger.BackgroundStalled(reason, writer.Key.ToString(), Rest);
        _stalled[space.Backbone] = (told, time.GetUtcNow() + Rest);
        if (_space == space) _buffer.Clear();
    }

    private async Task<bool> StepOrWaitAsync(CancellationToken cancellationToken)
    {
        if (!columns.AreAllLoaded)
        {
            await columns.LoadedAsync(cancellationToken);
            await columns.LoadOthersAsync(cancellationToken);
            // What the state of learning does not name can be told from the rest only now.
            await spaces.JoinAsync(cancellationToken);
        }
        // What serves comes first: whoever waits for that waits for one step of this at most.
        var hasWork = index.Embedded == index.Count && await StepAsync(cancellationToken);
        if (!hasWork) await _wake.WaitAsync(_stalled.Count > 0 ? Rest : Timeout.InfiniteTimeSpan, cancellationToken);
        return true;
    }

    /// <summary>Does what is next; false when nothing is.</summary>
    private async Task<bool> StepAsync(CancellationToken cancellationToken)
    {
        foreach (var space in columns.Others)
        {
            if (_stalled.TryGetValue(space.Backbone, out var rests) && rests.Until > time.GetUtcNow()) continue;
            try
            {
                var did = await ProjectAsync(space, cancellationToken) || await ScoreAsync(space, cancellationToken)
                    || await EmbedAsync(space, cancellationToken);
                _stalled.Remove(space.Backbone);
                if (did) return true;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Stall(space, e);
            }
        }
        return false;
    }

    private async Task<bool> EmbedAsync(ShardSpace space, CancellationToken cancellationToken)
    {
        if (_space != space) _buffer.Clear();
        _space = space;
        var first = Embedded(space) + _buffer.Count;
        var count = Math.Min(options.LotSize, index.Embedded - first);
        if (count > 0) _buffer.Add(await lots.EmbedAsync(space, first, count, behind: true, cancellationToken));
        else if (_buffer.Count == 0) return false;
        if (count > 0 && _buffer.Count < options.SegmentRows && first + count < index.Embedded) return true;
        await publisher.InTurnAsync(async () =>
        {
            var from = Embedded(space);
            if (!columns.Others.Contains(space) || from + _buffer.Count > index.Embedded) return;
            var made = publisher.Continue(SegmentKinds.Embedding, _buffer.Version!, from, _buffer.Count, _buffer.ToSegment());
            await publisher.PublishAsync([made], [], [], cancellationToken);
        }, cancellationToken);
        _buffer.Clear();
        return true;
    }

    private async Task<bool> ProjectAsync(ShardSpace space, CancellationToken cancellationToken)
    {
        if (space is not { Learned.ProjectionKey: { } key, Embeddings: { } embeddings, ProjectionVersion: { } version }) return false;
        var from = space.Projected?.Count ?? 0;
        if (from >= embeddings.Count) return false;
        var projection = space.Projection ??= await parts.ProjectionAsync(key, cancellationToken);
        return await ContinueAsync(space, embeddings, SegmentKinds.Projection, version, from,
            (rows, count) => ShardSpaces.Project(projection, rows, count), cancellationToken);
    }

    private async Task<bool> ScoreAsync(ShardSpace space, CancellationToken cancellationToken)
    {
        if (space is not { Learned.HeadKey: { } key, Projected: { } projected, ScoresVersion: { } version }) return false;
        var from = space.Scores?.Count ?? 0;
        if (from >= projected.Count) return false;
        var head = space.Head ??= await parts.HeadAsync(key, cancellationToken);
        return await ContinueAsync(space, projected, SegmentKinds.Scores, version, from,
            (rows, count) => ShardSpaces.Score(head, rows, count), cancellationToken);
    }

    /// <summary>Makes the next run of rows of a column, out of turn, and publishes it where it still continues what is there.</summary>
    private async Task<bool> ContinueAsync(
        ShardSpace space, SegmentColumn source, string kind, string version, int from, ShardSpaces.MakeRows make,
        CancellationToken cancellationToken)
    {
        var (rows, count) = await Task.Run(() =>
        {
            var run = source.Rows<Half>(from, ShardSpaces.BulkSegmentRows, out var read);
            return (make(run, read), read);
        }, cancellationToken);
        await publisher.InTurnAsync(async () =>
        {
            if (!columns.Others.Contains(space) || (columns.Find(kind, version)?.Count ?? 0) != from) return;
            await publisher.PublishAsync([publisher.Continue(kind, version, from, count, rows)], [], [], cancellationToken);
        }, cancellationToken);
        return true;
    }
}
