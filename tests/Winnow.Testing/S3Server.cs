using System.Globalization;

namespace Winnow.Testing;

/// <summary>
/// A real S3 server: the one that <c>WINNOW_TEST_S3</c> names (endpoint, access key and secret, apart by blanks), else one that
/// <c>tests/services/s3</c> starts once per process. Tests keep apart by buckets of their own.
/// </summary>
public sealed class S3Server : IAsyncDisposable
{
    private static readonly Lazy<Task<S3Server>> Common = new(OpenSharedAsync);
    private static int _buckets;

    private readonly Dictionary<string, string>? _settings;

    private S3Server(string endpoint, string accessKey, string secretKey, Dictionary<string, string>? settings) =>
        (Endpoint, AccessKey, SecretKey, _settings) = (endpoint, accessKey, secretKey, settings);

    public string Endpoint { get; }

    public string AccessKey { get; }

    public string SecretKey { get; }

    /// <summary>The server that all tests of the process share.</summary>
    public static Task<S3Server> SharedAsync() => Common.Value;

    /// <summary>A server of one's own, to be stopped and started. Its data survives as long as it is not disposed.</summary>
    /// <param name="listen">Where it listens; default loopback.</param>
    public static Task<S3Server> StartOwnAsync(string? listen = null) =>
        StartAsync(string.Create(CultureInfo.InvariantCulture, $"own-{Environment.ProcessId}-{Interlocked.Increment(ref _buckets)}"),
        listen);

    /// <summary>A name that no other test uses.</summary>
    public static string NewBucket() =>
        string.Create(CultureInfo.InvariantCulture,
            $"t-{Environment.ProcessId}-{Interlocked.Increment(ref _buckets)}-{Guid.NewGuid().ToString("n")[..8]}");

    /// <summary>The server hangs: connections stay, nothing is answered.</summary>
    public Task PauseAsync() => RunAsync("pause");

    public Task ResumeAsync() => RunAsync("resume");

    /// <summary>The server dies: connections are refused. Its data stays.</summary>
    public Task DownAsync() => RunAsync("down");

    public Task UpAsync() => RunAsync("up");

    /// <summary>Makes a topic that posts what happens in a bucket to an address; gives its ARN.</summary>
    public async Task<string> MakeTopicAsync(string name, string address) => (await RunAsync("topic", name, address))[0];

    public async ValueTask DisposeAsync()
    {
        if (_settings is not null) await ServiceScript.RunAsync("s3", ["stop", "--purge"], _settings);
    }

    private static async Task<S3Server> OpenSharedAsync()
    {
        if (Environment.GetEnvironmentVariable("WINNOW_TEST_S3") is { Length: > 0 } given)
            return given.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var endpoint, var access, var secret]
                ? new S3Server(endpoint, access, secret, null)
                : throw new InvalidOperationException("WINNOW_TEST_S3 must hold an endpoint, an access key and a secret, apart by blanks.");
        var server = await StartAsync($"shared-{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}");
        // The process ends without a word to its statics.
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
            ServiceScript.RunAsync("s3", ["stop", "--purge"], server._settings).GetAwaiter().GetResult();
        return server;
    }

    private static async Task<S3Server> StartAsync(string name, string? listen = null)
    {
        var settings = new Dictionary<string, string>
        {
            ["SERVICE_ROOT"] = Path.Combine(Path.GetTempPath(), "winnow-s3", name),
            ["S3_PORT"] = FreePorts(),
        };
        if (listen is not null) settings["S3_LISTEN"] = listen;
        var lines = await ServiceScript.RunAsync("s3", ["start"], settings);
        return new S3Server(lines[^3], lines[^2], lines[^1], settings);
    }

    /// <summary>Servers that start at the same moment look for free ports from places of their own.</summary>
    private static string FreePorts() => (22_000 + (Environment.ProcessId % 40 * 200) + (Interlocked.Increment(ref _buckets) % 8 * 20))
        .ToString(CultureInfo.InvariantCulture);

    private async Task<string[]> RunAsync(params string[] arguments) =>
        await ServiceScript.RunAsync("s3", arguments,
        _settings ?? throw new InvalidOperationException(
            "A server that WINNOW_TEST_S3 names belongs to others and is left alone: use StartOwnAsync."));
}
