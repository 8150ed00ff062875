namespace Winnow.Inference.Scoring;

/// <summary>How an <see cref="EmbeddingEngine"/> uses its device.</summary>
public sealed record EngineOptions
{
    /// <summary>Threads that decode and run batches. Default: the number of processors; 1 to 256.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>Images per run. Default 16; 1 to 1,024. A model with a fixed batch overrides it.</summary>
    public int MaxBatch { get; init; } = 16;

    /// <summary>
    /// How long an idle device waits for images that are still being fetched, where it gains from batches. Default 2 ms; 0 to 1 s. With
    /// nothing under way nobody waits, and processors never do.
    /// </summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>
    /// Image references that may wait; further callers wait in <see cref="EmbeddingEngine.EmbedAsync"/>. Default 4,096; 1 to 1,000,000.
    /// </summary>
    public int QueueCapacity { get; init; } = 4096;

    /// <summary>
    /// Fetches under way at once. Default 32; 1 to 1,024.
    /// </summary>
    public int Fetches { get; init; } = 32;

    /// <summary>
    /// Encoded bytes in memory, fetched and not decoded yet. Default 256 MiB; 1 MiB to 1 TiB. Fetches that began before a size was known
    /// may go beyond it once,
    /// by their own.
    /// </summary>
    public long FetchedBytes { get; init; } = 256L << 20;

    /// <exception cref="ArgumentOutOfRangeException">An option lies outside its documented range; the message names it.</exception>
    public void Validate()
    {
        Check(Workers is >= 1 and <= 256, nameof(Workers), Workers);
        Check(MaxBatch is >= 1 and <= 1024, nameof(MaxBatch), MaxBatch);
        Check(MaxDelay >= TimeSpan.Zero && MaxDelay <= TimeSpan.FromSeconds(1), nameof(MaxDelay), MaxDelay);
        Check(QueueCapacity is >= 1 and <= 1_000_000, nameof(QueueCapacity), QueueCapacity);
        Check(Fetches is >= 1 and <= 1024, nameof(Fetches), Fetches);
        Check(FetchedBytes is >= 1 << 20 and <= 1L << 40, nameof(FetchedBytes), FetchedBytes);
    }

    private static void Check(bool holds, string name, object value)
    {
        if (!holds)
            throw new ArgumentOutOfRangeException(name, value, $"EngineOptions.{name} is out of its documented range.");
    }
}
