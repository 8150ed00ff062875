using System.Globalization;
using Winnow.Client;
using Winnow.Testing;

namespace Winnow.Deploy.Tests.Telemetry;

/// <summary>A real silo in a process of its own, with the operators' listener and a key, as it is deployed.</summary>
internal sealed class ObservedSilo : IAsyncDisposable
{
    /// <summary>What no figure, trace or log may ever hold.</summary>
    public const string Key = "a-key-that-must-not-leak-0123456789";

    // Telemetry is sent soon, so that tests need not wait for it.
    private static readonly Dictionary<string, string> Soon = new()
    {
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "200",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "1000",
    };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-observed-");
    private readonly SiloProcess _process;

    private ObservedSilo(string[] arguments)
    {
        var key = Path.Combine(_folder.FullName, "key");
        File.WriteAllText(key, Key);
        _process = new SiloProcess(new SiloProcessOptions
        {
            Key = Key,
            Environment = Soon,
            Arguments =
            [
                "--Api:KeyFile", key, "--Metrics:Url", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Operators}"),
                .. TinyBackbone.Write(Path.Combine(_folder.FullName, "tiny.onnx")), .. arguments,
            ],
        });
    }

    /// <summary>The operators' port.</summary>
    public int Operators { get; } = SiloProcess.FreePort();

    public int FrontDoor => _process.Url.Port;

    public WinnowClient Client => _process.Client;

    public static async Task<ObservedSilo> StartAsync(params string[] arguments)
    {
        var silo = new ObservedSilo(arguments);
        try
        {
            await silo._process.StartAgainAsync();
            return silo;
        }
        catch
        {
            await silo.DisposeAsync();
            throw;
        }
    }

    public WinnowClient As(string actor) => new(new WinnowClientOptions { Address = _process.Url, Key = Key, Actor = actor });

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
