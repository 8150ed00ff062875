using System.Runtime.InteropServices;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Grains.Splitting;

/// <summary>
/// Which row of a shard becomes which row of which half: the halves keep the order of the shard, so a row's ordinal in its half is how many
/// rows of that half stand before it. Rows that come later change nothing of that, which is why rows can be copied while others come.
/// </summary>
/// <param name="shards">Shards after the doubling.</param>
internal sealed class HalfRanks(int shards)
{
    private readonly List<int>[] _members = [[], []];
    // The ordinal in the first half, or the complement of the one in the second.
    private readonly List<int> _places = [];

    /// <summary>Rows of the shard that are known.</summary>
    public int Count => _places.Count;

    /// <summary>A row was appended.</summary>
    public void Add(ImageId id)
    {
        var half = ShardLayout.IndexOf(id, shards) & 1;
        _places.Add(half == 0 ? _members[0].Count : ~_members[1].Count);
        _members[half].Add(_places.Count - 1);
    }

    /// <summary>Where a row goes. What is about the shard and no row (−1) goes to the first half, as it must be there once.</summary>
    public (int Half, int Ordinal) PlaceOf(int ordinal) =>
        ordinal < 0 ? (0, ordinal) : _places[ordinal] is >= 0 and var first ? (0, first) : (1, ~_places[ordinal]);

    /// <summary>The rows of a half: its ordinals are their places here.</summary>
    public ReadOnlySpan<int> Members(int half) => CollectionsMarshal.AsSpan(_members[half]);

    /// <summary>Rows of a half among the first <paramref name="rows"/> of the shard.</summary>
    public int Below(int half, int rows)
    {
        if (rows == Count) return _members[half].Count;
        var (its, ordinal) = PlaceOf(rows);
        return its == half ? ordinal : rows - ordinal;
    }

    /// <summary>A range of rows as a half has them.</summary>
    public Ports.OrdinalRange RangeOf(int half, Ports.OrdinalRange rows)
    {
        var first = Below(half, rows.First);
        return new Ports.OrdinalRange(first, Below(half, rows.First + rows.Count) - first);
    }
}
