using Microsoft.Extensions.Logging.Console;

namespace Winnow.Silo.Hosting;

/// <summary>What the host logs, and how: one line an event on the console.</summary>
internal static class LoggingSetup
{
    public static void Add(WebApplicationBuilder builder)
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
