using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Orleans.Connections.Security;

namespace Winnow.Silo.Peers;

/// <summary>
/// For the time of an upgrade from the release that knew no TLS (<see cref="SiloTlsSettings.AllowPlain"/>): silos of both releases are one
/// cluster. Who calls in either way is taken in, and before this silo calls another it finds out whether that one knows TLS. Nothing of
/// this runs where the option is not set.
/// </summary>
internal static class PlainPeers
{
    // A TLS record: a handshake, version 3.x. Orleans' own protocol begins with a length below 1,025, so its third byte is 0.
    private const byte HandshakeRecord = 0x16, MajorVersion = 0x03;
    private const int Telling = 3;

    /// <summary>Lets callers choose: the first bytes tell which protocol they speak.</summary>
    public static void TakeIn(IConnectionBuilder builder, TlsOptions tls) => builder.Use(next =>
    {
        var secured = Build(builder, b => b.UseServerTls(tls), next);
        return async context => await (await SpeaksTlsAsync(context) ? secured : next)(context);
    });

    /// <summary>Speaks as the connection was opened for.</summary>
    public static void Call(IConnectionBuilder builder, TlsOptions tls) => builder.Use(next =>
    {
        var secured = Build(builder, b => b.UseClientTls(tls), next);
        return context => (context.Features.Get<PlainPeer>() is null ? secured : next)(context);
    });

    /// <summary>Puts the question whether the other end knows TLS before each of Orleans' connections.</summary>
    public static void Add(IServiceCollection services)
    {
        for (var i = 0; i < services.Count; i++)
        {
            if (services[i] is not { IsKeyedService: true, KeyedImplementationFactory: { } make }
                || services[i].ServiceType != typeof(IConnectionFactory)) continue;
            services[i] = ServiceDescriptor.KeyedSingleton<IConnectionFactory>(services[i].ServiceKey,
                (provider, key) => new AskFirst((IConnectionFactory)make(provider, key), provider.GetRequiredService<SiloCertificates>()));
        }
    }

    private static ConnectionDelegate Build(IConnectionBuilder builder, Action<IConnectionBuilder> secure, ConnectionDelegate next)
    {
        var inner = new ConnectionBuilder(builder.ApplicationServices);
        secure(inner);
        return inner.Run(next.Invoke).Build();
    }

    private static async Task<bool> SpeaksTlsAsync(ConnectionContext context)
    {
        using var limit = new CancellationTokenSource(SiloTls.HandshakeLimit);
        var input = context.Transport.Input;
        while (true)
        {
            var read = await input.ReadAsync(limit.Token);
            if (read.Buffer.Length >= Telling || read.IsCompleted)
            {
                var tells = SpeaksTls(read.Buffer);
                // Looked at, and left for whoever reads next.
                input.AdvanceTo(read.Buffer.Start);
                return tells;
            }
            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static bool SpeaksTls(ReadOnlySequence<byte> begins)
    {
        if (begins.Length < Telling) return false;
        Span<byte> first = stackalloc byte[Telling];
        begins.Slice(0, Telling).CopyTo(first);
        return first[0] == HandshakeRecord && first[1] == MajorVersion && first[2] != 0;
    }

    /// <summary>Marks a connection whose other end knows no TLS.</summary>
    private sealed class PlainPeer;

    private sealed class AskFirst(IConnectionFactory inner, SiloCertificates certificates) : IConnectionFactory
    {
        public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        {
            var plain = await IsPlainAsync(endpoint, cancellationToken);
            var context = await inner.ConnectAsync(endpoint, cancellationToken);
            if (plain) context.Features.Set(new PlainPeer());
            return context;
        }

        /// <summary>
        /// Whether the other end ends the connection when it is greeted by TLS. One that does not answer is no reason to speak without.
        /// </summary>
        private async Task<bool> IsPlainAsync(EndPoint endpoint, CancellationToken cancellationToken)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(SiloTls.HandshakeLimit / 2);
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(endpoint, limit.Token);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // Whoever connects next says it better.
                return false;
            }
            await using var stream = new SslStream(new NetworkStream(socket));
            // No certificate is looked at: only whether there is one.
            var options = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true };
            SiloTls.Begin(options, certificates.Current);
            try
            {
                await stream.AuthenticateAsClientAsync(options, limit.Token);
                return false;
            }
            catch (Exception e) when (e is IOException or AuthenticationException)
            {
                return true;
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }
    }
}
