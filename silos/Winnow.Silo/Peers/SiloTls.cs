using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Orleans.Configuration;
using Orleans.Connections.Security;

namespace Winnow.Silo.Peers;

/// <summary>
/// Puts mutual TLS between the silos of a cluster: nothing of Orleans' own protocol is read before the other end has shown a certificate of
/// the cluster.
/// </summary>
internal static class SiloTls
{
    /// <summary>Longest time for a handshake, and so for whoever connects and says nothing.</summary>
    public static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(5);

    private const SslPolicyErrors NoFault = SslPolicyErrors.None;

    public static void Add(ISiloBuilder silo, SiloTlsSettings settings)
    {
        silo.Services.AddSingleton(p =>
            new SiloCertificates(settings, p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<SiloCertificates>>()));
        silo.Services.AddSingleton<HandshakeGate>();
        silo.Services.AddHostedService<CertificateWatch>();
        silo.Services.AddOptions<SiloConnectionOptions>().Configure<SiloCertificates, HandshakeGate>((connections, certificates, gate) =>
        {
            var tls = Options(certificates);
            connections.ConfigureSiloInboundConnection(inbound =>
            {
                inbound.Use(gate.EnterIn);
                if (settings.AllowPlain) PlainPeers.TakeIn(inbound, tls);
                else inbound.UseServerTls(tls);
                inbound.Use(gate.PassIn);
            });
            connections.ConfigureSiloOutboundConnection(outbound =>
            {
                outbound.Use(gate.EnterOut);
                if (settings.AllowPlain) PlainPeers.Call(outbound, tls);
                else outbound.UseClientTls(tls);
                outbound.Use(HandshakeGate.PassOut);
            });
        });
        if (settings.AllowPlain) PlainPeers.Add(silo.Services);
    }

    private static TlsOptions Options(SiloCertificates certificates) => new()
    {
        RemoteCertificateMode = RemoteCertificateMode.RequireCertificate,
        ClientCertificateMode = RemoteCertificateMode.RequireCertificate,
        // Named once, because Orleans insists; each handshake then takes what is current.
        LocalCertificate = certificates.Current.Certificate,
        RemoteCertificateValidation = IsOfTheCluster,
        HandshakeTimeout = HandshakeLimit,
        OnAuthenticateAsServer = (_, options) =>
            Begin((SslServerAuthenticationOptions)options.SslServerAuthenticationOptions, certificates.Current),
        OnAuthenticateAsClient = (_, options) =>
            Begin((SslClientAuthenticationOptions)options.SslClientAuthenticationOptions, certificates.Current),
    };

    private static void Begin(SslServerAuthenticationOptions options, SiloIdentity identity)
    {
        (options.ServerCertificate, options.ServerCertificateSelectionCallback) = (null, null);
        options.ServerCertificateContext = identity.Shown;
        options.CertificateChainPolicy = identity.NewPolicy();
        // A resumed session would stand for a certificate that nobody looks at any more.
        options.AllowTlsResume = false;
    }

    /// <summary>The same for whoever calls; public to what finds out whether the other end knows TLS at all.</summary>
    internal static void Begin(SslClientAuthenticationOptions options, SiloIdentity identity)
    {
        (options.ClientCertificates, options.LocalCertificateSelectionCallback) = (null, null);
        options.ClientCertificateContext = identity.Shown;
        options.CertificateChainPolicy = identity.NewPolicy();
        options.AllowTlsResume = false;
    }

    // Silos are known by their authority and not by names: all members may do the same, so one has nothing to gain by passing for another.
    private static bool IsOfTheCluster(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if ((errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == NoFault) return true;
        Handshake.Refuse(CertificateFaults.Of(certificate, chain));
        return false;
    }
}
