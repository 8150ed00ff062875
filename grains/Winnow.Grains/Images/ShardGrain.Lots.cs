using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Grains.Ports;

namespace Winnow.Grains.Images;

/// <summary>The operations of lots: each is one caller's, for one content, and inserts its rows once.</summary>
internal sealed partial class ShardGrain
{
    private const string Lot = "for a lot of images";

    private static OperationStamp? StampOf(IngestLot lot) => lot.Content is { } content ? new OperationStamp(lot.Actor, content) : null;

    /// <summary>What the ledger knows of a lot's operation.</summary>
    /// <exception cref="RefusedException">It is another's.</exception>
    private async Task<OperationRow?> FindOwnAsync(IngestLot lot, CancellationToken cancellationToken)
    {
        var known = await ledger.FindOperationAsync(_key, lot.OperationId, cancellationToken);
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
        var commit = new ShardCommit { Shard = _key, Epoch = _epoch, OperationId = lot.OperationId, Stamp = StampOf(lot), Images = fresh };
        if (!known)
        {
            switch (await TryCommitAsync(commit, cancellationToken))
            {
                case ShardCommitStatus.Committed: return;
                case ShardCommitStatus.OtherOperation: throw OperationStamp.Conflict(lot.OperationId, Lot);
                case ShardCommitStatus.Conflict: throw Changed();
            }
            var before = await FindOwnAsync(lot, cancellationToken);
            // Rows that the ledger has and memory does not: memory is behind.
            if (before is not { } its || its.Rows.First + its.Rows.Count > _index.Count) throw TakenOver();
        }
        // The operation has its rows. What it brings beyond them, another part of one completion or a lot under an id of an early
        // release, is taken in for what it is: new.
        await CommitAsync(commit with { OperationId = Guid.Empty, Stamp = null }, cancellationToken);
    }
}
