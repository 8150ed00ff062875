using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Winnow.Client;

namespace Winnow.Deploy.Tests.Telemetry;

/// <summary>A real silo in a process of its own, with the operators' listener and a key, as it is deployed.</summary>
internal sealed class ObservedSilo : IAsyncDisposable
{
    /// <summary>What no figure, trace or log may ever hold.</summary>
    public const string Key = "a-key-that-must-not-leak-0123456789";

    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-observed-");
    private readonly StringBuilder _output = new();
    private Process? _process;

    /// <summary>The operators' port.</summary>
    public int Operators { get; } = FreePort();

    public int FrontDoor { get; } = FreePort();

    public WinnowClient Client { get; private set; } = null!;

    public static async Task<ObservedSilo> StartAsync(params string[] arguments)
    {
        var silo = new ObservedSilo();
        silo.Client = silo.As("test");
        try
        {
            await silo.StartProcessAsync(arguments);
            return silo;
        }
        catch
        {
            await silo.DisposeAsync();
            throw;
        }
    }

    public WinnowClient As(string actor) => new(new WinnowClientOptions { Address = new Uri($"http://127.0.0.1:{FrontDoor}"), Key = Key, Actor = actor });

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_process is { HasExited: false })
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process?.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task StartProcessAsync(string[] more)
    {
        var key = Path.Combine(_folder.FullName, "key");
        await File.WriteAllTextAsync(key, Key);
        string[] arguments =
        [
            Repository.Metadata("Silo"), "--urls", $"http://127.0.0.1:{FrontDoor}", "--Data", Path.Combine(_folder.FullName, "data"), "--Api:KeyFile", key,
            "--Metrics:Url", $"http://127.0.0.1:{Operators}", "--Cluster:SiloPort", Text(FreePort()),
            .. TinyBackbone.Write(Path.Combine(_folder.FullName, "tiny.onnx")), .. more,
        ];
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder.FullName };
        // Telemetry is sent soon, so that tests need not wait for it.
        start.Environment["OTEL_BSP_SCHEDULE_DELAY"] = start.Environment["OTEL_BLRP_SCHEDULE_DELAY"] = "200";
        start.Environment["OTEL_METRIC_EXPORT_INTERVAL"] = "1000";
        _process = Process.Start(start)!;
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        using var http = new HttpClient();
        await Until.TrueAsync(
            async () =>
            {
                if (_process.HasExited) throw new InvalidOperationException($"The silo ended:\n{_output}");
                try
                {
                    return (await http.GetAsync(new Uri($"http://127.0.0.1:{Operators}/health/ready"))).IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            StartLimit, () => $"The silo did not become ready:\n{_output}");
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_output) _output.AppendLine(line.Data);
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
