using Winnow.Grains.Telemetry;

namespace Winnow.Silo.Peers;

/// <summary>
/// Follows the certificate files, and tells in time that a certificate ends: nobody joins a cluster whose certificates have ended.
/// </summary>
internal sealed partial class CertificateWatch(SiloCertificates certificates, TimeProvider time, ILogger<CertificateWatch> logger)
    : BackgroundService
{
    /// <summary>How soon a changed file is in use.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Soon = TimeSpan.FromDays(30);
    private static readonly TimeSpan SayAgain = TimeSpan.FromDays(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var gauge = SiloGauges.Certificates.Add(() => certificates.Remaining.TotalSeconds);
        DateTimeOffset? said = null;
        try
        {
            while (true)
            {
                certificates.Refresh();
                var now = time.GetUtcNow();
                if (certificates.Remaining < Soon && (said is null || now - said >= SayAgain))
                {
                    said = now;
                    EndsSoon(logger, certificates.Current.Ends.UtcDateTime);
                }
                await Task.Delay(Interval, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    [LoggerMessage(222, LogLevel.Warning,
        "This silo's certificate ends at {Ends:u}, and from then on it can join no cluster: 'bash deploy/renew-certificates' "
        + "makes a new one")]
    private static partial void EndsSoon(ILogger logger, DateTime ends);
}
