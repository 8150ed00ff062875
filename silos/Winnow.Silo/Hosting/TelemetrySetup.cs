using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Winnow.Abstractions.Telemetry;

namespace Winnow.Silo.Hosting;

/// <summary>Where metrics and traces go.</summary>
internal static class TelemetrySetup
{
    public static void Add(WebApplicationBuilder builder, SiloOptions options)
    {
        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(r => r.AddService("winnow", serviceInstanceId: Environment.MachineName));
        telemetry.WithMetrics(m =>
        {
            m.AddMeter(WinnowTelemetry.Name, WinnowTelemetry.InferenceName, "Microsoft.Orleans").AddAspNetCoreInstrumentation().AddRuntimeInstrumentation();
            if (options.Otlp is not null) m.AddOtlpExporter(o => o.Endpoint = new Uri(options.Otlp));
        });
        telemetry.WithTracing(t =>
        {
            t.AddSource(WinnowTelemetry.Name, "Microsoft.Orleans.Runtime", "Microsoft.Orleans.Application").AddAspNetCoreInstrumentation();
            if (options.Otlp is not null) t.AddOtlpExporter(o => o.Endpoint = new Uri(options.Otlp));
        });
    }
}
