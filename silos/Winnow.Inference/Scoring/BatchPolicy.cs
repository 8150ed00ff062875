namespace Winnow.Inference.Scoring;

/// <summary>What a worker does with its batch when nothing is there to be added.</summary>
internal enum BatchStep
{
    /// <summary>Runs it.</summary>
    Run,

    /// <summary>Waits for its turn on the device, and for images until then.</summary>
    AwaitTurn,

    /// <summary>Keeps the device, and waits for images that are being fetched.</summary>
    AwaitImages,
}

/// <summary>How large batches grow, and when they run. Nothing but numbers: <see cref="EngineWorker"/> does as it says.</summary>
/// <param name="Capacity">Most images of a run.</param>
/// <param name="Workers">That share what waits.</param>
/// <param name="WholeRuns">Whether a run costs much the same whatever is in it, as on a graphics card or with a fixed batch; otherwise it
/// costs as much as its images do one by one.</param>
/// <param name="MaxDelay">How long an idle device is kept waiting for images that are under way.</param>
internal readonly record struct BatchPolicy(int Capacity, int Workers, bool WholeRuns, TimeSpan MaxDelay)
{
    /// <summary>How large a batch may become.</summary>
    /// <param name="count">Images in it.</param>
    /// <param name="waiting">Images that wait, or are under way.</param>
    /// <param name="idle">Whether the device is, or is this worker's: then the batch takes what waits now, and not what comes while that is
    /// decoded.</param>
    /// <remarks>
    /// Where a run costs what its images cost, all that a larger batch saves is handing over, 45 µs beside a millisecond per image, and the
    /// first of it is answered when the last one is. So a worker takes half of its even share: up to seven that wait for two workers go one
    /// by one, what is left goes to whoever is free first, and only a long queue, where saving comes to more than waiting, fills batches.
    /// The whole share made the 95th percentile of random arrivals a fifth longer.
    /// </remarks>
    public int Most(int count, int waiting, bool idle) =>
        !WholeRuns ? Math.Clamp(waiting / (2 * Workers), 1, Capacity)
        : idle ? Math.Clamp(count + waiting, 1, Capacity)
        : Capacity;

    /// <summary>Whether to run a batch that is not full.</summary>
    /// <param name="turn">Whether the device is this worker's.</param>
    /// <param name="underWay">Images that are being fetched or wait for that.</param>
    /// <param name="waited">Since the batch was begun.</param>
    public BatchStep Next(bool turn, int underWay, TimeSpan waited)
    {
        if (!WholeRuns)
            return BatchStep.Run;
        // Growing costs no time while the device runs another: this one would only wait for it.
        if (!turn)
            return BatchStep.AwaitTurn;
        return underWay > 0 && waited < MaxDelay ? BatchStep.AwaitImages : BatchStep.Run;
    }
}
