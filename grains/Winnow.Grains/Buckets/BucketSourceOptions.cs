namespace Winnow.Grains.Buckets;

/// <summary>How buckets are read.</summary>
public sealed class BucketSourceOptions
{
    /// <summary>Time between two readings of a bucket, which find what notifications lost. 1 s to 7 days. Default 5 min.</summary>
    public TimeSpan ReconcileInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Time after which objects that were refused are tried again; whoever has the bucket read by hand has it done at once. 1 s to 30
    /// days. Default 1 h.
    /// </summary>
    public TimeSpan RetryRefusedInterval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Objects of one lot. 1 to 1,000. Default 500.</summary>
    public int LotSize { get; set; } = 500;

    /// <summary>
    /// Bytes of one lot; two lots are under way, within what Lots:Memory and Lots:Spool allow. 1 MiB to 1 GiB. Default 64 MiB.
    /// </summary>
    public long LotBytes { get; set; } = 64L << 20;

    /// <summary>Objects on their way at once per source. 1 to 128. Default 16.</summary>
    public int Concurrency { get; set; } = 16;

    /// <summary>
    /// Keys from notifications that wait; when there are more, the bucket is read instead. 1 to 1,000,000. Default 10,000.
    /// </summary>
    public int MaxHints { get; set; } = 10_000;

    /// <summary>The first thing that is wrong, with the option's name; null when all is sound.</summary>
    public string? Check()
    {
        if (ReconcileInterval < TimeSpan.FromSeconds(1) || ReconcileInterval > TimeSpan.FromDays(7))
            return $"Sources:ReconcileInterval must be 1 s to 7 days, not {ReconcileInterval}.";
        if (RetryRefusedInterval < TimeSpan.FromSeconds(1) || RetryRefusedInterval > TimeSpan.FromDays(30))
            return $"Sources:RetryRefusedInterval must be 1 s to 30 days, not {RetryRefusedInterval}.";
        if (LotSize is < 1 or > 1000) return $"Sources:LotSize must be 1 to 1000, not {LotSize}.";
        if (LotBytes is < 1 << 20 or > 1 << 30) return $"Sources:LotBytes must be {1 << 20} to {1 << 30}, not {LotBytes}.";
        if (Concurrency is < 1 or > 128) return $"Sources:Concurrency must be 1 to 128, not {Concurrency}.";
        if (MaxHints is < 1 or > 1_000_000) return $"Sources:MaxHints must be 1 to 1000000, not {MaxHints}.";
        return null;
    }
}
