using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;

namespace Winnow.Silo.Hosting;

/// <summary>What the host logs, and how: one line an event on the console, whatever others wrote into it.</summary>
internal static class LoggingSetup
{
    public static void Add(WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Logging.AddConsole(o => o.FormatterName = OneLineFormatter.FormatterName)
            .AddConsoleFormatter<OneLineFormatter, SimpleConsoleFormatterOptions>(o => o.TimestampFormat = "HH:mm:ss ");
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        // Orleans says two lines per placement through Polly's name, and much at start, that no operator acts on.
        builder.Logging.AddFilter("Polly", LogLevel.Error).AddFilter("Orleans", LogLevel.Error).AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogLevel.None);
        // It warns of keys that nothing here is protected with: callers show keys and tokens, not cookies.
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        var starting = new StartLogging();
        builder.Services.AddSingleton(starting);
        foreach (var (category, least) in StartLogging.Categories)
            builder.Logging.AddFilter(category, level => level >= least && !starting.IsStarting);
    }
}

/// <summary>
/// Keeps the host and its parts from writing the stack trace of a start that fails: its reason is told in a sentence, at the end.
/// </summary>
internal sealed class StartLogging
{
    private volatile bool _isStarting;

    /// <summary>Who writes it, and what else they write from which level on.</summary>
    public static IReadOnlyList<(string Category, LogLevel Least)> Categories { get; } =
    [
        ("Microsoft.Extensions.Hosting", LogLevel.Warning),
        ("Microsoft.AspNetCore.Hosting", LogLevel.Warning),
        ("Microsoft.AspNetCore.Server", LogLevel.Warning),
        ("Orleans.Runtime.SiloLifecycleSubject", LogLevel.Error),
        ("Orleans.Hosting.SiloHostedService", LogLevel.Error),
        ("Orleans.Runtime.Silo", LogLevel.Error),
    ];

    public bool IsStarting { get => _isStarting; set => _isStarting = value; }
}
