using Winnow.Model.Images;

namespace Winnow.Model.Datasets;

/// <summary>
/// Which shard an image belongs to: the top bits of its id. Doubling the shards therefore splits each in two and moves no image between
/// the others, and a walk over the shards in order visits the images in order of their ids.
/// </summary>
public static class ShardLayout
{
    /// <summary>The shard of an image among <paramref name="shards"/>, a power of two.</summary>
    public static int ShardOf(ImageId id, int shards) => shards == 1 ? 0 : (int)(id.A >> (64 - System.Numerics.BitOperations.Log2((uint)shards)));
}
