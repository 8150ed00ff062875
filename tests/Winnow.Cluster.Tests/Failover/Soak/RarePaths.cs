using System.Globalization;
using Winnow.Testing;

namespace Winnow.Cluster.Tests.Failover.Soak;

/// <summary>
/// What happens only by bad luck, and what a soak is for. One that never came there has shown nothing of it, and fails.
/// </summary>
internal static class RarePaths
{
    /// <param name="Name">What it is.</param>
    /// <param name="Told">What silos write when it happens.</param>
    /// <param name="Surely">Whether a minute is enough for it.</param>
    private sealed record Path(string Name, string Told, bool Surely);

    /// <summary>What silos must write for it: see <see cref="Winnow.Grains.Telemetry"/>.</summary>
    public static readonly string[] LogOptions = ["--Logging:LogLevel:Winnow.Grains", "Information"];

    private static readonly Path[] Written =
    [
        new("a writer that was fenced off", "lost its ledger epoch to another activation", Surely: true),
        new("a reservation that ran out", "reservations ran out", Surely: false),
        new("shards that were doubled", "shards now; writes waited", Surely: false),
        new("shards that were handed to another silo", "shards of this silo moved to others", Surely: true),
    ];

    /// <summary>How often each was reached, in a sentence.</summary>
    /// <param name="cluster">What its silos have written says so.</param>
    /// <param name="load">So does what it was told.</param>
    /// <param name="all">Whether each must have been; otherwise those that are sure to come.</param>
    /// <exception cref="InvalidOperationException">One that was to be reached was not.</exception>
    public static string Check(SiloCluster cluster, SoakLoad load, bool all)
    {
        var outputs = cluster.Silos.Select(s => s.Output).ToArray();
        (string Name, int Times, bool Surely)[] reached =
        [
            .. Written.Select(p => (p.Name, outputs.Sum(o => Count(o, p.Told)), p.Surely)),
            ("a decision that came after another", load.Conflicts, true),
            ("a decision that was taken back", load.TakenBack, true),
            ("a label that was verified", load.Verified, true),
            ("a dispute that was settled", load.Arbitrated, false),
        ];
        var told = string.Join(", ", reached.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Name}: {r.Times}")));
        var missed = reached.Where(r => r.Times == 0 && (all || r.Surely)).Select(r => r.Name).ToArray();
        return missed.Length == 0 ? told
            : throw new InvalidOperationException($"The soak never met {string.Join(", nor ", missed)} ({told}).");
    }

    private static int Count(string text, string what)
    {
        var times = 0;
        foreach (var _ in text.AsSpan().Split(what)) times++;
        return times - 1;
    }
}
