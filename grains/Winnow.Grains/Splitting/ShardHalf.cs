using Winnow.Grains.Ports;

namespace Winnow.Grains.Splitting;

/// <summary>One half of a shard as it comes into being: what the ledger holds of it, and the right to write to it.</summary>
internal sealed class ShardHalf(IShardLedger ledger, ShardKey key, OpenedShard opened)
{
    private readonly Dictionary<int, int> _versions = [];

    public ShardKey Key => key;

    public long Epoch => opened.Epoch;

    /// <summary>Rows of images.</summary>
    public int Images { get; private set; } = opened.Images;

    /// <summary>Its columns by kind and version.</summary>
    public Dictionary<(string Kind, string Version), HalfColumn> Columns { get; } = [];

    /// <summary>An empty commit.</summary>
    public ShardCommit New() => new() { Shard = key, Epoch = opened.Epoch };

    /// <summary>Entries that it has of the image at an ordinal.</summary>
    public int VersionOf(int ordinal) => _versions.GetValueOrDefault(ordinal);

    /// <summary>It has so many entries of an image, or is about to.</summary>
    public void Knows(int ordinal, int version) => _versions[ordinal] = version;

    /// <summary>Makes a step durable.</summary>
    public async Task CommitAsync(ShardCommit commit)
    {
        foreach (var entry in commit.History) Knows(entry.Ordinal, entry.Version);
        if (HalfCommits.IsEmpty(commit)) return;
        var status = await ledger.CommitAsync(commit, CancellationToken.None);
        if (status != ShardCommitStatus.Committed)
            throw new OrleansException($"Shard {key} was opened by another while it was filled ({status}). It is looked at again.");
        Images += commit.Images.Count;
    }
}

/// <summary>What a half has of one column.</summary>
/// <param name="Count">Rows without a gap from ordinal 0.</param>
/// <param name="Objects">The objects that hold them.</param>
internal sealed record HalfColumn(int Count, IReadOnlyList<string> Objects);
