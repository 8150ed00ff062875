using Winnow.Abstractions.Images;
using Winnow.Abstractions.Training;
using Winnow.Grains.Columns;
using Winnow.Grains.Ports;
using Winnow.Grains.Telemetry;
using Winnow.Grains.Work;
using Winnow.Model.Datasets;

namespace Winnow.Grains.Datasets;

/// <summary>
/// What a dataset does for its backbones in the background: tells shards of changes, fits the projection of one that is being made, and
/// removes what a dropped one leaves. Each step may be done again from any point; all that must be remembered is in the state.
/// </summary>
internal sealed partial class DatasetGrain
{
    private static readonly TimeSpan BackbonePoll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TellingMayTake = TimeSpan.FromSeconds(10);
    private static readonly (TimeSpan, TimeSpan) BackbonePauses = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));

    // How many images there were when one that is being made was first looked at: those that come later do not put off its end.
    private readonly Dictionary<string, long> _wanted = new(StringComparer.Ordinal);
    private Task _tending = Task.CompletedTask;
    private bool _more;
    private long _told = -1;
    private TaskCompletionSource _telling = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Goes on with what is to be done; nothing where there is one backbone.</summary>
    private void TendBackbones()
    {
        if (Book.All.Count == 0) return;
        _more = true;
        if (_tending.IsCompleted) _tending = KeepTendingAsync();
    }

    private async Task KeepTendingAsync()
    {
        // Whoever comes while the last step ends is not overlooked.
        while (_more && !_ends.IsCancellationRequested)
        {
            _more = false;
            await RetryLoop.RunAsync(
                TendAsync, (reason, pause) => logger.BackbonesStall(reason, _dataset.Name, pause), BackbonePauses, time, _ends.Token);
        }
    }

    /// <summary>Returns when all shards have been told of the state as it is now.</summary>
    private async Task ToldAsync()
    {
        var sequence = state.State.Learning.Sequence;
        while (Book.All.Count > 0 && _told < sequence) await _telling.Task;
    }

    private async Task<bool> TendAsync(CancellationToken cancellationToken)
    {
        var sequence = state.State.Learning.Sequence;
        if (_told < sequence)
        {
            await TellAsync(Learning, cancellationToken);
            _told = sequence;
            var telling = _telling;
            _telling = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            telling.TrySetResult();
            return true;
        }
        foreach (var entry in Book.All.Where(b => b.Stage == BackboneStage.Dropped).ToArray())
            await RemoveAsync(entry, cancellationToken);
        foreach (var entry in Book.All.Where(b => b.Stage == BackboneStage.Making).ToArray()) await MakeAsync(entry, cancellationToken);
        if (_told < state.State.Learning.Sequence) return true;
        if (Book.All.TrueForAll(b => b.Stage == BackboneStage.Ready)) return false;
        await Task.Delay(BackbonePoll, time, cancellationToken);
        return true;
    }

    private Task TellAsync(LearningState learning, CancellationToken cancellationToken) => OnShardsAsync(async (IShardLearning s) =>
    {
        await s.ApplyLearningAsync(learning, cancellationToken);
        return true;
    }, cancellationToken);

    private async Task MakeAsync(BackboneEntry entry, CancellationToken cancellationToken)
    {
        var shards = await OnShardsAsync((IShardIngest s) => s.GetSummaryAsync(cancellationToken), cancellationToken);
        var info = BackbonesOf(shards).First(b => b.Name == entry.Name);
        if (!_wanted.TryGetValue(entry.Name, out var wanted) || wanted < SmallestPool) _wanted[entry.Name] = wanted = info.Images;
        if (wanted < SmallestPool || info.Embedded < wanted) return;
        if (entry.ProjectionKey is null)
        {
            var key = await FitProjectionAsync(entry.Name, cancellationToken);
            await AlterAsync(entry.Name, BackboneStage.Making, made =>
            {
                made.ProjectionKey = key;
                state.State.Learning.Sequence++;
            }, cancellationToken);
        }
        else if (info.Projected >= wanted)
        {
            await AlterAsync(entry.Name, BackboneStage.Making, made => made.Stage = BackboneStage.Ready, cancellationToken);
            _wanted.Remove(entry.Name);
            logger.BackboneReady(_dataset.Name, entry.Name, info.Embedded);
        }
    }

    /// <summary>Removes what no shard names any more: objects first, then the entry.</summary>
    private async Task RemoveAsync(BackboneEntry entry, CancellationToken cancellationToken)
    {
        var layout = (await datasets.AskAsync(_dataset.Name, cancellationToken)).Shards;
        // Whoever is to take over may have copied it before: then it tells of it no more either, and is looked at too.
        if (layout.Split is not null) return;
        foreach (var number in layout.Numbers())
        {
            var shard = new ShardKey(_dataset.Name, number);
            var named = (await ledger.ReadSegmentsAsync(shard, cancellationToken)).Select(s => s.ObjectKey)
                .ToHashSet(StringComparer.Ordinal);
            foreach (var (kind, version) in ColumnsOf(entry))
                await foreach (var (key, _) in objects.ListAsync(ObjectKeys.SegmentFolder(shard, kind, version), cancellationToken))
                {
                    if (named.Contains(key)) throw new OrleansException($"Shard {shard} has not let go of backbone '{entry.Name}' yet.");
                    await objects.DeleteAsync(key, cancellationToken);
                }
        }
        if (entry is { Used: false, ProjectionKey: { } projection }) await objects.DeleteAsync(projection, cancellationToken);
        await AlterAsync(entry.Name, BackboneStage.Dropped, gone => Book.All.Remove(gone), cancellationToken);
        _wanted.Remove(entry.Name);
        logger.BackboneRemoved(_dataset.Name, entry.Name);
    }

    /// <summary>Every column that a backbone can have made. Its models stay in the history of rounds; what they scored does not.</summary>
    private IEnumerable<(string Kind, string Version)> ColumnsOf(BackboneEntry entry)
    {
        foreach (var version in EmbeddingVersion.AllOf(entry.Name)) yield return (SegmentKinds.Embedding, version);
        if (entry.ProjectionKey is { } key) yield return (SegmentKinds.Projection, key[(key.LastIndexOf('/') + 1)..]);
        foreach (var model in _records.Rounds.Select(r => r.Model).Where(m => m?.Backbone == entry.Name))
            yield return (SegmentKinds.Scores, model!.Name);
    }

    /// <summary>Alters an entry that is still at a stage, in a turn and one write.</summary>
    private Task AlterAsync(string name, BackboneStage at, Action<BackboneEntry> alter, CancellationToken cancellationToken) =>
        InTurnAsync(async () =>
        {
            if (Book.Find(name) is not { } entry || entry.Stage != at) return false;
            alter(entry);
            await WriteAsync();
            return true;
        }, cancellationToken);
}
