using Winnow.Adapters;
using Winnow.Adapters.Images.Buckets;
using Winnow.Grains;
using Winnow.Grains.Placement;
using Winnow.Silo.Operator;
using Winnow.Web;
using Winnow.Web.Security;

namespace Winnow.Silo.Hosting;

/// <summary>Builds the host: a silo with the grains, the adapters behind their ports, the HTTP API, telemetry.</summary>
public static class WinnowHost
{
    /// <summary>Where the server listens unless told otherwise.</summary>
    public const string DefaultUrl = "http://127.0.0.1:5080";

    private const string EnvironmentPrefix = "WINNOW_";

    /// <summary>Builds a host from configuration: appsettings.json, environment variables <c>WINNOW_Section__Name</c>, command line <c>--Section:Name value</c>.</summary>
    /// <exception cref="InvalidOperationException">An option is not sound; the message names it.</exception>
    public static WebApplication Build(string[] args) => Build(args, null);

    /// <summary>Builds a host, some of whose parts are replaced: by a store that fails, in tests.</summary>
    internal static WebApplication Build(string[] args, Action<IServiceCollection>? replace)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddEnvironmentVariables(EnvironmentPrefix).AddCommandLine(args);
        builder.WebHost.UseKestrelHttpsConfiguration();
        var options = builder.Configuration.Get<SiloOptions>() ?? new SiloOptions();
        if (options.Check() is { } wrong) throw new InvalidOperationException(wrong);

        var urls = (builder.Configuration["urls"] ?? builder.Configuration["http_ports"] ?? DefaultUrl).Split(';');
        ApiSafety.Check(urls, options.Api);
        var telemetry = TelemetrySetup.Read(builder.Configuration);
        if (telemetry.Metrics.Check(urls) is { } clash) throw new InvalidOperationException(clash);
        builder.WebHost.UseUrls(TelemetrySetup.Urls(urls, telemetry));
        builder.WebHost.ConfigureKestrel(k =>
        {
            k.AddServerHeader = false;
            k.Limits.MaxRequestBodySize = 32 << 20;
            k.Limits.MaxConcurrentConnections = options.Api.Limits.Connections;
        });
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = options.Cluster.ShutdownLimit);
        LoggingSetup.Add(builder);
        builder.Services.AddSingleton(options);
        builder.Services.AddStorage(options);
        builder.Services.AddInference(options.Scoring.Configure(options.Images, options.Data));
        builder.Services.AddImageIntake(options.Lots, Path.Combine(options.Data, "spool"));
        builder.Services.AddBucketSources(options.Buckets, options.Sources);
        builder.Services.AddDatasetArchive(options.Restore);
        builder.Services.AddWinnowGrains(options.Shard);
        builder.Services.AddWinnowApi(options.Api);
        builder.Services.AddOperator();
        builder.UseOrleans(silo => ClusterSetup.Configure(silo, options));
        builder.Services.AddHostedService<ResumeService>();
        replace?.Invoke(builder.Services);
        TelemetrySetup.AddTelemetry(builder, options.Cluster);

        var app = builder.Build();
        app.UseRequestCount();
        TelemetrySetup.MapTelemetry(app);
        app.MapOperatorListener(telemetry.Metrics.Port);
        app.MapWinnowApi(healthOnly: !SiloTraits.AnswersHttp(options.Role));
        OperatorEndpoints.Map(app);
        return app;
    }
}
