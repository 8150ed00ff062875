using System.Net;
using Orleans.Configuration;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Serialization;
using Winnow.Adapters.Ledger;
using Winnow.Grains;
using Winnow.Grains.Placement;
using Winnow.Model;
using Winnow.Model.Images;

namespace Winnow.Silo.Hosting;

/// <summary>Makes the process a silo: alone on a laptop, or one of many that find each other through PostgreSQL.</summary>
internal static class ClusterSetup
{
    public static void Configure(ISiloBuilder silo, SiloOptions options, int devices)
    {
        var cluster = options.Cluster;
        if (options.Postgres.IsSet) Join(silo, options);
        else
        {
            silo.UseLocalhostClustering(cluster.SiloPort, gatewayPort: 0, primarySiloEndpoint: null, cluster.ServiceId, cluster.ClusterId);
            silo.UseInMemoryReminderService();
        }
        // Everybody who talks to grains is a silo of its own, so Orleans' gateway, which knows no authentication, stays shut.
        silo.Configure<EndpointOptions>(o => o.GatewayPort = 0);
        silo.Configure<Orleans.Configuration.SiloOptions>(o => o.SiloName = cluster.NameOrDefault);
        silo.UseSiloMetadata(SiloTraits.Describe(options.Role, cluster.NameOrDefault, devices));
        silo.Configure<SiloMessagingOptions>(o =>
        {
            o.ResponseTimeout = TimeSpan.FromSeconds(10);
            o.SystemResponseTimeout = TimeSpan.FromSeconds(10);
            o.CancelRequestOnTimeout = true;
        });
        silo.Services.AddSerializer(s => s.AddJsonSerializer(
            // Image ids cross in 32 bytes of their own; everything else of the model as JSON.
            type => type != typeof(ImageId) && type.Namespace?.StartsWith("Winnow.Model", StringComparison.Ordinal) == true && !type.IsEnum,
            ModelJson.Default.Options));
        silo.AddWinnowGrainStorage(GrainsRegistration.GrainStorage);
        silo.AddActivityPropagation();
    }

    private static void Join(ISiloBuilder silo, SiloOptions options)
    {
        var cluster = options.Cluster;
        var connection = options.Postgres.ReadConnectionString();
        silo.Configure<ClusterOptions>(o => (o.ServiceId, o.ClusterId) = (cluster.ServiceId, cluster.ClusterId));
        silo.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = ("Npgsql", connection));
        silo.UseAdoNetReminderService(o => (o.Invariant, o.ConnectionString) = ("Npgsql", connection));
        silo.Configure<EndpointOptions>(o =>
        {
            o.SiloPort = cluster.SiloPort;
            if (cluster.Address is not { } address) return;
            o.AdvertisedIPAddress = address;
            o.SiloListeningEndpoint = new IPEndPoint(IPAddress.IsLoopback(address) ? address : IPAddress.Any, cluster.SiloPort);
        });
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
