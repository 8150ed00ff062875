using Microsoft.Extensions.Logging.Console;
using Orleans.Configuration;
using Orleans.Serialization;
using Winnow.Adapters;
using Winnow.Adapters.Ledger;
using Winnow.Grains;
using Winnow.Model;
using Winnow.Model.Images;
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
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddEnvironmentVariables(EnvironmentPrefix).AddCommandLine(args);
        builder.WebHost.UseKestrelHttpsConfiguration();
        var options = builder.Configuration.Get<SiloOptions>() ?? new SiloOptions();
        if (options.Check() is { } wrong) throw new InvalidOperationException(wrong);

        var urls = builder.Configuration["urls"] ?? builder.Configuration["http_ports"] ?? DefaultUrl;
        builder.WebHost.UseUrls(TelemetrySetup.Urls(urls.Split(';'), TelemetrySetup.Read(builder.Configuration)));
        builder.WebHost.ConfigureKestrel(k =>
        {
            k.AddServerHeader = false;
            k.Limits.MaxRequestBodySize = 32 << 20;
        });
        var api = options.Api;
        ApiSafety.Check(urls.Split(';'), api);

        AddLogging(builder);
        builder.Services.AddEmbeddedStorage(Path.GetFullPath(options.Data));
        builder.Services.AddInference(options.Scoring.Configure(options.Images));
        builder.Services.AddImageIntake();
        builder.Services.AddDatasetArchive();
        builder.Services.AddWinnowGrains(options.Shard);
        builder.Services.AddWinnowApi(api);
        builder.Services.AddHostedService<ResumeService>();
        builder.UseOrleans(silo => Configure(silo, options));
        TelemetrySetup.AddTelemetry(builder);

        var app = builder.Build();
        TelemetrySetup.MapTelemetry(app);
        app.MapWinnowApi();
        return app;
    }

    private static void Configure(ISiloBuilder silo, SiloOptions options)
    {
        silo.UseLocalhostClustering(options.SiloPort, options.GatewayPort, primarySiloEndpoint: null, serviceId: "winnow", clusterId: "winnow");
        silo.Configure<SiloMessagingOptions>(o =>
        {
            o.ResponseTimeout = TimeSpan.FromSeconds(10);
            o.SystemResponseTimeout = TimeSpan.FromSeconds(10);
            o.CancelRequestOnTimeout = true;
        });
        silo.Services.AddSerializer(s => s.AddJsonSerializer(
            // Image ids cross in 32 bytes of their own; everything else of the model as JSON.
            type => type != typeof(ImageId) && type.Namespace?.StartsWith("Winnow.Model", StringComparison.Ordinal) == true && !type.IsEnum,
            ModelJson.Default.Options));
        silo.AddWinnowGrainStorage(GrainsRegistration.GrainStorage);
        silo.AddActivityPropagation();
    }

    private static void AddLogging(WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(o =>
        {
            o.SingleLine = true;
            o.ColorBehavior = LoggerColorBehavior.Default;
            o.TimestampFormat = "HH:mm:ss ";
        });
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        // Orleans says two lines per placement through Polly's name, and much at start, that no operator acts on.
        builder.Logging.AddFilter("Polly", LogLevel.Error).AddFilter("Orleans", LogLevel.Error).AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogLevel.None);
    }
}
