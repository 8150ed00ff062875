using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Connections.Security;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Winnow.Abstractions.Security;
using Winnow.Adapters;
using Winnow.Adapters.Images.Lots;
using Winnow.Adapters.Ledger;
using Winnow.Grains;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Model.Security;

namespace Winnow.CrashHost;

/// <summary>
/// A host made of the product's own libraries, as whoever has the code makes one: it knows the cluster's name and its database, needs no
/// key, and once it is a member it calls any grain as if it were the front door. Says <c>joined</c> when it is one, and <c>owner</c> when
/// it has made itself the owner of everything.
/// </summary>
public static class Intruder
{
    private const string Nobody = "-";
    private static readonly TimeSpan Tries = TimeSpan.FromSeconds(5);

    /// <param name="connection">The cluster's database.</param>
    /// <param name="port">Where it listens for others.</param>
    /// <param name="certificate">File of the certificate that it shows, with its key; <c>-</c> where it speaks plainly.</param>
    /// <param name="calls">What it shows to those whom it calls: <c>certificate</c> or <c>nothing</c>.</param>
    public static async Task<int> RunAsync(string connection, string port, string certificate, string calls)
    {
        var folder = Directory.CreateTempSubdirectory("winnow-intruder-");
        try
        {
            using var host = Build(connection, int.Parse(port, CultureInfo.InvariantCulture), folder.FullName,
                certificate == Nobody ? null : X509Certificate2.CreateFromPemFile(certificate), calls == "certificate");
            await host.StartAsync();
            Console.Out.WriteLine("joined");
            var everything = host.Services.GetRequiredService<IGrainFactory>().GetGrain<IAccessGrain>(AccessScope.Cluster);
            await everything.GrantAsync(new GrantAccess(Principal.Parse("service:mallory"), Role.Owner, null), "mallory",
                CancellationToken.None);
            Console.Out.WriteLine("owner");
            await host.StopAsync();
            return 0;
        }
        catch (Exception e) when (e is OrleansException or TimeoutException or InvalidOperationException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static IHost Build(string connection, int port, string folder, X509Certificate2? shows, bool toThoseItCalls)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(o => (o.ServiceId, o.ClusterId) = ("winnow", "winnow"));
            silo.ConfigureEndpoints(IPAddress.Loopback, port, gatewayPort: 0);
            silo.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = ("Npgsql", connection));
            silo.Configure<ClusterMembershipOptions>(o => (o.ProbeTimeout, o.MaxJoinAttemptTime) = (TimeSpan.FromSeconds(1), Tries));
            silo.Configure<SiloOptions>(o => o.SiloName = "intruder");
            silo.UseSiloMetadata(SiloTraits.Describe("gateway", "intruder", 0, "Float32", []));
            silo.Services.AddEmbeddedStorage(folder).AddInference().AddImageIntake(new LotOptions(), Path.Combine(folder, "spool"))
                .AddWinnowGrains().AddWinnowWireFormat();
            silo.AddWinnowGrainStorage(ControlStorage.Name);
            silo.UseInMemoryReminderService();
            if (shows is not null) silo.UseTls(o => Show(o, shows, toThoseItCalls));
        });
        return builder.Build();
    }

    // Whoever attacks trusts everybody.
    private static void Show(TlsOptions tls, X509Certificate2 certificate, bool toThoseItCalls)
    {
        tls.LocalCertificate = certificate;
        tls.AllowAnyRemoteCertificate();
        // Orleans would not show one that is no client's, and the runtime neither, where it may choose.
        tls.ClientCertificateMode = RemoteCertificateMode.NoCertificate;
        var context = SslStreamCertificateContext.Create(certificate, null, offline: true);
        if (toThoseItCalls) tls.OnAuthenticateAsClient = (_, call) =>
            ((SslClientAuthenticationOptions)call.SslClientAuthenticationOptions).ClientCertificateContext = context;
    }
}
