using System.Globalization;

namespace Winnow.Grains.Ports;

/// <summary>
/// The level of the cluster, kept in the ledger: what may be written into it. It only rises, once every silo can read what comes with it.
/// </summary>
public interface IClusterLevel
{
    /// <summary>The level as it stands.</summary>
    Task<int> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Raises the level; one that is as high stays. False when it was.</summary>
    Task<bool> RaiseAsync(int level, CancellationToken cancellationToken);
}

/// <summary>The highest level that this silo works at: the program's, or a lower one that its settings name.</summary>
public sealed record NewestLevel(int Value);

/// <summary>The levels that this program knows.</summary>
public static class ClusterLevels
{
    /// <summary>What every release wrote before there were levels.</summary>
    public const int First = 0;

    /// <summary>Prelabels, and with them facts of registered kinds.</summary>
    public const int Facts = 1;

    /// <summary>Rounds, versions, policies and selections as records of their own; they came with <see cref="Facts"/>.</summary>
    public const int Records = Facts;

    /// <summary>Leases that say since when their dataset bears its name; they came with <see cref="Facts"/>.</summary>
    public const int MarkedLeases = Facts;

    /// <summary>Several backbones of a dataset; they came with <see cref="Facts"/>.</summary>
    public const int Backbones = Facts;

    /// <summary>Entries of history that take others back or have an image asked about again.</summary>
    public const int Reopening = 2;

    /// <summary>Labels that are sets of annotations, and the manifests that hold them.</summary>
    public const int LabelSets = 3;

    /// <summary>Turns of queues, and leases that are renewed; they came with <see cref="LabelSets"/>.</summary>
    public const int Turns = LabelSets;

    /// <summary>Tasks that ask for something else than a first label, and answers that say on which terms they were asked for.</summary>
    public const int Tiers = 4;

    /// <summary>Versions of label schemas, and what was said under others than the first.</summary>
    public const int Schemas = 5;

    /// <summary>Acts: who did what, from where.</summary>
    public const int Acts = 6;

    /// <summary>Models that tell of each class whether it is there, and what they are measured on.</summary>
    public const int MultiLabel = 7;

    /// <summary>Decisions of machines, and versions that hold labels by them.</summary>
    public const int MachineDecisions = 8;

    /// <summary>The lowest level that this program still works at: below it an older release must run first.</summary>
    public const int Oldest = First;

    /// <summary>The highest level that this program reads and writes.</summary>
    public const int Newest = MachineDecisions;

    /// <summary>Why a silo cannot work at a level, as a sentence; null when it can.</summary>
    /// <param name="level">The level of the cluster.</param>
    /// <param name="newest">The highest that the silo knows.</param>
    public static string? Refuse(int level, int newest) => level switch
    {
        _ when level > newest => string.Create(CultureInfo.InvariantCulture,
            $"The cluster is at level {level}, and this silo knows levels up to {newest}: a newer release has written here. Start that "
            + $"release, or restore a backup from before the upgrade."),
        < Oldest => string.Create(CultureInfo.InvariantCulture,
            $"The cluster is at level {level}, and this silo works from level {Oldest} on. Run the release before this one first, until "
            + $"all of its silos have joined."),
        _ => null,
    };
}
