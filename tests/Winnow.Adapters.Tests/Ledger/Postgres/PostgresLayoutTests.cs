using System.Text.Json;
using Microsoft.Extensions.Logging;
using Npgsql;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Ledger.Postgres;
using Winnow.Adapters.Tests.Support;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Testing;

namespace Winnow.Adapters.Tests.Ledger.Postgres;

/// <summary>Settings, layouts, and that no secret gets out.</summary>
[Trait("needs", "postgres")]
public sealed class PostgresLayoutTests
{
    private const string Password = "tr0ub4dor;3";

    private static async Task<string> DatabaseAsync() => await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();

    private static async Task ExecuteAsync(string database, string sql) =>
        await (await PostgresServer.SharedAsync()).ExecuteAsync(sql, database);

    [Fact]
    public async Task Silos_that_start_together_lay_the_tables_out_once()
    {
        var database = await DatabaseAsync();
        var ledgers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => PostgresLedgerFixture.OpenAsync(database))));
        foreach (var ledger in ledgers) await ledger.DisposeAsync();
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command =
            new NpgsqlCommand("SELECT string_agg(file, ' ' ORDER BY version), count(*) FROM winnow_layout", connection);
        await using var reader = await command.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync());
        Assert.Equal("0001-ledger.sql 0002-orleans.sql 0003-whose-operations.sql 0004-marks.sql 0005-deletion.sql 0006-cluster-level.sql "
            + "0007-facts.sql 0008-orientation.sql 0009-acts.sql",
            reader.GetString(0));
        Assert.Equal(PostgresMigrations.Newest, reader.GetInt64(1));
    }

    [Fact]
    public async Task Operations_of_the_layout_before_are_known_and_nobodys()
    {
        var database = await DatabaseAsync();
        foreach (var name in new[] { "0001-ledger.sql", "0002-orleans.sql" })
        {
            await using var file = typeof(PostgresLedger).Assembly.GetManifestResourceStream($"postgres-migrations/{name}")!;
            using var reader = new StreamReader(file);
            await ExecuteAsync(database, await reader.ReadToEndAsync());
        }
        var info = JsonSerializer.Serialize(LedgerRows.Dataset(), ModelJson.Default.DatasetInfo);
        await ExecuteAsync(database, $"""
            CREATE TABLE winnow_layout (version integer PRIMARY KEY, file text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
            INSERT INTO winnow_layout (version, file) VALUES (1, '0001-ledger.sql'), (2, '0002-orleans.sql');
            INSERT INTO dataset (name, info) VALUES ('cats', '{info}');
            INSERT INTO shard SELECT id, 1, 4, 3 FROM dataset;
            INSERT INTO operation SELECT '{LedgerRows.Operation(1)}', id, 1, 0, 3 FROM dataset;
            """);
        await using var ledger = await PostgresLedgerFixture.OpenAsync(database);
        await OperationsOfBefore.CheckAsync(ledger, new ShardKey("cats", 1), LedgerRows.Operation(1), new OrdinalRange(0, 3));
        // A silo of the last release beside it names its columns, and has no stamp to give.
        await ExecuteAsync(database, $"""
            INSERT INTO operation (dataset, shard, operation, first, count) SELECT id, 1, '{LedgerRows.Operation(9)}', 3, 2 FROM dataset
            """);
        var beside = await ledger.FindOperationAsync(new ShardKey("cats", 1), LedgerRows.Operation(9), CancellationToken.None);
        Assert.Equal(new OperationRow(LedgerRows.Operation(9), new OrdinalRange(3, 2)), beside);
    }

    [Fact]
    public async Task A_newer_layout_is_refused_and_left_alone()
    {
        var database = await DatabaseAsync();
        await (await PostgresLedgerFixture.OpenAsync(database)).DisposeAsync();
        const int Later = 900;
        await ExecuteAsync(
            database, $"INSERT INTO winnow_layout (version, file) VALUES ({Later}, 'later.sql'); UPDATE cluster SET opens_from = {Later}");
        var refused = await Assert.ThrowsAsync<LedgerUnavailableException>(() => PostgresLedgerFixture.OpenAsync(database));
        Assert.Contains($"layout {Later}", refused.Message, StringComparison.Ordinal);
        await ExecuteAsync(database, $"DELETE FROM winnow_layout WHERE version > {PostgresMigrations.Newest}");
        await (await PostgresLedgerFixture.OpenAsync(database)).DisposeAsync();
    }

    [Fact]
    public async Task A_database_of_another_program_is_refused_and_left_alone()
    {
        var database = await DatabaseAsync();
        await ExecuteAsync(database, "CREATE TABLE image (x integer); INSERT INTO image VALUES (7)");
        var refused = await Assert.ThrowsAsync<LedgerUnavailableException>(() => PostgresLedgerFixture.OpenAsync(database));
        Assert.Contains("database of its own", refused.Message, StringComparison.Ordinal);
        // Nothing of the layout stayed behind.
        await ExecuteAsync(database, "CREATE TABLE dataset (y integer); INSERT INTO image VALUES (8)");
    }

    [Theory]
    [InlineData(nameof(PostgresOptions.MaxGroup), 0)]
    [InlineData(nameof(PostgresOptions.MaxGroupRows), 0)]
    [InlineData(nameof(PostgresOptions.QueueCapacity), 0)]
    [InlineData(nameof(PostgresOptions.Writers), 65)]
    [InlineData(nameof(PostgresOptions.Readers), 0)]
    [InlineData(nameof(PostgresOptions.CommandSeconds), 0)]
    [InlineData(nameof(PostgresOptions.RetrySeconds), -1)]
    [InlineData(nameof(PostgresOptions.ConnectSeconds), -1)]
    [InlineData(nameof(PostgresOptions.ConnectionString), null)]
    [InlineData(nameof(PostgresOptions.ConnectionStringFile), "no/such/file")]
    public void A_wrong_setting_is_named(string setting, object? value)
    {
        var options = new PostgresOptions
        {
            ConnectionString = setting == nameof(PostgresOptions.ConnectionStringFile) ? "" : "Host=h;Database=d",
        };
        typeof(PostgresOptions).GetProperty(setting)!.SetValue(options, value);
        Assert.Contains($"Postgres:{setting}", Assert.Throws<ArgumentException>(options.Validate).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_connection_string_may_stand_in_a_file()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.At("secret"), await DatabaseAsync() + "\n");
        await using var ledger = await PostgresLedgerFixture.OpenAsync("", o => o.ConnectionStringFile = folder.At("secret"));
        Assert.Empty(await ledger.ListDatasetsAsync(CancellationToken.None));
    }

    [Theory]
    [InlineData("Host=h;Database=d;Password=" + Password)] // cut in two by its semicolon
    [InlineData("Host=h;Database=d;Port=" + Password)]
    [InlineData("Password='" + Password + "';Database=d")]
    public void A_string_that_is_wrong_is_not_repeated(string wrong)
    {
        var said = Assert.ThrowsAny<ArgumentException>(() => new PostgresOptions { ConnectionString = wrong + ";nonsense" }.Validate())
            .ToString();
        foreach (var part in Password.Split(';'))
            Assert.DoesNotContain($"{part}", said.Replace("line ", "", StringComparison.Ordinal).Split("   at ")[0],
                StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_password_is_in_errors_logs_or_the_health_page()
    {
        var log = new LineLogger();
        // A port where nobody answers, and a server that refuses: both ways to fail.
        foreach (var host in new[] { "Host=127.0.0.1;Port=1",
            new NpgsqlConnectionStringBuilder(await DatabaseAsync()) { Username = "nobody_of_that_name",
                Database = "none" }.ConnectionString })
        {
            var options = new PostgresOptions { ConnectionString = $"Database=d;{host};Password='{Password}'", ConnectSeconds = 0 };
            var failed = await Assert.ThrowsAsync<LedgerUnavailableException>(() =>
                PostgresLedger.OpenAsync(options, TimeProvider.System, log, CancellationToken.None));
            Assert.DoesNotContain(Password, failed.ToString(), StringComparison.Ordinal);
        }
        var database = new NpgsqlConnectionStringBuilder(await DatabaseAsync()) { Password = Password };
        await using var ledger =
            await PostgresLedger.OpenAsync(new PostgresOptions { ConnectionString = database.ConnectionString, RetrySeconds = 0 },
                TimeProvider.System, log, CancellationToken.None);
        Assert.Null(await ((IStorageHealth)ledger).CheckAsync(CancellationToken.None));
        await ExecuteAsync((await PostgresServer.SharedAsync()).ConnectionString,
            $"ALTER DATABASE \"{database.Database}\" ALLOW_CONNECTIONS false");
        await ExecuteAsync((await PostgresServer.SharedAsync()).ConnectionString,
            $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database.Database}'");
        var write = await Assert.ThrowsAsync<LedgerWriteException>(() =>
            ledger.CommitAsync(new() { Shard = new("cats", 1), Epoch = 1 }, CancellationToken.None));
        Assert.DoesNotContain(Password, write.ToString(), StringComparison.Ordinal);
        var health = await ((IStorageHealth)ledger).CheckAsync(CancellationToken.None);
        Assert.NotNull(health);
        Assert.DoesNotContain(Password, health, StringComparison.Ordinal);
        Assert.NotEmpty(log.Lines);
        Assert.All(log.Lines, line => Assert.DoesNotContain(Password, line, StringComparison.Ordinal));
    }

    private sealed class LineLogger : ILogger<PostgresLedger>
    {
        public System.Collections.Concurrent.ConcurrentQueue<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue(formatter(state, exception) + exception);
    }
}
