using System.Buffers;
using Winnow.Abstractions.Images;
using Winnow.Algorithms.Scoring;
using Winnow.Grains.Ports;
using Winnow.Grains.Scoring;
using Winnow.Grains.Telemetry;

namespace Winnow.Grains.Images;

/// <summary>
/// The shard's columns: what machines found about its rows. The ledger says at once how much there is; the columns themselves are mapped
/// while the shard answers already, as a silo that takes over shards has gigabytes to fetch and people who wait. Only what reads a column
/// waits for it.
/// </summary>
internal sealed partial class ShardGrain
{
    private const int MapsAtOnce = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource _scoresLoaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _columnsLoaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IReadOnlyList<SegmentRow> _published = [];
    // Columns whose rows cannot be: withdrawn when the others are loaded.
    private IReadOnlyList<(string Kind, string Version)> _unusable = [];
    // Rows that the ledger said were embedded when the shard opened. Fewer are there only while some are made again.
    private int _onceEmbedded;
    private SegmentColumn? _embeddings;
    private SegmentColumn? _projected;
    private SegmentColumn? _scores;
    private string? _embeddedVersion;
    private string? _projectedVersion;
    private string? _scoresVersion;

    private int Embedded => _index.Embedded;

    private string? ModelName => _scoresVersion;

    private ref SegmentColumn? ColumnOf(string kind) => ref kind == SegmentKinds.Embedding ? ref _embeddings : ref kind == SegmentKinds.Projection ? ref _projected : ref _scores;

    /// <summary>Says what made a column; null when nothing did.</summary>
    private void NameColumn(string kind, string? version)
    {
        if (kind == SegmentKinds.Embedding) _embeddedVersion = version;
        if (kind == SegmentKinds.Projection) _projectedVersion = version;
        if (kind == SegmentKinds.Scores) _scoresVersion = version;
    }

    private ScoreRecord? ScoreOf(int ordinal)
    {
        if (_scores is not { } scores || ordinal >= scores.Count) return null;
        var s = scores.Row<ImageScore>(ordinal)[0];
        return float.IsNaN(s.Margin) ? null : new ScoreRecord(s.LeastConfidence, s.Margin, s.Entropy, s.Energy, s.Predicted, s.RunnerUp);
    }

    /// <summary>For people, to whom a score is an addition: they wait for it, but not while the object store is away.</summary>
    private async Task ScoresLoadedAsync(CancellationToken cancellationToken)
    {
        if (_scoresLoaded.Task.IsCompleted) return;
        await Task.WhenAny(_scoresLoaded.Task, Task.Delay(Patience, time, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
    }

    private Task ColumnsLoadedAsync(CancellationToken cancellationToken) =>
        _columnsLoaded.Task.IsCompletedSuccessfully ? Task.CompletedTask : _columnsLoaded.Task.WaitAsync(cancellationToken);

    /// <summary>What the ledger says is there.</summary>
    private async Task ReadPublishedAsync(ShardRows rows, CancellationToken cancellationToken)
    {
        var all = await ledger.ReadSegmentsAsync(_key, cancellationToken);
        _published = rows.Usable(all, _key.Dataset);
        _unusable = [.. all.Except(_published).Select(s => (s.Kind, s.Version)).Distinct()];
        if (_unusable.Count > 0) logger.ColumnsUnusable(_key.ToString(), all.Count - _published.Count);
        foreach (var row in _published) NameColumn(row.Kind, row.Version);
        _index.SetEmbedded(_onceEmbedded = _published.Where(r => r.Kind == SegmentKinds.Embedding).Sum(r => r.Count));
    }

    /// <summary>
    /// Maps what is published, the small and much asked for first. A segment that cannot be used is a machine fact that is made again, with
    /// all that follows from it.
    /// </summary>
    private async Task LoadColumnsAsync(CancellationToken cancellationToken)
    {
        if (_columnsLoaded.Task.IsCompleted) return;
        _scores = await MapColumnAsync(SegmentKinds.Scores, cancellationToken);
        _scoresLoaded.TrySetResult();
        _projected = await MapColumnAsync(SegmentKinds.Projection, cancellationToken);
        _embeddings = await MapColumnAsync(SegmentKinds.Embedding, cancellationToken);
        // What was derived from a column that has to be made again has to be made again too.
        if ((_projected?.Count ?? 0) != (_embeddings?.Count ?? 0)) _projected = null;
        if ((_scores?.Count ?? 0) != (_projected?.Count ?? 0)) _scores = null;
        (string, string)[] withdrawn =
            [.. _published.Where(r => ColumnOf(r.Kind) is null).Select(r => (r.Kind, r.Version)).Concat(_unusable).Distinct()];
        // A shard in a handover makes nothing anew: that is left to the one that holds the images afterwards.
        if (withdrawn.Length > 0 && _standing == Standing.Holds) await CommitAsync(new ShardCommit { Shard = _key, Epoch = _epoch, WithdrawnSegments = withdrawn }, cancellationToken);
        if (_embeddings is null) _embeddedVersion = null;
        if (_projected is null) _projectedVersion = null;
        if (_scores is null) _scoresVersion = null;
        _index.SetEmbedded(_embeddings?.Count ?? 0);
        (_published, _unusable) = ([], []);
        _drift.Published(_scores);
        _columnsLoaded.TrySetResult();
    }

    /// <summary>One column as it is published; null when there is none, or one that cannot be used.</summary>
    private async Task<SegmentColumn?> MapColumnAsync(string kind, CancellationToken cancellationToken)
    {
        SegmentRow[] rows = [.. _published.Where(r => r.Kind == kind).OrderBy(r => r.First)];
        var owners = new IMemoryOwner<byte>?[rows.Length];
        await Parallel.ForAsync(0, rows.Length, new ParallelOptions { MaxDegreeOfParallelism = MapsAtOnce, CancellationToken = cancellationToken },
            async (i, token) => owners[i] = await objects.MapAsync(rows[i].ObjectKey, token));
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
                logger.SegmentUnusable(_key.ToString(), rows[i].ObjectKey, e.Message);
                return null;
            }
        }
        return column;
    }

    /// <summary>Whoever waits for columns of a shard that closes asks the next activation.</summary>
    private void StopWaitingForColumns()
    {
        _scoresLoaded.TrySetResult();
        if (_columnsLoaded.TrySetException(new OrleansException($"Shard {_key} is closing. Repeat the call."))) _ = _columnsLoaded.Task.Exception;
    }
}
