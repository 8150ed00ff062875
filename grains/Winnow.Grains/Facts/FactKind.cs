using System.Security.Cryptography;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Grains.Facts;

/// <summary>
/// One kind of fact, in one place: how it is named and kept, from which level it is written, and what holds of it. Ledgers, the doubling of
/// shards, backups and deletion carry every kind, known or not, by what stands in its rows.
/// </summary>
public abstract class FactKind
{
    /// <summary>Its name in ledgers and backups. Never changed, and never given to another.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// Whether its facts stay as they were written, numbered under their key; otherwise the one with the highest version stands.
    /// </summary>
    public abstract bool AppendOnly { get; }

    /// <summary>The cluster level from which it may be written.</summary>
    public abstract int Level { get; }

    /// <summary>
    /// The first thing that is wrong with a fact of this kind that comes from elsewhere, as a sentence; null when nothing is. One without
    /// its payload is sound: it was erased.
    /// </summary>
    /// <param name="fact">The fact.</param>
    /// <param name="dataset">The dataset that it is to stand in.</param>
    /// <param name="latest">The latest time that is believed.</param>
    public abstract string? Check(FactRow fact, DatasetInfo dataset, DateTimeOffset latest);

    /// <summary>A fact of this kind, to be written.</summary>
    protected FactRow Make(int ordinal, ImageId image, string key, long version, Guid operationId, string actor, byte[] payload) => new(
        new FactKey(Name, ordinal, key), image, version, AppendOnly, operationId, actor, SHA256.HashData(payload), payload.Length, payload)
    {
        Level = Level,
    };
}

/// <summary>Every kind of fact that this program knows. Others are carried as they are.</summary>
public static class FactKinds
{
    /// <summary>Prelabels.</summary>
    public static PrelabelFacts Prelabels { get; } = new();

    /// <summary>Decisions of machines.</summary>
    public static MachineDecisionFacts MachineDecisions { get; } = new();

    public static IReadOnlyList<FactKind> All { get; } = [Prelabels, MachineDecisions];

    /// <summary>The kind of a name; null for one of a later release.</summary>
    public static FactKind? Find(string name)
    {
        foreach (var kind in All)
            if (kind.Name == name) return kind;
        return null;
    }
}
