using System.IO.Hashing;

namespace Winnow.Algorithms.Numerics;

/// <summary>
/// Randomness that belongs to an image rather than to a stream: a seeded XxHash3 of its id. A uniform sample is the k smallest hashes, so
/// samples of several shards merge exactly and do not depend on the order in which images arrived.
/// </summary>
public static class StableHash
{
    /// <summary>64 bits that look uniform over ids and independent over seeds.</summary>
    public static ulong Of(ReadOnlySpan<byte> id, ulong seed) => XxHash3.HashToUInt64(id, unchecked((long)seed));

    /// <summary>A hash as a number in the open interval (0, 1).</summary>
    public static double ToUnit(ulong hash) => ((hash >> 12) + 0.5) * (1.0 / (1UL << 52));

    /// <summary>A hash as a standard Gumbel variate, for sampling without replacement by the largest perturbed keys.</summary>
    public static double Gumbel(ulong hash) => -Math.Log(-Math.Log(ToUnit(hash)));
}
