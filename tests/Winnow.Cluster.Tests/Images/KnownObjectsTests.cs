using CsCheck;
using Winnow.Grains.Buckets;

namespace Winnow.Cluster.Tests.Images;

public sealed class KnownObjectsTests
{
    [Fact]
    public void What_was_added_is_known_and_segments_stay_few()
    {
        Gen.Int[1, 200].List[1, 60].Sample(lots =>
        {
            var known = new KnownObjects();
            var all = new HashSet<ulong>();
            var (number, written) = (0L, 0L);
            foreach (var size in lots)
            {
                var hashes = Enumerable.Range(0, size).Select(i => KnownObjects.HashOf($"key/{all.Count + i}", "etag")).ToArray();
                var (segment, merged, replaced) = known.Plan(hashes, number++);
                Assert.Equal(merged.Order(), merged);
                Assert.False(known.Contains(hashes[0])); // nothing changes before it is stored
                known.Apply(segment, merged, replaced);
                all.UnionWith(hashes);
                written += merged.Length;
            }
            Assert.Equal(all.Count, known.Count);
            Assert.All(all, h => Assert.True(known.Contains(h)));
            Assert.False(known.Contains(KnownObjects.HashOf("key/0", "another version")));
            // Each is more than twice the next, so there are about log₂ n of them.
            Assert.InRange(known.Segments.Count(), 1, 2 + (int)Math.Log2(all.Count));
            Assert.True(written <= all.Count * (3 + Math.Log2(all.Count)), $"{written} hashes were written for {all.Count}");
        }, iter: 200);
    }

    [Fact]
    public void Stored_hashes_are_read_back_and_damage_is_seen()
    {
        ulong[] hashes = [1, 5, ulong.MaxValue];
        var bytes = KnownObjects.ToBytes(hashes);
        Assert.Equal(hashes, KnownObjects.FromBytes(bytes));
        Assert.Equal([], KnownObjects.FromBytes(KnownObjects.ToBytes([]))!);
        for (var at = 0; at < bytes.Length; at++)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[at] ^= 1;
            Assert.Null(KnownObjects.FromBytes(damaged));
            Assert.Null(KnownObjects.FromBytes(bytes.AsSpan(0, at)));
        }
    }
}
