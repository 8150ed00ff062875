using Winnow.Grains.Evaluation;
using Winnow.Grains.Images;

namespace Winnow.Grains.Shards;

/// <summary>Which rows of a shard belong to what: asked of the index, and of nothing else. Pure.</summary>
internal static class ShardPool
{
    /// <summary>Of the pool, and not put aside.</summary>
    public static bool InPool(this ShardIndex index, int ordinal) =>
        (index.FlagsOf(ordinal) & (ShardIndex.Flags.Holdout | ShardIndex.Flags.Quarantined)) == 0;

    /// <summary>Of the audit sample that was drawn with a threshold.</summary>
    public static bool IsAudit(this ShardIndex index, int ordinal, ulong datasetSeed, ulong threshold) =>
        !index.Has(ordinal, ShardIndex.Flags.Holdout) && AuditSample.Holds(index.IdOf(ordinal), datasetSeed, threshold);
}
