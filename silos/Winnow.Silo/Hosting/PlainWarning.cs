namespace Winnow.Silo.Hosting;

/// <summary>Reminds, at each start, of a door that is open for an upgrade.</summary>
internal sealed partial class PlainWarning(Settings.SiloOptions options, ILogger<PlainWarning> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Open(logger, options.Cluster.SiloPort);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(225, LogLevel.Warning, "Cluster:Tls:AllowPlain is set: whoever reaches port {Port} can become a member of this cluster, "
        + "without a certificate. Take it out when no silo of the release before TLS runs any more")]
    private static partial void Open(ILogger logger, int port);
}
