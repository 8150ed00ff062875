namespace Winnow.Adapters.Ledger;

/// <summary>Epochs of shards in SQL.</summary>
internal static class ShardEpochs
{
    /// <summary>The next epoch; of one that was never counted to, the first, so that a shard opens whatever its row says.</summary>
    public static string Next(string epoch) => $"CASE WHEN {epoch} BETWEEN 0 AND 1000000000000000000 THEN {epoch} + 1 ELSE 1 END";
}
