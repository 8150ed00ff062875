using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Winnow.Web.Tests.Health;

/// <summary>Keeps what a server logs as an error or worse, or from another level on.</summary>
internal sealed class ErrorLog(LogLevel least = LogLevel.Error) : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> Lines { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel)) Lines.Enqueue($"{formatter(state, exception)} {exception}");
    }

    public void Dispose()
    {
    }
}
