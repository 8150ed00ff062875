using Winnow.Grains.Ports;
using Winnow.Grains.Telemetry;

namespace Winnow.Silo.Hosting;

/// <summary>Reports the scoring devices of this silo for as long as it serves: autoscaling divides the backlog by them.</summary>
internal sealed class TelemetryDeviceGauges(IEmbedderProvider embedders) : IHostedService
{
    private IDisposable? _gauges;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _gauges = SiloGauges.Devices.Add(() => new DeviceFigures(embedders.Kind, embedders.Devices));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _gauges?.Dispose();
        return Task.CompletedTask;
    }
}
