using System.Buffers;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Images;
using Winnow.Algorithms.Scoring;
using Winnow.Grains.Columns;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Telemetry;

namespace Winnow.Grains.Shards;

/// <summary>One column of a shard: the rows that are mapped, and what made them.</summary>
internal sealed class ShardColumn
{
    /// <summary>The rows; null before they are mapped, and when there are none.</summary>
    public SegmentColumn? Rows { get; set; }

    /// <summary>What made them; null when nothing did. Known before they are mapped.</summary>
    public string? Version { get; set; }

    public int Count => Rows?.Count ?? 0;
}

/// <summary>
/// The shard's columns: what machines found about its rows. The ledger says at once how much there is; the columns themselves are mapped
/// while the shard answers already, as a silo that takes over shards has gigabytes to fetch and people who wait. Only what reads a column
/// waits for it, at the gate. A projection has as many rows as there are embeddings, and scores as many as the projection, or they are not
/// there.
/// </summary>
internal sealed class ShardColumns(
    ShardWriter writer, ShardIndex index, IObjectStore objects, ILedger ledger, ShardDrift drift, TimeProvider time, ILogger logger)
{
    private const int MapsAtOnce = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource _scoresLoaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // What the ledger said when the shard opened; empty once it is mapped.
    private IReadOnlyList<SegmentRow> _published = [];
    // Columns whose rows cannot be: withdrawn when the others are loaded.
    private IReadOnlyList<(string Kind, string Version)> _unusable = [];
    // Rows that the ledger said were embedded when the shard opened. Fewer are there only while some are made again.
    private int _onceEmbedded;

    public ShardColumn Embeddings { get; } = new();

    public ShardColumn Projected { get; } = new();

    public ShardColumn Scores { get; } = new();

    /// <summary>The column of a kind.</summary>
    public ShardColumn this[string kind] => kind switch
    {
        SegmentKinds.Embedding => Embeddings,
        SegmentKinds.Projection => Projected,
        _ => Scores,
    };

    /// <summary>The model whose scores these are.</summary>
    public string? ModelName => Scores.Version;

    /// <summary>Whether all that was published is mapped.</summary>
    public bool AreLoaded => _loaded.Task.IsCompletedSuccessfully;

    /// <summary>For people, to whom a score is an addition: they wait for it, but not while the object store is away.</summary>
    public async Task ScoresLoadedAsync(CancellationToken cancellationToken)
    {
        if (_scoresLoaded.Task.IsCompleted) return;
        await Task.WhenAny(_scoresLoaded.Task, Task.Delay(Patience, time, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <exception cref="OrleansException">The shard closes.</exception>
    public Task LoadedAsync(CancellationToken cancellationToken) =>
        AreLoaded ? Task.CompletedTask : _loaded.Task.WaitAsync(cancellationToken);

    /// <summary>What can be said without the scores is said from now on.</summary>
    public void StopWaitingForScores() => _scoresLoaded.TrySetResult();

    /// <summary>Whoever waits for columns of a shard that closes asks the next activation.</summary>
    public void StopWaiting()
    {
        _scoresLoaded.TrySetResult();
        var closing = new OrleansException($"Shard {writer.Key} is closing. Repeat the call.");
        if (_loaded.TrySetException(closing)) _ = _loaded.Task.Exception;
    }

    /// <exception cref="OrleansException">Columns that were lost are being made again.</exception>
    public void ThrowIfRowsAreMissing()
    {
        if (index.Embedded < _onceEmbedded) throw MadeAgain(_onceEmbedded - index.Embedded);
    }

    /// <summary>An answer without them would look whole.</summary>
    public OrleansException MadeAgain(int rows) =>
        new($"Shard {writer.Key} makes what it knew of {rows} images again, as its segments cannot be used. Repeat the call.");

    public ScoreRecord? ScoreOf(int ordinal)
    {
        if (Scores.Rows is not { } scores || ordinal >= scores.Count) return null;
        var s = scores.Row<ImageScore>(ordinal)[0];
        return float.IsNaN(s.Margin) ? null : new ScoreRecord(s.LeastConfidence, s.Margin, s.Entropy, s.Energy, s.Predicted, s.RunnerUp);
    }

    /// <summary>Reads what the ledger says is there.</summary>
    public async Task ReadPublishedAsync(ShardRows rows, CancellationToken cancellationToken)
    {
        var all = await ledger.ReadSegmentsAsync(writer.Key, cancellationToken);
        _published = rows.Usable(all, writer.Key.Dataset);
        _unusable = [.. all.Except(_published).Select(s => (s.Kind, s.Version)).Distinct()];
        if (_unusable.Count > 0) logger.ColumnsUnusable(writer.Key.ToString(), all.Count - _published.Count);
        foreach (var row in _published) this[row.Kind].Version = row.Version;
        index.SetEmbedded(_onceEmbedded = _published.Where(r => r.Kind == SegmentKinds.Embedding).Sum(r => r.Count));
    }

    /// <summary>
    /// Maps what is published, the small and much asked for first. A segment that cannot be used is a machine fact that is made again, with
    /// all that follows from it.
    /// </summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        if (_loaded.Task.IsCompleted) return;
        Scores.Rows = await MapAsync(SegmentKinds.Scores, cancellationToken);
        _scoresLoaded.TrySetResult();
        Projected.Rows = await MapAsync(SegmentKinds.Projection, cancellationToken);
        Embeddings.Rows = await MapAsync(SegmentKinds.Embedding, cancellationToken);
        // What was derived from a column that has to be made again has to be made again too.
        if (Projected.Count != Embeddings.Count) Projected.Rows = null;
        if (Scores.Count != Projected.Count) Scores.Rows = null;
        var lost = _published.Where(r => this[r.Kind].Rows is null).Select(r => (r.Kind, r.Version));
        (string, string)[] withdrawn = [.. lost.Concat(_unusable).Distinct()];
        // A shard in a handover makes nothing anew: that is left to the one that holds the images afterwards.
        if (withdrawn.Length > 0 && writer.Standing == ShardStanding.Holds)
            await writer.CommitAsync(writer.New() with { WithdrawnSegments = withdrawn }, cancellationToken);
        foreach (var column in new[] { Embeddings, Projected, Scores })
            if (column.Rows is null) column.Version = null;
        index.SetEmbedded(Embeddings.Count);
        (_published, _unusable) = ([], []);
        drift.Published(Scores.Rows);
        _loaded.TrySetResult();
    }

    /// <summary>One column as it is published; null when there is none, or one that cannot be used.</summary>
    private async Task<SegmentColumn?> MapAsync(string kind, CancellationToken cancellationToken)
    {
        SegmentRow[] rows = [.. _published.Where(r => r.Kind == kind).OrderBy(r => r.First)];
        var owners = new IMemoryOwner<byte>?[rows.Length];
        var atOnce = new ParallelOptions { MaxDegreeOfParallelism = MapsAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, rows.Length, atOnce, async (i, token) => owners[i] = await objects.MapAsync(rows[i].ObjectKey, token));
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
                logger.SegmentUnusable(writer.Key.ToString(), rows[i].ObjectKey, e.Message);
                return null;
            }
        }
        return column;
    }
}
