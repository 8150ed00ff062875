namespace Winnow.Grains.Settings;

/// <summary>How a shard goes about its machine work.</summary>
public sealed class ShardOptions
{
    /// <summary>Images per call to a scoring device. 1 to 1,024. Default 64: four times the throughput of one per call.</summary>
    public int LotSize { get; set; } = 64;

    /// <summary>Lots on their way per shard. 1 to 64. Default 3.</summary>
    public int LotsInFlight { get; set; } = 3;

    /// <summary>
    /// Rows after which an embedding segment is published, and up to which small ones are merged. 64 to 1,000,000. Default 4,096.
    /// </summary>
    public int SegmentRows { get; set; } = 4096;

    /// <summary>
    /// How long a segment that another took the place of stays, for readers and backups under way. 0 to 7 days. Default 1 hour.
    /// </summary>
    public TimeSpan KeepSuperseded { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Images that a shard lists at a time for a version. 1 to 100,000. Default 5,000.</summary>
    public int ListedAtOnce { get; set; } = 5_000;

    /// <summary>
    /// How long no silo that holds data may have come or gone before shards are moved to where they belong. 0 for never, or 1 s to 1 hour.
    /// Default 30 s: longer than a silo takes to start again where it was.
    /// </summary>
    public TimeSpan RebalanceAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The first thing that is wrong, with the option's name; null when all is sound.</summary>
    public string? Check()
    {
        if (LotSize is < 1 or > 1024) return $"Shard:LotSize must be 1 to 1024, not {LotSize}.";
        if (LotsInFlight is < 1 or > 64) return $"Shard:LotsInFlight must be 1 to 64, not {LotsInFlight}.";
        if (SegmentRows is < 64 or > 1_000_000) return $"Shard:SegmentRows must be 64 to 1000000, not {SegmentRows}.";
        if (KeepSuperseded < TimeSpan.Zero || KeepSuperseded > TimeSpan.FromDays(7))
            return $"Shard:KeepSuperseded must be 0 to 7 days, not {KeepSuperseded}.";
        if (ListedAtOnce is < 1 or > 100_000) return $"Shard:ListedAtOnce must be 1 to 100000, not {ListedAtOnce}.";
        if (RebalanceAfter != TimeSpan.Zero && (RebalanceAfter < TimeSpan.FromSeconds(1) || RebalanceAfter > TimeSpan.FromHours(1)))
            return $"Shard:RebalanceAfter must be 0 for never, or 00:00:01 to 01:00:00, not {RebalanceAfter}.";
        return null;
    }
}
