namespace Winnow.Grains.Backup;

/// <summary>What restores may take: a backup comes from anywhere, and its size says nothing of its worth.</summary>
public sealed class RestoreOptions
{
    /// <summary>Restores at once, on each silo that answers callers. 1 to 64. Default 2; one more is told to come later.</summary>
    public int AtOnce { get; set; } = 2;

    /// <summary>
    /// Bytes of the states of a dataset and of all its rounds, which are held in memory until they are stored. 1 MiB to 16 GiB. Default 256
    /// MiB: a million answers.
    /// </summary>
    public long MaxStateBytes { get; set; } = 256L << 20;

    /// <summary>The first thing that is wrong, with the option's name; null when all is sound.</summary>
    public string? Check()
    {
        if (AtOnce is < 1 or > 64) return $"Restore:AtOnce must be 1 to 64, not {AtOnce}.";
        if (MaxStateBytes is < 1 << 20 or > 16L << 30)
            return $"Restore:MaxStateBytes must be {1 << 20} to {16L << 30}, not {MaxStateBytes}.";
        return null;
    }
}

/// <summary>What one restore may take.</summary>
/// <param name="MaxImageBytes">Bytes of an image.</param>
/// <param name="MaxStateBytes">Bytes of all states.</param>
internal readonly record struct RestoreLimits(long MaxImageBytes, long MaxStateBytes);
