using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Winnow.CrashHost;

/// <summary>A bare silo with Orleans' own providers on PostgreSQL, impatient so that a test sees a death soon.</summary>
public static class OrleansSilo
{
    public static IHost Build(string connectionString, int siloPort, int gatewayPort)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = ("tables", "tables"));
            silo.ConfigureEndpoints(IPAddress.Loopback, siloPort, gatewayPort);
            silo.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = ("Npgsql", connectionString));
            silo.UseAdoNetReminderService(o => (o.Invariant, o.ConnectionString) = ("Npgsql", connectionString));
            silo.Configure<ClusterMembershipOptions>(o =>
            {
                o.ProbeTimeout = TimeSpan.FromSeconds(1);
                o.MaxProbeTimeout = TimeSpan.FromSeconds(1);
                o.NumMissedProbesLimit = 2;
                o.TableRefreshTimeout = TimeSpan.FromSeconds(2);
                o.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(2);
                o.DefunctSiloCleanupPeriod = null;
            });
        });
        return builder.Build();
    }

    /// <summary>Runs until it is killed, and says when it has joined.</summary>
    public static async Task RunAsync(string connectionString, int siloPort, int gatewayPort)
    {
        using var host = Build(connectionString, siloPort, gatewayPort);
        await host.StartAsync();
        Console.Out.WriteLine("joined");
        await host.WaitForShutdownAsync();
    }
}
