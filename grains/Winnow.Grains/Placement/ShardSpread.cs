using System.Text;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;

namespace Winnow.Grains.Placement;

/// <summary>
/// Which silo is to hold which shard of a dataset. Every silo comes to the same answer by itself: it depends on nothing but the dataset and
/// the silos there are. In the order of their numbers shards go to the silo that their hash puts highest among those with room, and room is
/// such that no two silos differ by more than one shard. When a silo comes or goes, few shards change their place beside those that have
/// to.
/// </summary>
internal static class ShardSpread
{
    /// <summary>The silos of a layout's shards, in the order of their numbers.</summary>
    /// <param name="silos">At least one, in any order.</param>
    /// <param name="dataset">Its name, so that the odd shards of many datasets are not all on one silo.</param>
    /// <param name="layout">The shards.</param>
    public static SiloAddress[] Over(IEnumerable<SiloAddress> silos, string dataset, ShardLayout layout)
    {
        // Sorted for the case of equal hashes.
        SiloAddress[] candidates = [.. silos.Order()];
        // By the address alone: a silo that was started again where it was is due the same shards.
        var keys = candidates.Select(s => Encoding.UTF8.GetBytes($"{s.Endpoint}/{dataset}")).ToArray();
        var (room, odd) = Math.DivRem(layout.Count, candidates.Length);
        var held = new int[candidates.Length];
        var owners = new SiloAddress[layout.Count];
        for (var place = 0; place < owners.Length; place++)
        {
            var (best, highest) = (-1, 0UL);
            for (var c = 0; c < candidates.Length; c++)
            {
                // Of the shards that are left over when each silo has its share, a silo may have one.
                if (held[c] > room || (held[c] == room && odd == 0)) continue;
                var hash = Algorithms.Numerics.StableHash.Of(keys[c], (ulong)(layout.First + place));
                if (best < 0 || hash > highest) (best, highest) = (c, hash);
            }
            if (held[best]++ == room) odd--;
            owners[place] = candidates[best];
        }
        return owners;
    }

    /// <summary>The silo of one shard.</summary>
    /// <param name="silos">At least one, in any order.</param>
    /// <param name="shard">The shard.</param>
    /// <param name="layout">Its dataset's layout; null when that is not known.</param>
    public static SiloAddress SiloOf(IEnumerable<SiloAddress> silos, ShardKey shard, ShardLayout? layout)
    {
        var own = LayoutOf(shard.Shard, layout);
        return Over(silos, shard.Dataset, own)[shard.Shard - own.First];
    }

    private static ShardLayout LayoutOf(int number, ShardLayout? layout)
    {
        if (layout?.Contains(number) == true) return layout;
        if (layout?.Split is not null && layout.Doubled() is var coming && coming.Contains(number)) return coming;
        // A number that is gone, or a dataset that nobody can be asked about: by its own hash, as if it were alone.
        return new ShardLayout(number, 1);
    }
}
