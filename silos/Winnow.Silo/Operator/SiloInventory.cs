using Orleans.Runtime.MembershipService.SiloMetadata;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Model.Health;

namespace Winnow.Silo.Operator;

/// <summary>What this silo holds, and who could take it over.</summary>
internal sealed class SiloInventory(IGrainFactory grains, ISiloStatusOracle silos, ISiloMetadataCache metadata, DrainState drain,
    KnownLevel level, NewestLevel newest, Hosting.Settings.SiloOptions options)
{
    // What a person recognises; the runtime's own grains are nobody's to move.
    private static readonly Dictionary<string, string> Kinds = new(StringComparer.Ordinal)
    {
        ["ShardGrain"] = "shard",
        ["ImageGrain"] = "image",
        ["QueueGrain"] = "queue",
        ["DatasetGrain"] = "dataset",
        ["RoundGrain"] = "round",
        ["ScoringGrain"] = "scoring",
    };

    public async Task<SiloReport> DescribeAsync()
    {
        var held = drain.IsDrained ? [] : await HeldAsync();
        var others = silos.GetActiveSilos().Where(s => !s.Equals(silos.SiloAddress)).ToArray();
        var successors = others.Count(s =>
            CanReplace(Trait(s, SiloTraits.Role), int.TryParse(Trait(s, SiloTraits.Devices), out var devices) ? devices : 0));
        var (safe, reason) = Judge(held.Values.Sum(), successors);
        return new SiloReport
        {
            Name = options.Cluster.NameOrDefault,
            Address = silos.SiloAddress.ToString(),
            Role = options.Role,
            State = drain.Text,
            Devices = options.Role is SiloTraits.All or SiloTraits.Scoring
                ? int.TryParse(Trait(silos.SiloAddress, SiloTraits.Devices), out var own) ? own : 0 : 0,
            Requests = drain.Requests,
            Grains = held,
            Successors = successors,
            Level = level.Value,
            HighestLevel = newest.Value,
            SafeToRemove = safe,
            Reason = reason,
        };
    }

    private (bool Safe, string Reason) Judge(int held, int successors)
    {
        if (drain.IsDrained) return (true, "It has left the cluster and holds nothing.");
        // The request that asks is one.
        if (held == 0 && drain.Requests <= 1) return (true, "It holds nothing. Drain it first, so that nothing comes to it meanwhile.");
        if (successors == 0)
            return (false, $"No other silo can do what role '{options.Role}' does here: its work would stop until one starts.");
        return (true, drain.IsDraining
            ? "It is handing over; wait until it says 'drained'."
            : $"{successors} other silo{(successors == 1 ? "" : "s")} can take over. Drain it first: that hands over in order, and takes "
                + $"less time than a failure.");
    }

    private bool CanReplace(string? role, int devices) => options.Role switch
    {
        SiloTraits.Gateway => role is SiloTraits.Gateway or SiloTraits.All,
        SiloTraits.Scoring => role is SiloTraits.Scoring or SiloTraits.All && devices > 0,
        SiloTraits.Core => role is SiloTraits.Core or SiloTraits.All,
        _ => role is SiloTraits.All,
    };

    private string? Trait(SiloAddress silo, string key) => metadata.GetSiloMetadata(silo).Metadata.GetValueOrDefault(key);

    private async Task<Dictionary<string, int>> HeldAsync()
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var statistic in await grains.GetGrain<IManagementGrain>(0).GetSimpleGrainStatistics([silos.SiloAddress]))
        {
            // Type and assembly: Winnow.Grains.Images.ShardGrain,Winnow.Grains.
            var type = statistic.GrainType.Split(',')[0];
            if (Kinds.TryGetValue(type[(type.LastIndexOf('.') + 1)..], out var kind))
                counts[kind] = counts.GetValueOrDefault(kind) + statistic.ActivationCount;
        }
        return counts;
    }
}
