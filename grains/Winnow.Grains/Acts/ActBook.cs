using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Acts;
using Winnow.Grains.Layout;
using Winnow.Grains.Ports;
using Winnow.Model.Acts;

namespace Winnow.Grains.Acts;

/// <summary>
/// Writes acts where they belong, and lists them. What is done to an image, or comes by the lot, stands in the streams of the dataset's
/// shards, which are many and written beside each other; all else stands in the cluster's, which outlives datasets.
/// </summary>
internal sealed partial class ActBook(
    IActLedger ledger, IDatasetLedger infos, KnownDatasets datasets, TimeProvider time, ILogger<ActBook> logger)
    : IActBook, IAsyncDisposable
{
    /// <summary>Acts that may wait to be written when nobody waits for them.</summary>
    private const int MostWaiting = 10_000;

    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private List<Placed> _waiting = [];
    private Task _writing = Task.CompletedTask;
    private int _turn;

    /// <summary>An act on its way to a stream.</summary>
    /// <param name="Stream">Where it belongs.</param>
    /// <param name="Record">As it stands there.</param>
    /// <param name="Elsewhere">As it stands in the cluster's stream, where it cannot stand in its own.</param>
    private readonly record struct Placed(ActStream Stream, ActRecord Record, Func<ActRecord> Elsewhere);

    public async Task NoteAsync(ActDraft act, ActCaller caller, CancellationToken cancellationToken)
    {
        var placed = await PlaceAsync(act, caller, cancellationToken).ConfigureAwait(false);
        await AppendAsync(placed.Stream, [placed], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Writes acts into their stream. A shard that nothing was ever put into has none, and that of a dataset which is being deleted takes
    /// no more: what was done there is told by the cluster.
    /// </summary>
    private async Task AppendAsync(ActStream stream, Placed[] acts, CancellationToken cancellationToken)
    {
        ActRecord[] records = [.. acts.Select(a => a.Record)];
        if (await ledger.AppendAsync(stream, records, cancellationToken).ConfigureAwait(false) || stream.Dataset is null) return;
        await ledger.AppendAsync(ActStream.Cluster, [.. acts.Select(a => a.Elsewhere())], cancellationToken).ConfigureAwait(false);
    }

    public async Task NoteSoonAsync(ActDraft act, ActCaller caller, CancellationToken cancellationToken)
    {
        var placed = await PlaceAsync(act, caller, cancellationToken).ConfigureAwait(false);
        Task full;
        lock (_gate)
        {
            _waiting.Add(placed);
            // Where the ledger is away, or slower than callers, they wait for it.
            full = _waiting.Count > MostWaiting ? _writing : Task.CompletedTask;
            if (_waiting.Count == 1 && _writing.IsCompleted) _writing = Task.Run(WriteAsync, CancellationToken.None);
        }
        await full.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        Task writing;
        lock (_gate) writing = _writing;
        await writing.ConfigureAwait(false);
        _closing.Dispose();
    }

    private async Task<Placed> PlaceAsync(ActDraft act, ActCaller caller, CancellationToken cancellationToken)
    {
        var (stream, whole, at) = (ActStream.Cluster, act, time.GetUtcNow());
        if (act.Dataset is { } name && (act.Image is not null || Comes(act.What)))
        {
            var shards = (await datasets.GetAsync(name, cancellationToken).ConfigureAwait(false)).Shards;
            // A lot is of many shards; which of them tells of it is all one.
            var next = (uint)Interlocked.Increment(ref _turn) % (uint)shards.Count;
            stream = new ActStream(name, act.Image is { } image ? shards.ShardOf(image) : shards.First + (int)next);
            act = act with { Dataset = null };
        }
        return new Placed(stream, ActRecords.Make(act, caller, at), () => ActRecords.Make(whole, caller, at));
    }

    /// <summary>What comes so often that one stream would hold it up.</summary>
    private static bool Comes(ActKind what) => what is ActKind.ImagesAdded or ActKind.UploadsPrepared or ActKind.PrelabelsAdded
        or ActKind.MachineDecisionsMade or ActKind.TasksLeased or ActKind.TasksReleased or ActKind.PrioritiesSet;

    /// <summary>Writes what waits until nothing does; while the ledger is away, again and again, unless this server ends.</summary>
    private async Task WriteAsync()
    {
        await PauseAsync(Gathering).ConfigureAwait(false);
        while (true)
        {
            List<Placed> some;
            lock (_gate)
            {
                if (_waiting.Count == 0)
                {
                    _writing = Task.CompletedTask;
                    return;
                }
                (some, _waiting) = (_waiting, []);
            }
            // Side by side: what waits for the ledger at the same time goes to disk together.
            await Task.WhenAll(some.GroupBy(a => a.Stream).Select(acts => WriteAsync(acts.Key, [.. acts])))
                .ConfigureAwait(false);
            await PauseAsync(Gathering).ConfigureAwait(false);
        }
    }

    private async Task WriteAsync(ActStream stream, Placed[] acts)
    {
        while (true)
        {
            try
            {
                await AppendAsync(stream, acts, CancellationToken.None).ConfigureAwait(false);
                return;
            }
            catch (Exception problem)
            {
                if (_closing.IsCancellationRequested)
                {
                    NotWritten(problem, acts.Length);
                    return;
                }
                WrittenLater(problem, acts.Length);
                await PauseAsync(Pause).ConfigureAwait(false);
            }
        }
    }

    private async Task PauseAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, time, _closing.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // This server ends: what waits is written now.
        }
    }

    [LoggerMessage(320, LogLevel.Warning, "{Count} acts wait for the ledger, which does not take them")]
    private partial void WrittenLater(Exception problem, int count);

    [LoggerMessage(321, LogLevel.Error, "{Count} acts that nobody waited for were not written before this server ended")]
    private partial void NotWritten(Exception problem, int count);
}
