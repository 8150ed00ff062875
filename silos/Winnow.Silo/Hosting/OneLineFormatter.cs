using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Winnow.Model.Names;

namespace Winnow.Silo.Hosting;

/// <summary>
/// An event is one line of the console, whatever its texts hold: names of people and of files, paths that were asked for and sentences of
/// other servers neither begin a line of their own, nor colour, move or hide one.
/// </summary>
internal sealed class OneLineFormatter(IOptionsMonitor<SimpleConsoleFormatterOptions> options, TimeProvider time)
    : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "one-line";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        if (logEntry.Formatter(logEntry.State, logEntry.Exception) is not { } message) return;
        var now = options.CurrentValue;
        if (now.TimestampFormat is { } form)
            textWriter.Write((now.UseUtcTimestamp ? time.GetUtcNow() : time.GetLocalNow()).ToString(form));
        textWriter.Write(Level(logEntry.LogLevel, IsColoured(now.ColorBehavior)));
        textWriter.Write($": {logEntry.Category}[{logEntry.EventId.Id}] {ShownText.Clean(message)}");
        if (logEntry.Exception is { } problem) textWriter.Write($" {ShownText.Clean(problem.ToString())}");
        textWriter.WriteLine();
    }

    private static bool IsColoured(LoggerColorBehavior wanted) => wanted == LoggerColorBehavior.Enabled
        || (wanted == LoggerColorBehavior.Default && !Console.IsOutputRedirected
            && Environment.GetEnvironmentVariable("NO_COLOR") is null or "");

    private static string Level(LogLevel level, bool coloured)
    {
        var (word, colour) = level switch
        {
            LogLevel.Trace => ("trce", 90),
            LogLevel.Debug => ("dbug", 90),
            LogLevel.Information => ("info", 32),
            LogLevel.Warning => ("warn", 33),
            LogLevel.Error => ("fail", 31),
            _ => ("crit", 91),
        };
        return coloured ? $"\e[{colour}m{word}\e[0m" : word;
    }
}
