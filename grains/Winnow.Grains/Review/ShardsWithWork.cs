using Winnow.Model.Review;

namespace Winnow.Grains.Review;

/// <summary>The shards that may have tasks, by their kind: what a shard has none of it says nothing of until something comes.</summary>
internal sealed class ShardsWithWork
{
    private readonly HashSet<int>[] _of = [.. Enum.GetValues<TaskKind>().Select(_ => new HashSet<int>())];

    /// <summary>A shard may have tasks of any kind.</summary>
    public void Add(int shard)
    {
        foreach (var shards in _of) shards.Add(shard);
    }

    /// <summary>A shard has more tasks of a kind.</summary>
    public void Add(int shard, TaskKind kind) => _of[(int)kind].Add(shard);

    /// <summary>Whether any may have tasks of a kind.</summary>
    public bool Any(TaskKind kind) => _of[(int)kind].Count > 0;

    /// <summary>The shards of a kind, which are asked now.</summary>
    public int[] Take(TaskKind kind)
    {
        int[] shards = [.. _of[(int)kind]];
        _of[(int)kind].Clear();
        return shards;
    }

    /// <summary>Forgets shards; whether there were any.</summary>
    public bool Forget(Predicate<int> which)
    {
        var gone = 0;
        foreach (var shards in _of) gone += shards.RemoveWhere(which);
        return gone > 0;
    }
}
