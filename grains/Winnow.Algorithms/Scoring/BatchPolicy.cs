namespace Winnow.Algorithms.Scoring;

/// <summary>How a device forms batches.</summary>
/// <param name="MaxBatch">Most images in one batch.</param>
/// <param name="MaxDelay">Longest that an image waits for company.</param>
public sealed record BatchOptions(int MaxBatch, TimeSpan MaxDelay);

/// <summary>Run <paramref name="Count"/> images now, or, when it is 0, look again after <paramref name="Wait"/>.</summary>
public readonly record struct BatchDecision(int Count, TimeSpan Wait);

/// <summary>When a device runs what waits: a full batch at once, a partial one when its oldest image has waited long enough. Pure.</summary>
public static class BatchPolicy
{
    /// <summary>Decides for <paramref name="waiting"/> images of which the oldest has waited <paramref name="oldestAge"/>.</summary>
    public static BatchDecision Decide(int waiting, TimeSpan oldestAge, BatchOptions options)
    {
        if (waiting >= options.MaxBatch) return new BatchDecision(options.MaxBatch, TimeSpan.Zero);
        if (waiting == 0) return new BatchDecision(0, Timeout.InfiniteTimeSpan);
        return oldestAge >= options.MaxDelay ? new BatchDecision(waiting, TimeSpan.Zero) : new BatchDecision(0, options.MaxDelay - oldestAge);
    }
}
