using Winnow.Algorithms.Numerics;

namespace Winnow.Cluster.Tests.Schedules;

/// <summary>
/// What goes wrong in a run: drawn from its seed. Many runs have none of it, so that a fault that needs order alone is seen too.
/// </summary>
internal sealed class Mishaps(SeededRandom random)
{
    private readonly int _oneIn = random.Next(2) == 0 ? 0 : 15 + random.Next(40);

    /// <summary>Whether something goes wrong at this point. Never, once the run is being brought to its end.</summary>
    public bool Happens() => !IsOver && _oneIn > 0 && random.Next(_oneIn) == 0;

    /// <summary>Whether somebody still calls an activation that others have given up.</summary>
    public bool IsBehind() => !IsOver && random.Next(4) == 0;

    /// <summary>From now on all goes well.</summary>
    public bool IsOver { get; set; }
}
