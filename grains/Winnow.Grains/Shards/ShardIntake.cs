using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Telemetry;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Telemetry;
using Winnow.Model.Images;
using Winnow.Model.Names;

namespace Winnow.Grains.Shards;

/// <summary>
/// Takes in images, exactly once: their rows are numbered in the order of commit. The operation of a lot is one caller's, for one content,
/// and inserts its rows once.
/// </summary>
internal sealed class ShardIntake(
    ShardWriter writer, ShardIndex index, IShardLedger ledger, UploadTraces traces, TimeProvider time, Action arrived)
{
    private const string Lot = "for a lot of images";

    // One lot at a time: ordinals are given out in order, and two lots with one image between them must not both find it new.
    private readonly SemaphoreSlim _turn = new(1, 1);

    public Task<IngestOutcome[]> ApplyAsync(IngestLot lot, CancellationToken cancellationToken) => InTurnAsync(() =>
    {
        writer.ThrowIfClosed();
        return ApplyInTurnAsync(lot, cancellationToken);
    }, cancellationToken);

    /// <summary>Does something between two lots: no image is on disk then that memory does not have.</summary>
    public async Task<T> InTurnAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return await work();
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<IngestOutcome[]> ApplyInTurnAsync(IngestLot lot, CancellationToken cancellationToken)
    {
        var outcomes = new IngestOutcome[lot.Rows.Length];
        var fresh = new List<ImageRow>(lot.Rows.Length);
        var inLot = new Dictionary<ImageId, int>();
        var now = time.GetUtcNow();
        OperationRow? before = null;
        var looked = false;
        var standing = await ReadStandingAsync(lot, cancellationToken);
        for (var i = 0; i < lot.Rows.Length; i++)
        {
            var row = lot.Rows[i];
            // Of a class that was split while it was on its way here nobody knows what it counts as.
            var unknown = row.Label >= 0 && index.Map?.Asks(row.Label) == true;
            if (unknown) row = row with { Label = -1 };
            if (index.TryFind(row.Id, out var known))
            {
                // A repeated lot is answered as it was the first time.
                if (!looked) (before, looked) = (await FindOwnAsync(lot, cancellationToken), true);
                var own = before?.Rows is { } range && known >= range.First && known < range.First + range.Count;
                outcomes[i] = own && inLot.TryAdd(row.Id, i) ? Taken(row) : Duplicate(row, standing[row.Id]);
            }
            else if (inLot.TryAdd(row.Id, i))
            {
                fresh.Add(new ImageRow(index.Count + fresh.Count, row, now, lot.Actor));
                outcomes[i] = Taken(row) with { LabelNotTaken = unknown };
            }
            else
            {
                var first = lot.Rows[inLot[row.Id]];
                outcomes[i] = Duplicate(row, new StandingImage(first.Name, first.Partition, first.Label, first.Reason));
            }
        }
        if (fresh.Count == 0) return outcomes;
        using var span = WinnowTelemetry.Activities.StartActivity("shard commit");
        span?.SetTag("winnow.dataset", writer.Key.Dataset);
        span?.SetTag("winnow.images", fresh.Count);
        await CommitLotAsync(lot, fresh, before is { Rows.Count: > 0 }, cancellationToken);
        traces.Arrived(index.Count, fresh.Count);
        foreach (var row in fresh) index.Add(row.Row.Id, row.Row.Partition, row.Row.Label, row.Row.Reason is not null);
        arrived();
        return outcomes;
    }

    private static OperationStamp? StampOf(IngestLot lot) => lot.Content is { } content ? new OperationStamp(lot.Actor, content) : null;

    /// <summary>What the ledger knows of a lot's operation.</summary>
    /// <exception cref="RefusedException">It is another's.</exception>
    private async Task<OperationRow?> FindOwnAsync(IngestLot lot, CancellationToken cancellationToken)
    {
        var known = await ledger.FindOperationAsync(writer.Key, lot.OperationId, cancellationToken);
        if (known?.Stamp is { } its && StampOf(lot) is { } mine && its != mine) throw OperationStamp.Conflict(lot.OperationId, Lot);
        return known;
    }

    /// <param name="lot">The lot.</param>
    /// <param name="fresh">Its rows that are new.</param>
    /// <param name="known">Whether the operation inserted rows here before.</param>
    /// <param name="cancellationToken">Gives up before the ledger has it.</param>
    /// <exception cref="RefusedException">The operation is another's.</exception>
    private async Task CommitLotAsync(IngestLot lot, List<ImageRow> fresh, bool known, CancellationToken cancellationToken)
    {
        var commit = writer.New() with { OperationId = lot.OperationId, Stamp = StampOf(lot), Images = fresh };
        if (!known)
        {
            switch (await writer.TryCommitAsync(commit, cancellationToken))
            {
                case ShardCommitStatus.Committed: return;
                case ShardCommitStatus.OtherOperation: throw OperationStamp.Conflict(lot.OperationId, Lot);
                case ShardCommitStatus.Conflict: throw writer.Changed();
            }
            var before = await FindOwnAsync(lot, cancellationToken);
            // Rows that the ledger has and memory does not: memory is behind.
            if (before is not { } its || its.Rows.First + its.Rows.Count > index.Count) throw writer.TakenOver();
        }
        // The operation has its rows. What it brings beyond them, another part of one completion or a lot under an id of an early
        // release, is taken in for what it is: new.
        await writer.CommitAsync(commit with { OperationId = Guid.Empty, Stamp = null }, cancellationToken);
    }

    private static IngestOutcome Taken(in IngestRow row) =>
        row.Reason is null ? new IngestOutcome(IngestStatus.Accepted, null) : new IngestOutcome(IngestStatus.Quarantined, row.Reason);

    /// <summary>Those of a lot's images that stand already. Memory has no names, so the ledger is asked, once for all.</summary>
    private async Task<Dictionary<ImageId, StandingImage>> ReadStandingAsync(IngestLot lot, CancellationToken cancellationToken)
    {
        var known = new List<int>();
        foreach (var row in lot.Rows)
            if (index.TryFind(row.Id, out var ordinal)) known.Add(ordinal);
        if (known.Count == 0) return [];
        var rows = await ledger.ReadImagesAsync(writer.Key, [.. known.Distinct()], cancellationToken);
        return rows.ToDictionary(r => r.Row.Id, r => new StandingImage(
            ImageName.Stored(r.Row.Name),
            index.Has(r.Ordinal, ShardIndex.Flags.Holdout) ? Partition.Holdout : Partition.Pool,
            index.LabelOf(r.Ordinal) is >= 0 and var label && index.Map is { } map && label < map.Schema.Classes.Count
                ? map.ClassOf(label) : index.LabelOf(r.Ordinal),
            // Also of one whose header is sound and that was put aside when it was scored.
            index.Has(r.Ordinal, ShardIndex.Flags.Quarantined) ? r.Row.Reason ?? "It cannot be used." : null));
    }

    private IngestOutcome Duplicate(IngestRow row, StandingImage standing) => IngestDuplicates.Of(row, standing, writer.Dataset.Schema);
}
