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
        var lifecycle = new LifecycleLogging();
        builder.Services.AddSingleton(lifecycle);
        foreach (var (category, least) in LifecycleLogging.Categories)
            builder.Logging.AddFilter(category, level => level >= least && !lifecycle.IsStarting);
        // A call that finds no silo while this one ends is repeated by whoever made it, or was a word to somebody who has ended too.
        builder.Logging.AddFilter(LifecycleLogging.Calls, level => level >= LogLevel.Error && !lifecycle.IsEnding);
    }
}

/// <summary>
/// Keeps the host and its parts from writing the stack trace of a start that fails: its reason is told in a sentence, at the end; and of
/// calls that cross with an end in good order.
/// </summary>
internal sealed class LifecycleLogging
{
    private volatile bool _isStarting;
    private volatile bool _isEnding;

    /// <summary>Who writes of calls that find no silo.</summary>
    public const string Calls = "Orleans.Runtime.Messaging.MessageCenter";

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

    public bool IsEnding { get => _isEnding; set => _isEnding = value; }
}
