using Winnow.Grains.Ports;

namespace Winnow.Grains.Placement;

/// <summary>
/// The level of the cluster as this silo last saw it: never higher than it is, as it only rises. What only this release reads is written
/// from its level on; until then grains may move to a silo of the last one, which would take what it cannot find for lost.
/// </summary>
public sealed class KnownLevel
{
    private int _value;

    /// <summary>Why something has to wait for a higher level, as a sentence.</summary>
    public const string TooLow = "The cluster does not take this yet: some of its silos are of an earlier release, or were a moment ago. "
        + "Nothing was done. Try again when all are of this release.";

    /// <summary>The level, <see cref="ClusterLevels.First"/> until it was seen.</summary>
    public int Value => Volatile.Read(ref _value);

    /// <summary>Whether rounds, versions, policies and selections may be records of their own.</summary>
    public bool KeepsRecords => Value >= ClusterLevels.Records;

    /// <summary>Whether leases may say of which dataset of a name they are.</summary>
    public bool MarksLeases => Value >= ClusterLevels.MarkedLeases;

    /// <summary>Whether an image may be opened again.</summary>
    public bool Reopens => Value >= ClusterLevels.Reopening;

    /// <summary>Whether labels may be sets of annotations.</summary>
    public bool KeepsLabelSets => Value >= ClusterLevels.LabelSets;

    /// <summary>Whether queues take turns, and leases are renewed.</summary>
    public bool TakesTurns => Value >= ClusterLevels.Turns;

    /// <summary>Whether tasks may ask for something else than a first label.</summary>
    public bool KeepsTiers => Value >= ClusterLevels.Tiers;

    /// <summary>Whether label schemas may have versions.</summary>
    public bool KeepsSchemas => Value >= ClusterLevels.Schemas;

    /// <summary>Whether acts are written down.</summary>
    public bool KeepsActs => Value >= ClusterLevels.Acts;

    /// <summary>Whether models may be trained from sets of classes.</summary>
    public bool LearnsSets => Value >= ClusterLevels.MultiLabel;

    /// <summary>Notes a level that the ledger told.</summary>
    public void Saw(int level)
    {
        if (level > Value) Volatile.Write(ref _value, level);
    }
}
