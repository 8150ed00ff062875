using Winnow.Abstractions.Datasets;
using Winnow.Grains.Ports;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>Operations that an early release wrote.</summary>
internal static class OperationsOfBefore
{
    /// <summary>An operation of a layout that knew no stamps: it is there as it was, and nobody's in particular.</summary>
    public static async Task CheckAsync(IShardLedger ledger, ShardKey shard, Guid operation, OrdinalRange rows)
    {
        Assert.Equal(new OperationRow(operation, rows), await ledger.FindOperationAsync(shard, operation, CancellationToken.None));
        var opened = await ledger.OpenShardAsync(shard, CancellationToken.None);
        foreach (var stamp in new OperationStamp?[] { null, Of("ann"), Of("bob") })
        {
            ImageRow[] next = [Image(opened.Images)];
            ShardCommit again = new() { Shard = shard, Epoch = opened.Epoch, OperationId = operation, Stamp = stamp, Images = next };
            Assert.Equal(ShardCommitStatus.AlreadyApplied, await ledger.CommitAsync(again, CancellationToken.None));
        }
        // A shard beside it never saw it, as before.
        var far = shard with { Shard = shard.Shard + 1 };
        Assert.Null(await ledger.FindOperationAsync(far, operation, CancellationToken.None));
    }

    private static OperationStamp Of(string actor) => new(actor, OperationStamp.ContentOf("a lot"));
}
