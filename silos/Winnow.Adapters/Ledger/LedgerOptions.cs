namespace Winnow.Adapters.Ledger;

/// <summary>The embedded ledger.</summary>
public sealed record LedgerOptions
{
    /// <summary>The database file. No default.</summary>
    public required string Path { get; init; }

    /// <summary>Most commits that go to disk together. 1 to 100,000. Default 1,000.</summary>
    public int MaxGroup { get; init; } = 1_000;

    /// <summary>Commits that may wait; callers beyond wait to enqueue. 1 to 1,000,000. Default 10,000.</summary>
    public int QueueCapacity { get; init; } = 10_000;

    /// <summary>The first thing that is wrong, with the option's name; null when all is sound.</summary>
    public string? Check()
    {
        if (string.IsNullOrWhiteSpace(Path)) return "Ledger:Path must name the database file.";
        if (MaxGroup is < 1 or > 100_000) return $"Ledger:MaxGroup must be 1 to 100000, not {MaxGroup}.";
        if (QueueCapacity is < 1 or > 1_000_000) return $"Ledger:QueueCapacity must be 1 to 1000000, not {QueueCapacity}.";
        return null;
    }
}
