using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Silo.Hosting;
using Winnow.Testing;

namespace Winnow.Benchmarks.Seeding;

/// <summary>A whole silo in this process, as its own program would build it.</summary>
internal sealed class BenchmarkSilo : IAsyncDisposable
{
    private readonly WebApplication _host;

    private BenchmarkSilo(WebApplication host) => _host = host;

    /// <summary>Calls its grains.</summary>
    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    /// <summary>One of its services.</summary>
    public T Service<T>() where T : notnull => _host.Services.GetRequiredService<T>();

    /// <summary>Starts a silo on a folder.</summary>
    public static async Task<BenchmarkSilo> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var host = WinnowHost.Build(
        [
            "--Data", folder, "--Logging:LogLevel:Default", "Warning",
            "--urls", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{SiloProcess.FreePort()}"),
            "--Cluster:SiloPort", SiloProcess.FreePort().ToString(CultureInfo.InvariantCulture),
        ]);
        await host.StartAsync(cancellationToken);
        return new BenchmarkSilo(host);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await _host.DisposeAsync();
    }
}
