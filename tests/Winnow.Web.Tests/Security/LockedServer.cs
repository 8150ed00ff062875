using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Security;
using Winnow.Client;
using Winnow.Inference.Weights;
using Winnow.Model.Security;
using Winnow.Silo.Hosting;
using Winnow.Web.Security;

namespace Winnow.Web.Tests.Security;

/// <summary>The real host with an operator's key, on a folder of its own. Whatever it logs is kept.</summary>
public sealed class LockedServer : IAsyncLifetime
{
    public const string OperatorKey = "the-operators-key-of-the-tests";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-locked-");
    private readonly KeptLog _log = new();
    private readonly List<WinnowClient> _clients = [];
    private WebApplication _app = null!;

    public Uri Address { get; private set; } = null!;

    public WinnowClient Operator { get; private set; } = null!;

    public IServiceProvider Services => _app.Services;

    public IReadOnlyCollection<string> Log => _log.Lines;

    public async Task InitializeAsync()
    {
        await new WeightsCache().EnsureAsync(WeightsCatalog.MobileNetV3Small, new NpmWeightsSource(TimeProvider.System));
        await StartAsync();
    }

    public async Task StartAsync(params string[] more)
    {
        _app = WinnowHost.Build(["--urls", "http://127.0.0.1:0", "--Data", _folder.FullName, "--Api:Key", OperatorKey, "--Api:Limits:RefusalsPerMinute", "1000000", "--Api:Limits:PerSecond", "100000",
            "--Logging:LogLevel:Default", "Debug", .. more]);
        _app.Services.GetRequiredService<ILoggerFactory>().AddProvider(_log);
        await _app.StartAsync();
        Address = new Uri(_app.Urls.First());
        Operator = As(OperatorKey);
    }

    public WinnowClient As(string? key, string? actor = null)
    {
        var client = new WinnowClient(new WinnowClientOptions { Address = Address, Key = key, Actor = actor, RetryAttempts = 0 });
        _clients.Add(client);
        return client;
    }

    /// <summary>A key of a principal, made as an owner would.</summary>
    public async Task<string> KeyAsync(string principal, KeyScope? scope = null) =>
        (await Operator.CreateKeyAsync(new CreateApiKey(Principal.Parse(principal), "test", scope))).Key;

    /// <summary>A key that has expired: the API makes none, so it is written past it.</summary>
    public async Task<string> ExpiredKeyAsync(string principal)
    {
        var (id, text) = KeyText.Make();
        var now = TimeProvider.System.GetUtcNow();
        await Services.GetRequiredService<IGrainFactory>().GetGrain<IApiKeyIndexGrain>(0)
            .CreateAsync(new ApiKeyInfo(id, Principal.Parse(principal), "test", new KeyScope(), now.AddDays(-2), "test", now.AddDays(-1)), KeyText.ProofOf(text), CancellationToken.None);
        return text;
    }

    public Task<AccessGrant> GrantAsync(string scope, string principal, Role role, DateTimeOffset? expires = null) =>
        Operator.GrantAccessAsync(scope, new GrantAccess(Principal.Parse(principal), role, expires));

    public async Task DisposeAsync()
    {
        foreach (var client in _clients) client.Dispose();
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

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => lines.Enqueue($"{formatter(state, exception)} {exception}");
        }
    }
}
