using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Winnow.Abstractions.Telemetry;
using Winnow.Adapters.Telemetry;
using Winnow.Model.Security;
using Winnow.Silo.Hosting.Settings;
using Winnow.Web.Security;

namespace Winnow.Silo.Hosting;

/// <summary>Gives a silo its telemetry: metrics for Prometheus, and metrics, traces and logs over OTLP where a receiver is named.</summary>
internal static class TelemetrySetup
{
    private const string MetricsPath = "/metrics";

    // Room for all series of a metric is taken at once, some 120 bytes each: hundreds of metrics of Orleans and of the runtime have few.
    private const int ManySeries = 2_000, FewSeries = 200;

    // What operators and the kubelet ask on the listener of their own; everything else there is nothing.
    private static readonly PathString[] OperatorPaths = [MetricsPath, "/health", "/operator"];

    /// <summary>Reads the options and checks them.</summary>
    /// <exception cref="InvalidOperationException">An option is not sound; the message names it.</exception>
    public static TelemetryOptions Read(IConfiguration configuration)
    {
        var options = configuration.Get<TelemetryOptions>() ?? new TelemetryOptions();
        return options.Check() is { } wrong ? throw new InvalidOperationException(wrong) : options;
    }

    /// <summary>Registers it all. Call it once the storage is registered.</summary>
    public static void AddTelemetry(WebApplicationBuilder builder, ClusterSettings cluster)
    {
        var options = Read(builder.Configuration);
        var role = builder.Configuration["Role"] ?? "all";
        builder.Services.AddSingleton(options);
        builder.Services.MeasureObjectStore();
        if (role is "all" or "scoring") builder.Services.AddHostedService<TelemetryDeviceGauges>();
        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(r => r
            .AddService("winnow", serviceVersion: typeof(TelemetrySetup).Assembly.GetName().Version?.ToString(3),
            serviceInstanceId: cluster.NameOrDefault)
            .AddAttributes([new KeyValuePair<string, object>("winnow.role", role)]));
        telemetry.WithMetrics(m => m
            .AddMeter(WinnowTelemetry.Name, WinnowTelemetry.InferenceName, "Microsoft.Orleans").AddAspNetCoreInstrumentation()
            .AddRuntimeInstrumentation()
            .AddView(static instrument => new MetricStreamConfiguration { CardinalityLimit = SeriesOf(instrument) })
            .AddPrometheusExporter());
        if (options.Otlp is not { } receiver) return;
        telemetry.WithTracing(t => t
            .AddSource(WinnowTelemetry.Name, WinnowTelemetry.InferenceName, "Microsoft.Orleans.Runtime", "Microsoft.Orleans.Application")
            .AddAspNetCoreInstrumentation(o => o.Filter = context => !IsOfOperators(context.Request.Path))
            .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(options.OtlpSample))));
        telemetry.WithLogging();
        telemetry.UseOtlpExporter(options.OtlpProtocol == "http" ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc,
            new Uri(receiver));
    }

    /// <summary>All addresses to listen on: the front door's, and the operators' where there is one.</summary>
    public static string[] Urls(string[] frontDoor, TelemetryOptions options) =>
        options.Metrics.Url is { } url ? [.. frontDoor, url] : frontDoor;

    /// <summary>Serves the metrics. Call it before the API is mapped: a listener of their own has no key.</summary>
    public static void MapTelemetry(WebApplication app)
    {
        var port = app.Services.GetRequiredService<TelemetryOptions>().Metrics.Port;
        app.Use((context, next) =>
        {
            if (context.Connection.LocalPort != port || IsOfOperators(context.Request.Path)) return next(context);
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
        if (port is not null)
            app.UseOpenTelemetryPrometheusScrapingEndpoint(context =>
                context.Request.Path == MetricsPath && context.Connection.LocalPort == port);
        // At the front door they want the same permission as everything else that tells of the cluster; on a server without keys, this
        // machine has it.
        else app.MapPrometheusScrapingEndpoint(MetricsPath).Requires(Permission.ReadCluster);
    }

    /// <summary>How many series a metric may have. What is beyond that is counted together, as <c>otel_metric_overflow</c>.</summary>
    private static int SeriesOf(Instrument instrument) =>
        instrument.Meter.Name is WinnowTelemetry.Name or WinnowTelemetry.InferenceName || instrument.Name == "http.server.request.duration"
            ? ManySeries : FewSeries;

    private static bool IsOfOperators(PathString path) => Array.Exists(OperatorPaths, p => path.StartsWithSegments(p));
}
