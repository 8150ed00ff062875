using System.Globalization;
using Winnow.Grains.Ports;

namespace Winnow.Grains.Placement;

/// <summary>What a silo tells the others about itself: the keys of its metadata, and the roles a silo may have.</summary>
public static class SiloTraits
{
    /// <summary>Metadata key: the role.</summary>
    public const string Role = "winnow.role";

    /// <summary>Metadata key: the silo's name, by which its devices are called.</summary>
    public const string Name = "winnow.name";

    /// <summary>Metadata key: how many scoring devices it has.</summary>
    public const string Devices = "winnow.devices";

    /// <summary>Metadata key: what its devices compute with.</summary>
    public const string Precision = "winnow.precision";

    /// <summary>Metadata key: the backbones that its devices know by name, one a line. A silo of an early release does not say.</summary>
    public const string Backbones = "winnow.backbones";

    /// <summary>
    /// Metadata key: the highest level of the cluster that it reads and writes. A silo that does not say knows the first alone.
    /// </summary>
    public const string NewestLevel = "winnow.level";

    /// <summary>The precision of a silo that does not say, as before there was a choice.</summary>
    public const string Float32 = "Float32";

    /// <summary>Hosts everything: one process on a laptop, or any number of equal ones.</summary>
    public const string All = "all";

    /// <summary>Hosts the grains that hold data; no device, no front door.</summary>
    public const string Core = "core";

    /// <summary>Hosts scoring grains, one per device, and nothing else.</summary>
    public const string Scoring = "scoring";

    /// <summary>Answers HTTP and hosts no grain.</summary>
    public const string Gateway = "gateway";

    /// <summary>All roles.</summary>
    public static readonly IReadOnlyList<string> Roles = [All, Core, Scoring, Gateway];

    /// <summary>Whether a silo of this role answers HTTP.</summary>
    public static bool AnswersHttp(string role) => role is All or Gateway;

    /// <summary>Whether a silo of this role hosts the grains that hold data.</summary>
    public static bool HoldsData(string role) => role is All or Core;

    /// <summary>Whether a silo of this role has scoring devices.</summary>
    public static bool Scores(string role) => role is All or Scoring;

    /// <summary>The metadata of a silo.</summary>
    public static Dictionary<string, string> Describe(
        string role, string name, int devices, string precision, IEnumerable<string> backbones, int newestLevel = ClusterLevels.Newest) =>
        new(StringComparer.Ordinal)
        {
            [Role] = role,
            [Name] = name,
            [Devices] = devices.ToString(CultureInfo.InvariantCulture),
            [Precision] = precision,
            [Backbones] = string.Join('\n', backbones),
            [NewestLevel] = newestLevel.ToString(CultureInfo.InvariantCulture),
        };
}
