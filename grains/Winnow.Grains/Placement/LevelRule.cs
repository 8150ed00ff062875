using System.Globalization;
using Winnow.Grains.Ports;

namespace Winnow.Grains.Placement;

/// <summary>To which level a cluster may rise. Pure.</summary>
public static class LevelRule
{
    /// <summary>The level that every member can work at, or a higher one that stands already.</summary>
    /// <param name="stands">The level of the cluster.</param>
    /// <param name="own">The highest that this silo knows.</param>
    /// <param name="members">What each member that is not dead says of itself; one that said nothing yet may be of any release.</param>
    public static int Next(int stands, int own, IEnumerable<IReadOnlyDictionary<string, string>> members)
    {
        var all = own;
        foreach (var member in members) all = Math.Min(all, NewestOf(member));
        return Math.Max(stands, all);
    }

    private static int NewestOf(IReadOnlyDictionary<string, string> member) =>
        member.TryGetValue(SiloTraits.NewestLevel, out var text)
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var level) ? level : ClusterLevels.First;
}
