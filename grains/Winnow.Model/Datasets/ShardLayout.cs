using System.Numerics;
using System.Text.Json.Serialization;
using Winnow.Model.Images;
using Winnow.Model.Names;

namespace Winnow.Model.Datasets;

/// <summary>
/// The shards that hold a dataset: <paramref name="Count"/> of them, a power of two, numbered from <paramref name="First"/> on. Which of
/// them holds an image is said by the top bits of its id, so doubling the shards splits each in two and moves no image between the others,
/// and a walk over them in order visits the images in order of their ids. The numbers of a doubled layout follow those of the one before:
/// no number is ever given twice.
/// </summary>
/// <param name="First">Number of the first shard.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Split">The doubling that is under way; null when there is none.</param>
/// <param name="Superseded">The shards that held the dataset before and have not been removed yet; null when there are none.</param>
public sealed record ShardLayout(int First, int Count, ShardSplit? Split = null, SupersededShards? Superseded = null)
{
    /// <summary>Shards at most.</summary>
    public const int MaxCount = 1024;

    /// <summary>The number of the shard that holds an image.</summary>
    public int ShardOf(ImageId id) => First + IndexOf(id, Count);

    /// <summary>All numbers, in order.</summary>
    public IEnumerable<int> Numbers() => Enumerable.Range(First, Count);

    /// <summary>Whether this is one of the numbers.</summary>
    public bool Contains(int number) => number >= First && number - First < Count;

    /// <summary>
    /// The layout with twice as many shards: number <c>n</c> becomes those at places <c>2(n − First)</c> and <c>2(n − First) + 1</c>.
    /// </summary>
    public ShardLayout Doubled() => new(First + Count, Count * 2);

    /// <summary>
    /// Where the images of a shard begin now, which may be one of an earlier layout; null when there never was such a number.
    /// </summary>
    /// <param name="number">The shard.</param>
    /// <param name="created">Shards at the dataset's creation.</param>
    public int? Place(int number, int created)
    {
        if (Contains(number)) return number;
        for (var earlier = new ShardLayout(0, created); earlier.First < First; earlier = earlier.Doubled())
            if (earlier.Contains(number)) return First + (number - earlier.First) * (Count / earlier.Count);
        return null;
    }

    /// <summary>
    /// The first thing that is wrong, as a sentence with the member's name; null when all is sound. Shards are only ever doubled, so their
    /// number and the number of the first follow from those of the creation.
    /// </summary>
    /// <param name="created">Shards at the dataset's creation.</param>
    public string? Check(int created)
    {
        if (Count < created || Count > MaxCount || !BitOperations.IsPow2(Count))
            return $"count must be a power of two from {created} to {MaxCount}, not {Count}.";
        if (First != Count - created) return $"first must be {Count - created} where {created} shards have become {Count}, not {First}.";
        if (Split is { } split && (Count * 2 > MaxCount
            || (MemberRules.Word("step", split.Step) ?? ActorName.Check("startedBy", split.StartedBy)) is not null))
            return "split is none that can be.";
        return Superseded is null || (Superseded.Count == Count / 2 && Superseded.First == First - (Count / 2)) ? null
            : "superseded are not the shards of before.";
    }

    /// <summary>The place of an image's shard among <paramref name="shards"/>, a power of two.</summary>
    public static int IndexOf(ImageId id, int shards) => shards == 1 ? 0 : (int)(id.A >> (64 - BitOperations.Log2((uint)shards)));
}

/// <summary>How far a doubling of the shards has come.</summary>
[JsonConverter(typeof(KebabEnumConverter<ShardSplitStep>))]
public enum ShardSplitStep
{
    /// <summary>The new shards are filled while the old ones take in whatever comes.</summary>
    Copying,
    /// <summary>The old shards take in nothing more and answer what they are asked; what came last goes over to the new ones.</summary>
    Sealed,
}

/// <summary>A doubling of the shards that is under way.</summary>
public sealed record ShardSplit(ShardSplitStep Step, DateTimeOffset StartedAt, string StartedBy);

/// <summary>
/// Shards that hold a dataset no longer. Their rows and segments stay for whoever may still read them, such as a backup under way.
/// </summary>
/// <param name="First">Number of the first one.</param>
/// <param name="Count">How many they are.</param>
/// <param name="RemovedAfter">When they may go.</param>
public sealed record SupersededShards(int First, int Count, DateTimeOffset RemovedAfter);

/// <summary>A request to double the shards of a dataset.</summary>
/// <param name="Shards">How many there shall be: twice as many as there are. Naming the number makes it harmless to ask twice.</param>
public sealed record SplitDataset(int Shards);

/// <summary>What a doubling of the shards has done and has left.</summary>
/// <param name="Step">How far it has come.</param>
/// <param name="From">Shards until now.</param>
/// <param name="To">Shards afterwards.</param>
/// <param name="Copied">Rows that lie in the new shards: images, and what machines found about them.</param>
/// <param name="Total">Rows in all, as of now.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="StartedBy">Who wanted it.</param>
/// <param name="Stalled">Why it stands still; null while it does not.</param>
public sealed record ShardSplitProgress(ShardSplitStep Step, int From, int To, long Copied, long Total, DateTimeOffset StartedAt,
    string StartedBy, string? Stalled);
