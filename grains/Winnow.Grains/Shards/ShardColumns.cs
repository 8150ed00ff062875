using System.Buffers;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Training;
using Winnow.Algorithms.Scoring;
using Winnow.Grains.Columns;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Telemetry;

namespace Winnow.Grains.Shards;

/// <summary>
/// The shard's columns by kind and version: what machines found about its rows. Several versions of a kind are alive at once; which of them
/// belong together, and which serve, is what the state of learning says (<see cref="Serve"/>). The ledger says at once how much there is;
/// the columns are mapped while the shard answers already, as a silo that takes over shards has gigabytes to fetch and people who wait.
/// Those that serve come first, and only what reads a column waits for it, at the gate.
/// </summary>
internal sealed class ShardColumns
{
    private const int MapsAtOnce = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly string[] Kinds = [SegmentKinds.Scores, SegmentKinds.Projection, SegmentKinds.Embedding];

    private readonly ShardWriter _writer;
    private readonly ShardIndex _index;
    private readonly IObjectStore _objects;
    private readonly IShardLedger _ledger;
    private readonly ShardDrift _drift;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _scoresLoaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _allLoaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // Replaced as a whole: segments are made on other threads, which read what they continue.
    private volatile Dictionary<(string Kind, string Version), SegmentColumn> _columns = [];
    // Rows that the ledger said were embedded when the shard opened, by version. Fewer are there only while some are made again.
    private readonly Dictionary<string, int> _onceEmbedded = new(StringComparer.Ordinal);
    // What the ledger said when the shard opened; empty once it is mapped.
    private IReadOnlyList<SegmentRow> _published = [];
    // Columns whose rows cannot be: withdrawn when the others are loaded.
    private IReadOnlyList<(string Kind, string Version)> _unusable = [];

    public ShardColumns(
        ShardWriter writer, ShardIndex index, IObjectStore objects, IShardLedger ledger, ShardDrift drift, TimeProvider time,
        ILogger logger)
    {
        (_writer, _index, _objects, _ledger, _drift, _time, _logger) = (writer, index, objects, ledger, drift, time, logger);
        Serving = new ShardSpace(this, new LearnedSpace(writer.Dataset.Settings.Backbone, null, null, null));
    }

    /// <summary>The space that serves; until the state of learning is known, what can be told without it.</summary>
    public ShardSpace Serving { get; private set; }

    /// <summary>The spaces that are kept beside it.</summary>
    public IReadOnlyList<ShardSpace> Others { get; private set; } = [];

    /// <summary>All columns, by kind and version.</summary>
    public IEnumerable<(string Kind, string Version, SegmentColumn Rows)> All => _columns.Select(c => (c.Key.Kind, c.Key.Version, c.Value));

    /// <summary>The model whose scores people see.</summary>
    public string? ModelName => Serving.Scores is null ? null : Serving.ScoresVersion;

    /// <summary>Whether all that serves is mapped.</summary>
    public bool AreLoaded => _loaded.Task.IsCompletedSuccessfully;

    /// <summary>Whether every column is mapped.</summary>
    public bool AreAllLoaded => _allLoaded.Task.IsCompletedSuccessfully;

    /// <summary>A column; null where there is none.</summary>
    public SegmentColumn? Find(string kind, string? version) => version is null ? null : _columns.GetValueOrDefault((kind, version));

    /// <summary>The version of a backbone's embeddings; null while there are none. Should there be two, the one with more rows.</summary>
    public string? EmbeddingVersionOf(string backbone)
    {
        string? version = null;
        var most = 0;
        foreach (var ((kind, candidate), rows) in _columns)
            if (kind == SegmentKinds.Embedding && rows.Count > most && EmbeddingVersion.IsOf(candidate, backbone))
                (version, most) = (candidate, rows.Count);
        return version;
    }

    /// <summary>Whether a column lies in this object.</summary>
    public bool IsMapped(string objectKey)
    {
        foreach (var rows in _columns.Values)
            foreach (ref readonly var segment in rows.Segments)
                if (segment.Key == objectKey) return true;
        return false;
    }

    /// <summary>Puts a column in its place; null removes it. What serves is counted anew by whoever changed it.</summary>
    public void Set(string kind, string version, SegmentColumn? rows)
    {
        var changed = new Dictionary<(string Kind, string Version), SegmentColumn>(_columns);
        if (rows is null) changed.Remove((kind, version));
        else changed[(kind, version)] = rows;
        _columns = changed;
    }

    /// <summary>Turns to other spaces at one stroke: whoever reads meanwhile sees those before or these.</summary>
    public void Serve(ShardSpace serving, IReadOnlyList<ShardSpace> others)
    {
        (Serving, Others) = (serving, others);
        CountEmbedded();
        _scoresLoaded.TrySetResult();
    }

    /// <summary>The index follows the rows of the space that serves.</summary>
    public void CountEmbedded() => _index.SetEmbedded(Serving.Embeddings?.Count ?? 0);

    /// <summary>For people, to whom a score is an addition: they wait for it, but not while the object store is away.</summary>
    public async Task ScoresLoadedAsync(CancellationToken cancellationToken)
    {
        if (_scoresLoaded.Task.IsCompleted) return;
        await Task.WhenAny(_scoresLoaded.Task, Task.Delay(Patience, _time, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <exception cref="OrleansException">The shard closes.</exception>
    public Task LoadedAsync(CancellationToken cancellationToken) =>
        AreLoaded ? Task.CompletedTask : _loaded.Task.WaitAsync(cancellationToken);

    /// <exception cref="OrleansException">The shard closes.</exception>
    public Task AllLoadedAsync(CancellationToken cancellationToken) =>
        AreAllLoaded ? Task.CompletedTask : _allLoaded.Task.WaitAsync(cancellationToken);

    /// <summary>What can be said without the scores is said from now on.</summary>
    public void StopWaitingForScores() => _scoresLoaded.TrySetResult();

    /// <summary>Whoever waits for columns of a shard that closes asks the next activation.</summary>
    public void StopWaiting()
    {
        _scoresLoaded.TrySetResult();
        var closing = new OrleansException($"Shard {_writer.Key} is closing. Repeat the call.");
        foreach (var waiting in new[] { _loaded, _allLoaded })
            if (waiting.TrySetException(closing)) _ = waiting.Task.Exception;
    }

    /// <exception cref="OrleansException">Columns that were lost are being made again.</exception>
    public void ThrowIfRowsAreMissing()
    {
        var once = 0;
        foreach (var (version, rows) in _onceEmbedded)
            if (EmbeddingVersion.IsOf(version, Serving.Backbone)) once = Math.Max(once, rows);
        if (_index.Embedded < once) throw MadeAgain(once - _index.Embedded);
    }

    /// <summary>An answer without them would look whole.</summary>
    public OrleansException MadeAgain(int rows) =>
        new($"Shard {_writer.Key} makes what it knew of {rows} images again, as its segments cannot be used. Repeat the call.");

    public ScoreRecord? ScoreOf(int ordinal)
    {
        if (Serving.Scores is not { } scores || ordinal >= scores.Count) return null;
        var s = scores.Row<ImageScore>(ordinal)[0];
        return float.IsNaN(s.Margin) ? null : new ScoreRecord(s.LeastConfidence, s.Margin, s.Entropy, s.Energy, s.Predicted, s.RunnerUp);
    }

    /// <summary>Reads what the ledger says is there.</summary>
    public async Task ReadPublishedAsync(ShardRows rows, CancellationToken cancellationToken)
    {
        var all = await _ledger.ReadSegmentsAsync(_writer.Key, cancellationToken);
        _published = rows.Usable(all, _writer.Key.Dataset);
        _unusable = [.. all.Except(_published).Select(s => (s.Kind, s.Version)).Distinct()];
        if (_unusable.Count > 0) _logger.ColumnsUnusable(_writer.Key.ToString(), all.Count - _published.Count);
        foreach (var column in _published.Where(r => r.Kind == SegmentKinds.Embedding).GroupBy(r => r.Version))
            _onceEmbedded[column.Key] = column.Sum(r => r.Count);
        // Which of several serves is not known yet; until it is, no more is claimed than is true of each.
        _index.SetEmbedded(_onceEmbedded.Count == 0 ? 0 : _onceEmbedded.Values.Min());
        string[] models = [.. _published.Where(r => r.Kind == SegmentKinds.Scores).Select(r => r.Version).Distinct()];
        if (models.Length == 1) Serving = new ShardSpace(this, Serving.Learned with { ModelName = models[0] });
    }

    /// <summary>
    /// Maps what serves, the small and much asked for first. A segment that cannot be used is a machine fact that is made again, with all
    /// that follows from it.
    /// </summary>
    /// <param name="askServing">Asks what serves; null where nobody can tell. Not asked where there is nothing to choose.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task LoadServingAsync(Func<Task<LearnedSpace?>> askServing, CancellationToken cancellationToken)
    {
        if (_loaded.Task.IsCompleted) return;
        var several = _published.Select(r => (r.Kind, r.Version)).Distinct().GroupBy(c => c.Kind).Any(kind => kind.Count() > 1);
        var asked = several ? await askServing() : null;
        if (asked is not null) Serving = new ShardSpace(this, asked);
        await MapAsync(asked is null ? _published : [.. _published.Where(IsOfServing)], cancellationToken);
        CountEmbedded();
        _drift.Published(Serving.Scores);
        _loaded.TrySetResult();
    }

    /// <summary>Maps the rest.</summary>
    public async Task LoadOthersAsync(CancellationToken cancellationToken)
    {
        if (_allLoaded.Task.IsCompleted) return;
        await MapAsync(_published, cancellationToken);
        _published = [];
        _allLoaded.TrySetResult();
    }

    private bool IsOfServing(SegmentRow row) =>
        row.Kind == SegmentKinds.Embedding ? EmbeddingVersion.IsOf(row.Version, Serving.Backbone) : Serving.Names(row.Kind, row.Version);

    private async Task MapAsync(IReadOnlyList<SegmentRow> wanted, CancellationToken cancellationToken)
    {
        var lost = new List<(string Kind, string Version)>(_unusable);
        foreach (var kind in Kinds)
        {
            foreach (var column in wanted.Where(r => r.Kind == kind).GroupBy(r => r.Version))
            {
                if (Find(kind, column.Key) is not null) continue;
                if (await MapAsync([.. column.OrderBy(r => r.First)], cancellationToken) is { } rows) Set(kind, column.Key, rows);
                else lost.Add((kind, column.Key));
            }
            // Of several whose choice nobody could tell, none is shown before that is known.
            var known = Serving.ScoresVersion is not null || wanted.All(r => r.Kind != SegmentKinds.Scores);
            if (kind == SegmentKinds.Scores && known) _scoresLoaded.TrySetResult();
        }
        // A shard in a handover makes nothing anew: that is left to the one that holds the images afterwards.
        if (lost.Count > 0 && _writer.Standing == ShardStanding.Holds)
            await _writer.CommitAsync(_writer.New() with { WithdrawnSegments = [.. lost] }, cancellationToken);
        _unusable = [];
        _published = [.. _published.Except(wanted)];
    }

    /// <summary>One column as it is published; null when it cannot be used.</summary>
    private async Task<SegmentColumn?> MapAsync(SegmentRow[] rows, CancellationToken cancellationToken)
    {
        var owners = new IMemoryOwner<byte>?[rows.Length];
        var atOnce = new ParallelOptions { MaxDegreeOfParallelism = MapsAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, rows.Length, atOnce, async (i, token) => owners[i] = await _objects.MapAsync(rows[i].ObjectKey, token));
        SegmentColumn? column = null;
        for (var i = 0; i < rows.Length; i++)
        {
            try
            {
                if (owners[i] is not { } owner) throw new InvalidDataException("it is not in the object store");
                column = (column ?? new SegmentColumn(SegmentFormat.Read(owner.Memory.Span).RowBytes)).With(rows[i].ObjectKey, owner);
            }
            catch (InvalidDataException e)
            {
                _logger.SegmentUnusable(_writer.Key.ToString(), rows[i].ObjectKey, e.Message);
                return null;
            }
        }
        return column;
    }
}
