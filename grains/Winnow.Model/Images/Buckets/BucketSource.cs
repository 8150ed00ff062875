using System.Diagnostics.CodeAnalysis;
using Winnow.Model.Names;

namespace Winnow.Model.Images.Buckets;

/// <summary>Rules for a source's name.</summary>
public static class SourceName
{
    /// <summary>What a name must look like, as a sentence.</summary>
    public const string Rule = "A source's name has 1 to 63 characters of a–z, 0–9 and '-', and starts with a letter or digit.";

    /// <summary>Whether a name may be used. Names become folder names and URL segments, so the rule is strict.</summary>
    public static bool IsValid([NotNullWhen(true)] string? name) => DatasetName.IsValid(name);
}

/// <summary>A bucket, or a part of one, whose objects become images of a dataset.</summary>
/// <param name="Name">What the dataset calls it.</param>
/// <param name="Bucket">The bucket.</param>
/// <param name="Prefix">What keys begin with; empty for all.</param>
/// <param name="Server">A server that the operator has configured by this name; null for the one that holds the cluster's own
/// objects.</param>
/// <param name="LabelsFromFolders">Whether the last folder of a key is the image's known label.</param>
/// <param name="Partition">What the images are for.</param>
public sealed record BucketSource(string Name, string Bucket, string Prefix = "", string? Server = null, bool LabelsFromFolders = false,
    Partition Partition = Partition.Pool)
{
    /// <summary>The first thing that is wrong, as a sentence; null when all is sound.</summary>
    public string? Check()
    {
        if (!SourceName.IsValid(Name)) return $"'{Name}' cannot be a source's name. {SourceName.Rule}";
        if (Bucket is not { Length: >= 3 and <= 63 } || !Bucket.All(c => c is >= 'a' and <= 'z' or >= '0' and <= '9' or '.' or '-')
            || !char.IsAsciiLetterOrDigit(Bucket[0]) || !char.IsAsciiLetterOrDigit(Bucket[^1])
            || Bucket.Contains("..", StringComparison.Ordinal))
            return $"'{Bucket}' cannot be a bucket's name: 3 to 63 characters of a–z, 0–9, '.' and '-', with a letter or digit at either "
                + $"end and no two dots in a row.";
        if (MemberRules.Text("prefix", Prefix, 1_000) is { } unshown) return unshown;
        if (Server is not null && !SourceName.IsValid(Server)) return $"'{Server}' cannot be the name of a configured server.";
        return Enum.IsDefined(Partition) ? null : "partition must be pool or holdout.";
    }
}

/// <summary>A source that was added.</summary>
/// <param name="Source">The source.</param>
/// <param name="NotificationPath">
/// Where the bucket's notifications are to be sent, below the server's address. It holds a secret and is told this once; null when the
/// source was there already.
/// </param>
public sealed record AddedSource(BucketSource Source, string? NotificationPath);

/// <summary>An object that could not be taken in.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Reason">Why.</param>
public sealed record RefusedObject([property: Text(TextKind.Exact)] string Key, string Reason);

/// <summary>Where a source stands.</summary>
public sealed record SourceStatus
{
    /// <summary>The source.</summary>
    public required BucketSource Source { get; init; }
    /// <summary>Whether it is reading the bucket now.</summary>
    public bool Syncing { get; init; }
    /// <summary>Objects that the listing under way, else the last one, has seen.</summary>
    public long Listed { get; init; }
    /// <summary>Versions of objects that are settled and will not be fetched again.</summary>
    public long Known { get; init; }
    /// <summary>New images.</summary>
    public long Taken { get; init; }
    /// <summary>Images whose bytes the dataset had already.</summary>
    public long Duplicates { get; init; }
    /// <summary>Images that are kept and cannot be used; the dataset lists them with their reasons.</summary>
    public long Quarantined { get; init; }
    /// <summary>Objects that were not taken at all: those that are too large, that may not be read, that are archived.</summary>
    public long Refused { get; init; }
    /// <summary>Those of the refused that are tried again now and then: rights can be given, archived objects restored.</summary>
    public long Waiting { get; init; }
    /// <summary>Objects without bytes that stand for a folder; they are passed over.</summary>
    public long Placeholders { get; init; }
    /// <summary>Images that were there already in the other partition, and stay there.</summary>
    public long InOtherPartition { get; init; }
    /// <summary>Images that do not bear the label of their folder, or were to have one and lie in none.</summary>
    public long LabelsNotTaken { get; init; }
    /// <summary>Images that are stored under another name than their key gives: that of the same bytes, or one that can be shown.</summary>
    public long StoredOtherwise { get; init; }
    /// <summary>
    /// The latest images that were not taken as they were given, oldest first: put aside, in the other partition, without their label,
    /// under another name.
    /// </summary>
    public IReadOnlyList<RefusedObject> LatestNoted { get; set; } = [];
    /// <summary>Objects that were gone when they were to be fetched.</summary>
    public long Vanished { get; init; }
    /// <summary>The latest objects that were refused or had vanished, oldest first.</summary>
    public IReadOnlyList<RefusedObject> LatestRefused { get; set; } = [];
    /// <summary>Keys that notifications named.</summary>
    public long Notified { get; init; }
    /// <summary>When the bucket was last read to its end.</summary>
    public DateTimeOffset? LastSync { get; init; }
    /// <summary>Complete readings of the bucket.</summary>
    public long Syncs { get; init; }
    /// <summary>What keeps it from going on; null while nothing does.</summary>
    public string? LastError { get; init; }
}
