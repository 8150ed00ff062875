using Winnow.Adapters;
using Winnow.Adapters.Images.Buckets;
using Winnow.Grains;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Grains.SetAside;
using Winnow.Silo.Hosting.Settings;
using Winnow.Silo.Operator;
using Winnow.Web;
using Winnow.Web.Security;

namespace Winnow.Silo.Hosting;

/// <summary>Builds the host: a silo with the grains, the adapters behind their ports, the HTTP API, telemetry.</summary>
public static partial class WinnowHost
{
    /// <summary>Where the server listens unless told otherwise.</summary>
    public const string DefaultUrl = "http://127.0.0.1:5080";

    /// <summary>Builds a host from its options, see <see cref="GivenOptions"/>.</summary>
    /// <exception cref="InvalidOperationException">An option is not sound, or an address or the data folder cannot be had.</exception>
    public static WebApplication Build(string[] args) => Build(args, null);

    /// <summary>Builds a host, some of whose parts are replaced: by a store that fails, in tests.</summary>
    internal static WebApplication Build(string[] args, Action<IServiceCollection>? replace, OptionPlaces places = OptionPlaces.All)
    {
        var given = GivenOptions.Read(args, places);
        // The framework's other builders read what any program may have set: URLS, KESTREL__…, assemblies to load, whose addresses to
        // trust.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = typeof(WinnowHost).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
            EnvironmentName = Environments.Production,
        });
        given.AddTo(builder.Configuration);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.Services.AddRouting();
        var options = builder.Configuration.Get<SiloOptions>() ?? new SiloOptions();
        if (options.Check() is { } wrong) throw new InvalidOperationException(wrong);

        var urls = (builder.Configuration["urls"] ?? DefaultUrl)
            .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var telemetry = TelemetrySetup.Read(builder.Configuration);
        if (urls.Length == 0) throw new InvalidOperationException($"--urls names no address. Leave it out for {DefaultUrl}.");
        foreach (var url in urls) ListeningPorts.CheckForm("urls", url);
        ApiSafety.Check(urls, options.Api);
        if (telemetry.Metrics.Check(urls) is { } clash) throw new InvalidOperationException(clash);
        var addresses = urls.Select(u => ("urls", u));
        ListeningPorts.Try(telemetry.Metrics.Url is { } metrics ? addresses.Append(("Metrics:Url", metrics)) : addresses);
        if (options.Postgres is not null) ListeningPorts.Try("Cluster:SiloPort", options.Cluster.ListensOn());
        DataFolder.Prepare(options.Data);
        builder.WebHost.UseUrls(TelemetrySetup.Urls(urls, telemetry));
        HttpServer.Configure(builder.WebHost, options.Api);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = options.Cluster.ShutdownLimit);
        builder.Services.AddSingleton(given);
        LoggingSetup.Add(builder);
        builder.Services.AddSingleton(options);
        builder.Services.AddStorage(options);
        builder.Services.AddInference(options.Scoring.Configure(options.Images, options.Data));
        builder.Services.AddImageIntake(options.Lots, Path.Combine(options.Data, "spool"));
        builder.Services.AddBucketSources(options.Buckets, options.Sources);
        builder.Services.AddDatasetArchive(options.Restore);
        builder.Services.AddSetAside();
        builder.Services.AddWinnowGrains(options.Shard);
        builder.Services.AddSingleton<ISessionSecret, SessionSecret>();
        builder.Services.AddWinnowApi(options.Api);
        builder.Services.AddOperator();
        builder.UseOrleans(silo => ClusterSetup.Configure(silo, options));
        builder.Services.AddHostedService<ResumeService>();
        builder.Services.AddHostedService<LevelService>();
        replace?.Invoke(builder.Services);
        TelemetrySetup.AddTelemetry(builder, options.Cluster);

        var app = builder.Build();
        var logging = app.Services.GetRequiredService<LifecycleLogging>();
        app.Lifetime.ApplicationStopping.Register(() => logging.IsEnding = true);
        app.UseRequestCount();
        TelemetrySetup.MapTelemetry(app);
        app.MapOperatorListener(telemetry.Metrics.Port);
        app.MapWinnowApi(healthOnly: !SiloTraits.AnswersHttp(options.Role));
        OperatorEndpoints.Map(app);
        return app;
    }

    /// <summary>Starts a host. Why it does not start is its caller's to say, once.</summary>
    public static async Task StartAsync(WebApplication app, CancellationToken cancellationToken)
    {
        var starting = app.Services.GetRequiredService<LifecycleLogging>();
        starting.IsStarting = true;
        await app.StartAsync(cancellationToken);
        starting.IsStarting = false;
        if (app.Services.GetRequiredService<GivenOptions>().Ignored is { Count: > 0 } ignored)
            Ignored(app.Logger, string.Join(", ", ignored));
        var devices = app.Services.GetRequiredService<IEmbedderProvider>();
        foreach (var part in SiloHealth.Wanting(devices, app.Services.GetRequiredService<SiloOptions>()))
            Wanting(app.Logger, part.Problem!);
    }

    [LoggerMessage(201, LogLevel.Warning, "The server works, and something is wanting. {Problem}")]
    private static partial void Wanting(ILogger logger, string problem);

    [LoggerMessage(200, LogLevel.Warning, "These variables name no option of the server and do nothing: {Variables}")]
    private static partial void Ignored(ILogger logger, string variables);
}
