namespace Winnow.Grains.Ports;

/// <summary>A dataset whose row cannot be read, or says what cannot be.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Problem">Why, as a sentence.</param>
public sealed record UnreadableDataset(string Name, string Problem);

/// <summary>A state of a control grain that cannot be read, or says what cannot be.</summary>
/// <param name="GrainType">The kind of grain.</param>
/// <param name="GrainKey">Which of them.</param>
/// <param name="Problem">Why, as a sentence.</param>
public sealed record UnreadableState(string GrainType, string GrainKey, string Problem);

/// <summary>The secrets that all silos share.</summary>
public static class LedgerSecrets
{
    /// <summary>The name of the one that signs leases.</summary>
    public const string Lease = "lease";

    /// <summary>Bytes of the one that signs leases.</summary>
    public const int LeaseBytes = 32;
}
