using Winnow.Grains.Ports;

namespace Winnow.Adapters.Ledger;

/// <summary>Where the embedded ledger stands and how it groups its commits.</summary>
public sealed class LedgerOptions
{
    /// <summary>Path of the database file. Its folder is made when it is not there. Required.</summary>
    public string Path { get; set; } = "";

    /// <summary>Most commits that go to disk in one transaction. 1 to 100,000. Default 1,000.</summary>
    public int MaxGroup { get; set; } = 1_000;

    /// <summary>
    /// Rows after which a transaction takes no further commit, so that a small commit does not wait behind a long one. 1 to 10,000,000.
    /// Default 20,000.
    /// </summary>
    public int MaxGroupRows { get; set; } = 20_000;

    /// <summary>Commits that may wait for the writer before callers wait to hand theirs over. 1 to 1,000,000. Default 4,096.</summary>
    public int QueueCapacity { get; set; } = 4_096;

    /// <summary>Memory for cached pages of the writer, in MiB. 1 to 65,536. Default 64.</summary>
    public int CacheMebibytes { get; set; } = 64;

    /// <summary>Connections that read at the same time. 1 to 256. Default 8.</summary>
    public int Readers { get; set; } = 8;

    /// <summary>The highest level of the cluster that this silo knows. At a higher one nothing is committed.</summary>
    public int NewestLevel { get; set; } = ClusterLevels.Newest;

    /// <summary>Checks all settings.</summary>
    /// <exception cref="ArgumentException">A setting is missing or out of range; the message names it.</exception>
    public void Validate()
    {
        if (string.IsNullOrWhiteSpace(Path))
            throw new ArgumentException($"{nameof(LedgerOptions)}.{nameof(Path)} must name the database file.");
        Check(MaxGroup, 1, 100_000, nameof(MaxGroup));
        Check(MaxGroupRows, 1, 10_000_000, nameof(MaxGroupRows));
        Check(QueueCapacity, 1, 1_000_000, nameof(QueueCapacity));
        Check(CacheMebibytes, 1, 65_536, nameof(CacheMebibytes));
        Check(Readers, 1, 256, nameof(Readers));
    }

    private static void Check(int value, int least, int most, string name)
    {
        if (value < least || value > most)
            throw new ArgumentException(
                FormattableString.Invariant($"{nameof(LedgerOptions)}.{name} must be {least} to {most}, not {value}."));
    }
}
