using Winnow.Grains.Placement;
using Winnow.Grains.Scoring;

namespace Winnow.Cluster.Tests.Scoring;

/// <summary>A backbone is unknown only where every silo that scores has said what it knows, and none named it.</summary>
public sealed class KnownBackbonesTests
{
    [Fact]
    public void What_one_scoring_silo_knows_is_known()
    {
        Assert.Null(DeviceDirectory.Unknown("own", [Silo("a", 1, "net"), Silo("b", 1, "net", "own")]));
        var unknown = DeviceDirectory.Unknown("own", [Silo("a", 1, "net"), Silo("b", 2, "net", "other")]);
        Assert.Contains("No backbone is called 'own'. Known to the silos that score: net, other.", unknown, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_silo_without_devices_knows_counts_for_nothing() =>
        Assert.NotNull(DeviceDirectory.Unknown("own", [Silo("gateway", 0, "own"), Silo("a", 1, "net")]));

    [Fact]
    public void Where_nobody_scores_yet_or_one_does_not_say_nothing_is_refused()
    {
        Assert.Null(DeviceDirectory.Unknown("own", []));
        Assert.Null(DeviceDirectory.Unknown("own", [Silo("core", 0, "net")]));
        var older = Silo("older", 1);
        older.Remove(SiloTraits.Backbones);
        Assert.Null(DeviceDirectory.Unknown("own", [older, Silo("a", 1, "net")]));
    }

    private static Dictionary<string, string> Silo(string name, int devices, params string[] backbones) =>
        SiloTraits.Describe(SiloTraits.Scoring, name, devices, "Float32", backbones);
}
