using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Winnow.Inference.Weights;
using Winnow.Silo.Hosting;
using Winnow.Testing;
using Winnow.Web.Tests.Security.Doors;

namespace Winnow.Web.Tests.Security;

/// <summary>The real host in this process, on a folder of its own. Whatever it logs is kept.</summary>
public class LockedServer : Door
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-locked-");
    private readonly KeptLog _log = new();
    private WebApplication _app = null!;

    public override IReadOnlyList<Uri> Addresses => [new(_app.Urls.First())];

    public override long? Memory() => null;

    public IServiceProvider Services => _app.Services;

    public IReadOnlyCollection<string> Log => _log.Lines;

    public override async Task InitializeAsync()
    {
        await new WeightsCache().EnsureAsync(WeightsCatalog.MobileNetV3Small, new NpmWeightsSource(TimeProvider.System));
        await StartAsync();
    }

    public async Task StartAsync(params string[] more)
    {
        string[] own = ["--urls", "http://127.0.0.1:0", "--Data", _folder.FullName, "--Api:BodyTimeout", "00:00:02"];
        _app = WinnowHost.Build(
            SiloArguments.LastOfEach([.. own, .. Options, "--Logging:LogLevel:Default", "Debug", .. more]), Replace);
        _app.Services.GetRequiredService<ILoggerFactory>().AddProvider(_log);
        await _app.StartAsync();
        await base.InitializeAsync();
    }

    /// <summary>Replaces parts of the host, or adds some.</summary>
    protected virtual void Replace(IServiceCollection services)
    {
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private sealed class KeptLog : ILoggerProvider
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => new Logger(Lines);

        public void Dispose()
        {
        }

        private sealed class Logger(ConcurrentQueue<string> lines) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
                Func<TState, Exception?, string> formatter) =>
                lines.Enqueue($"{formatter(state, exception)} {exception}");
        }
    }
}
