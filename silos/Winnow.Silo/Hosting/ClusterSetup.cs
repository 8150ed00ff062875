using System.Net;
using Orleans.Configuration;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Scoring;
using Winnow.Grains;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Silo.Hosting.Settings;
using Winnow.Silo.Peers;

namespace Winnow.Silo.Hosting;

/// <summary>Makes the process a silo: alone on a laptop, or one of many that find each other through PostgreSQL.</summary>
internal static class ClusterSetup
{
    public static void Configure(ISiloBuilder silo, Settings.SiloOptions options)
    {
        var cluster = options.Cluster;
        if (options.Postgres is { } postgres) Join(silo, options.Cluster, postgres.ForOrleans());
        else StayAlone(silo, options.Cluster);
        // Everybody who talks to grains is a silo of its own, so Orleans' gateway, which knows no authentication, stays shut.
        silo.Configure<EndpointOptions>(o => o.GatewayPort = 0);
        silo.Configure<Orleans.Configuration.SiloOptions>(o => o.SiloName = cluster.NameOrDefault);
        var devices = SiloTraits.Scores(options.Role) ? InferenceDevices.Count(options.Scoring.UseGpu, options.Scoring.CpuDevices) : 0;
        silo.UseSiloMetadata(SiloTraits.Describe(
            options.Role, cluster.NameOrDefault, devices, options.Scoring.ToPrecision().ToString()!, options.Scoring.KnownBackbones(),
            options.Postgres is null ? ClusterLevels.Newest : cluster.HighestLevel));
        silo.Configure<SiloMessagingOptions>(o =>
        {
            o.ResponseTimeout = TimeSpan.FromSeconds(10);
            o.SystemResponseTimeout = TimeSpan.FromSeconds(10);
            o.CancelRequestOnTimeout = true;
        });
        silo.Services.AddWinnowWireFormat();
        silo.AddWinnowGrainStorage(ControlStorage.Name);
        silo.AddActivityPropagation();
    }

    /// <summary>The port is part of its name alone: any number of such silos run on one machine.</summary>
    private static void StayAlone(ISiloBuilder silo, ClusterSettings cluster)
    {
        silo.UseLocalhostClustering(EndpointOptions.DEFAULT_SILO_PORT, gatewayPort: 0, primarySiloEndpoint: null, cluster.ServiceId,
            cluster.ClusterId);
        silo.UseInMemoryReminderService();
        NoPeers.Close(silo.Services);
    }

    private static void Join(ISiloBuilder silo, ClusterSettings cluster, string connection)
    {
        silo.Configure<ClusterOptions>(o => (o.ServiceId, o.ClusterId) = (cluster.ServiceId, cluster.ClusterId));
        silo.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = ("Npgsql", connection));
        silo.UseAdoNetReminderService(o => (o.Invariant, o.ConnectionString) = ("Npgsql", connection));
        silo.Configure<EndpointOptions>(o =>
        {
            o.SiloPort = cluster.SiloPort;
            if (cluster.ResolveAddress() is not { } address) return;
            o.AdvertisedIPAddress = address;
            o.SiloListeningEndpoint = new IPEndPoint(IPAddress.IsLoopback(address) ? address : IPAddress.Any, cluster.SiloPort);
        });
        SiloTls.Add(silo, cluster.Tls);
        DeadPeers.Add(silo);
        silo.AddIncomingGrainCallFilter<StandingGuard>();
        if (cluster.Tls.AllowPlain) silo.Services.AddHostedService<PlainWarning>();
        // For people who wait: a killed silo is gone after a second or two, a hung one after about six. The defaults take a minute.
        silo.Configure<ClusterMembershipOptions>(o =>
        {
            o.ProbeTimeout = cluster.ProbeTimeout;
            o.MaxProbeTimeout = 2 * cluster.ProbeTimeout;
            o.NumMissedProbesLimit = 3;
            o.TableRefreshTimeout = 5 * cluster.ProbeTimeout;
            o.IAmAliveTablePublishTimeout = 10 * cluster.ProbeTimeout;
        });
    }
}
