using System.Globalization;
using Npgsql;

namespace Winnow.Testing;

/// <summary>
/// A real PostgreSQL server for tests: the one that <c>WINNOW_TEST_POSTGRES</c> names by its connection string, else one that is started by
/// <c>tests/services/postgres</c> and ends with the process. A private one can be stopped and started by its test.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    /// <summary>The environment variable that names a running server; its user must be allowed to create databases.</summary>
    public const string Variable = "WINNOW_TEST_POSTGRES";

    private const string Script = "postgres";

    private static readonly Lazy<Task<PostgresServer>> Shared = new(StartSharedAsync);
    private static int _databases;
    private static int _servers;

    private readonly Dictionary<string, string> _environment;

    private PostgresServer(string connectionString, Dictionary<string, string> environment) =>
        (ConnectionString, _environment) = (connectionString, environment);

    /// <summary>Of the database that the server was started with.</summary>
    public string ConnectionString { get; private set; }

    /// <summary>The server that all tests of this process share.</summary>
    public static Task<PostgresServer> SharedAsync() => Shared.Value;

    /// <summary>Starts a server of the test's own. It keeps fsync on: what it acknowledged survives its end.</summary>
    /// <param name="data">A folder for its data, such as a small disk; default beside its other files.</param>
    /// <param name="listen">Where it listens; default loopback.</param>
    public static Task<PostgresServer> StartPrivateAsync(string? data = null, string? listen = null) =>
        LaunchAsync(durable: true, data, listen);

    /// <summary>Makes a database that no other test knows, and gives its connection string.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture,
            $"test_{Environment.ProcessId}_{Interlocked.Increment(ref _databases)}_{Guid.NewGuid():N}");
        await ExecuteAsync($"CREATE DATABASE \"{name}\" ENCODING 'UTF8' TEMPLATE template0");
        return new NpgsqlConnectionStringBuilder(ConnectionString) { Database = name }.ConnectionString;
    }

    /// <summary>Runs a statement in the server's own database, or in another one.</summary>
    public async Task ExecuteAsync(string sql, string? connectionString = null)
    {
        await using var connection =
            new NpgsqlConnection(
                new NpgsqlConnectionStringBuilder(connectionString ?? ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Starts the server again, on its port and with its data.</summary>
    public async Task StartAsync() => ConnectionString = (await ServiceScript.RunAsync(Script, ["start"], _environment))[^1];

    /// <summary>Stops it in good order: sessions are ended, data stay.</summary>
    public Task StopAsync() => ServiceScript.RunAsync(Script, ["stop"], Own());

    /// <summary>Lets it crash: nothing is finished, and its next start recovers from the log.</summary>
    public Task CrashAsync() => ServiceScript.RunAsync(Script, ["stop", "--now"], Own());

    /// <summary>Stops the server and removes its data.</summary>
    public async ValueTask DisposeAsync()
    {
        await ServiceScript.RunAsync(Script, ["stop", "--purge"], Own());
        Directory.Delete(_environment["SERVICE_ROOT"], recursive: true);
    }

    private Dictionary<string, string> Own() =>
        _environment.Count > 0
        ? _environment : throw new InvalidOperationException($"The server that {Variable} names is not this test's to stop.");

    private static async Task<PostgresServer> StartSharedAsync()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given) return new PostgresServer(given, []);
        return await LaunchAsync(durable: false, data: null, listen: null);
    }

    private static async Task<PostgresServer> LaunchAsync(bool durable, string? data, string? listen)
    {
        var environment = new Dictionary<string, string>
        {
            ["SERVICE_ROOT"] = Directory.CreateTempSubdirectory("winnow-services-").FullName,
            // Even a test process that is killed leaves no server behind.
            ["PG_OWNER"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
        };
        // A place of its own to look for a port: while one server is down, another that starts must not take its port and answer in its
        // stead.
        environment["PG_PORT"] =
            (16_000 + Environment.ProcessId % 200 * 30 + Interlocked.Increment(ref _servers) % 30).ToString(CultureInfo.InvariantCulture);
        if (durable) environment["PG_DURABLE"] = "1";
        if (data is not null) environment["PG_DATA"] = data;
        if (listen is not null) environment["PG_LISTEN"] = listen;
        var server = new PostgresServer("", environment);
        await server.StartAsync();
        return server;
    }
}
