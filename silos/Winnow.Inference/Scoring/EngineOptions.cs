namespace Winnow.Inference.Scoring;

/// <summary>How one device works.</summary>
public sealed record EngineOptions
{
    /// <summary>Loops that decode and run beside each other. 1 to 256. Default: one per core.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>Most images in one run of the model. 1 to 1,024. Default 16: larger batches fall out of a core's cache.</summary>
    public int MaxBatch { get; init; } = 16;

    /// <summary>Images that may wait; callers beyond wait to enqueue. 16 to 1,000,000. Default 4,096.</summary>
    public int QueueCapacity { get; init; } = 4096;

    /// <summary>The first thing that is wrong, with the option's name; null when all is sound.</summary>
    public string? Check()
    {
        if (Workers is < 1 or > 256) return $"Scoring:Workers must be 1 to 256, not {Workers}.";
        if (MaxBatch is < 1 or > 1024) return $"Scoring:MaxBatch must be 1 to 1024, not {MaxBatch}.";
        if (QueueCapacity is < 16 or > 1_000_000) return $"Scoring:QueueCapacity must be 16 to 1000000, not {QueueCapacity}.";
        return null;
    }
}
