using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Grains.Ports;
using Winnow.Silo.Hosting;
using Winnow.Testing;

namespace Winnow.Benchmarks.Seeding;

/// <summary>A whole silo in this process, as its own program would build it.</summary>
internal sealed class BenchmarkSilo : IAsyncDisposable
{
    private readonly WebApplication _host;

    private BenchmarkSilo(WebApplication host, Uri url) => (_host, Url) = (host, url);

    /// <summary>Where its API answers.</summary>
    public Uri Url { get; }

    /// <summary>Calls its grains.</summary>
    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    /// <summary>One of its services.</summary>
    public T Service<T>() where T : notnull => _host.Services.GetRequiredService<T>();

    /// <summary>Starts a silo on a folder.</summary>
    /// <param name="folder">Where it keeps what it keeps.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="arguments">Further options of the silo.</param>
    public static Task<BenchmarkSilo> StartAsync(string folder, CancellationToken cancellationToken, params string[] arguments) =>
        StartAsync(folder, null, cancellationToken, arguments);

    /// <summary>Starts a silo whose device is busy for ever, so that intake is measured and not what follows it.</summary>
    public static Task<BenchmarkSilo> StartIdleAsync(string folder, CancellationToken cancellationToken, params string[] arguments) =>
        StartAsync(folder, s => s.AddSingleton<IEmbedderProvider, BusyDevice>(), cancellationToken, arguments);

    /// <summary>Starts a silo some of whose parts are replaced.</summary>
    public static async Task<BenchmarkSilo> StartAsync(
        string folder, Action<IServiceCollection>? replace, CancellationToken cancellationToken, params string[] arguments)
    {
        var url = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{SiloProcess.FreePort()}"));
        var host = WinnowHost.Build(SiloArguments.LastOfEach([
            "--Data", folder, "--Logging:LogLevel:Default", "Error",
            "--urls", url.ToString().TrimEnd('/'),
            "--Cluster:SiloPort", SiloProcess.FreePort().ToString(CultureInfo.InvariantCulture), .. arguments,
        ]), replace);
        await host.StartAsync(cancellationToken);
        return new BenchmarkSilo(host, url);
    }

    /// <summary>A device that takes a lot and never gives it back.</summary>
    public sealed class BusyDevice : IEmbedderProvider, IEmbedder
    {
        public int Devices => 1;

        public string Kind => "cpu";

        public int Dimensions => 1;

        public Task<IEmbedder> GetAsync(string backbone, int device, CancellationToken cancellationToken) =>
            Task.FromResult<IEmbedder>(this);

        public Task<Embedded> EmbedAsync(int count, Func<int, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> fetch,
            CancellationToken cancellationToken) =>
            new TaskCompletionSource<Embedded>().Task.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await _host.DisposeAsync();
    }
}
