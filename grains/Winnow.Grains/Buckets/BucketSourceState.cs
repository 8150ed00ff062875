using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Images.Buckets;

namespace Winnow.Grains.Buckets;

/// <summary>One source as its dataset remembers it.</summary>
public sealed class SourceEntry
{
    public required BucketSource Source { get; set; }
    public required string AddedBy { get; set; }
    public required DateTimeOffset AddedAt { get; set; }

    /// <summary>SHA-256 of the secret in the notification path: what is stored opens nothing.</summary>
    public required byte[] SecretHash { get; set; }
}

/// <summary>The sources of a dataset.</summary>
public sealed class BucketSourcesState : IStoredState
{
    public List<SourceEntry> Sources { get; set; } = [];

    public string? Check() => MemberRules.Each("sources", Sources, s =>
        s.Source is null ? "source is missing." : MemberRules.Within("source", s.Source.Check())
            ?? (s.SecretHash is null ? "secretHash is missing." : null));
}

/// <summary>A stored part of what a source knows.</summary>
public sealed class KnownSegment
{
    public required long Number { get; set; }
    public required int Count { get; set; }
}

/// <summary>How far a source has come. Written after each lot, and now and then while a listing finds nothing new.</summary>
public sealed class BucketSourceState : IStoredState
{
    public BucketSource? Source { get; set; }

    /// <summary>Sets the lots of this source apart from those of one that was removed and bore its name.</summary>
    public Guid Id { get; set; }

    /// <summary>The key after which the listing under way goes on; null before its first page and after its last.</summary>
    public string? ListedUpTo { get; set; }
    public long Listed { get; set; }
    public long ListedLast { get; set; }

    /// <summary>The stored parts of the known set, oldest and largest first.</summary>
    public List<KnownSegment> Segments { get; set; } = [];
    public long NextSegment { get; set; }

    public long Taken { get; set; }
    public long Duplicates { get; set; }
    public long Quarantined { get; set; }
    public long Refused { get; set; }
    public long Vanished { get; set; }

    /// <summary>Objects that were refused and will be tried again, as they were counted last.</summary>
    public long Waiting { get; set; }
    public long Placeholders { get; set; }
    public long InOtherPartition { get; set; }
    public long LabelsNotTaken { get; set; }
    public long StoredOtherwise { get; set; }
    public long Notified { get; set; }
    public long Syncs { get; set; }
    public DateTimeOffset? LastSync { get; set; }
    public List<RefusedObject> LatestRefused { get; set; } = [];
    public List<RefusedObject> LatestNoted { get; set; } = [];

    public string? Check() =>
        MemberRules.Within("source", Source?.Check())
        ?? MemberRules.Each("segments", Segments, s => MemberRules.Number("count", s.Count, 0, int.MaxValue))
        ?? MemberRules.Each("latestRefused", LatestRefused, _ => null)
        ?? MemberRules.Each("latestNoted", LatestNoted, _ => null);
}
