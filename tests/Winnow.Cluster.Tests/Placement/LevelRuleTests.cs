using Winnow.Grains.Placement;

namespace Winnow.Cluster.Tests.Placement;

/// <summary>A cluster rises to what every member knows, and to nothing while one of them may be old.</summary>
public sealed class LevelRuleTests
{
    private static Dictionary<string, string> Silo(int level) => SiloTraits.Describe(SiloTraits.All, "a", 0, SiloTraits.Float32, [], level);

    [Fact]
    public void All_members_decide_and_one_of_which_nothing_is_known_is_old()
    {
        var ofBefore = Silo(3);
        ofBefore.Remove(SiloTraits.NewestLevel);
        var broken = Silo(3);
        broken[SiloTraits.NewestLevel] = "three";
        Assert.Equal(3, LevelRule.Next(0, 3, [Silo(3), Silo(4)]));
        Assert.Equal(2, LevelRule.Next(0, 2, [Silo(3), Silo(4)]));
        Assert.Equal(1, LevelRule.Next(0, 3, [Silo(3), Silo(1)]));
        Assert.Equal(0, LevelRule.Next(0, 3, [Silo(3), ofBefore]));
        Assert.Equal(0, LevelRule.Next(0, 3, [Silo(3), broken]));
        Assert.Equal(0, LevelRule.Next(0, 3, [Silo(3), new Dictionary<string, string>()]));
        // It never falls.
        Assert.Equal(2, LevelRule.Next(2, 3, [Silo(3), ofBefore]));
    }
}
