namespace Winnow.Cluster.Tests.Failover.Soak;

/// <summary>How long and how hard a soak goes.</summary>
/// <param name="Kills">Silos killed, one at a time.</param>
/// <param name="Hangs">Silos stopped for a while, one at a time.</param>
/// <param name="AtLeast">The load goes on at least so long.</param>
/// <param name="MedianAfterKill">Within which, at the median, all calls succeed again after a kill.</param>
/// <param name="MedianAfterHang">The same after a hang.</param>
/// <param name="Seed">Draws who is hit and when.</param>
/// <param name="Doubles">Whether the shards are doubled halfway, while silos go on being hit.</param>
/// <param name="MeetsAll">Whether it is long enough to meet whatever bad luck brings: see <see cref="RarePaths"/>.</param>
internal sealed record SoakPlan(
    int Kills, int Hangs, TimeSpan AtLeast, TimeSpan MedianAfterKill, TimeSpan MedianAfterHang, ulong Seed, bool Doubles = false,
    bool MeetsAll = false)
{
    private static readonly TimeSpan SoonAfterKill = TimeSpan.FromSeconds(2.5);
    private static readonly TimeSpan SoonAfterHang = TimeSpan.FromSeconds(8);

    /// <summary>
    /// The short one, of a minute, is part of every run of the tests. Its few events, on a machine that may have other work, say little
    /// of times, so it asks only for the order of them; <c>bash tests/run soak</c> asks for the long one. <c>hangs</c> looks for calls
    /// that wait longest after a silo was given up.
    /// </summary>
    public static SoakPlan FromEnvironment()
    {
        var seed = ulong.TryParse(Environment.GetEnvironmentVariable("WINNOW_SOAK_SEED"), out var s) ? s : 1;
        return Environment.GetEnvironmentVariable("WINNOW_SOAK") switch
        {
            "long" => new SoakPlan(30, 10, TimeSpan.FromMinutes(3), SoonAfterKill, SoonAfterHang, seed, Doubles: true, MeetsAll: true),
            "hangs" => new SoakPlan(0, 16, TimeSpan.FromMinutes(3), SoonAfterKill, SoonAfterHang, seed),
            _ => new SoakPlan(3, 1, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(25), seed),
        };
    }
}
