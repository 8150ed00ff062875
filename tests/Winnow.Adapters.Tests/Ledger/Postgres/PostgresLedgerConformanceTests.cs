using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Winnow.Adapters.Ledger.Postgres;
using Winnow.Grains.Ports;
using Winnow.Testing;

namespace Winnow.Adapters.Tests.Ledger.Postgres;

/// <summary>A ledger in a database of the test's own.</summary>
public sealed class PostgresLedgerFixture : ILedgerFixture
{
    private string? _database;
    private PostgresLedger? _ledger;

    public async Task<string> DatabaseAsync() => _database ??= await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();

    public async Task<PostgresLedger> OpenAsync() => _ledger = await OpenAsync(await DatabaseAsync());

    async Task<ILedgerPorts> ILedgerFixture.OpenAsync() => new LedgerPorts<PostgresLedger>(await OpenAsync());

    public async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(await DatabaseAsync());
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public string LaterLayout => "INSERT INTO winnow_layout (version, file) VALUES (900, 'of a later release')";

    // The server that the tests share removes its databases when it goes.
    public Task RemoveAsync() => Task.CompletedTask;

    public async Task CloseAsync() => await _ledger!.DisposeAsync();

    public static Task<PostgresLedger> OpenAsync(string database, Action<PostgresOptions>? configure = null)
    {
        var options = new PostgresOptions { ConnectionString = database };
        configure?.Invoke(options);
        return PostgresLedger.OpenAsync(options, TimeProvider.System, NullLogger<PostgresLedger>.Instance, CancellationToken.None);
    }
}

[Trait("needs", "postgres")]
public sealed class PostgresDatasetLedgerTests : DatasetLedgerConformance<PostgresLedgerFixture>;

[Trait("needs", "postgres")]
public sealed class PostgresShardLedgerTests : ShardLedgerConformance<PostgresLedgerFixture>;

[Trait("needs", "postgres")]
public sealed class PostgresSecretLedgerTests : SecretLedgerConformance<PostgresLedgerFixture>;

[Trait("needs", "postgres")]
public sealed class PostgresFactTests : FactConformance<PostgresLedgerFixture>;

[Trait("needs", "postgres")]
public sealed class PostgresActTests : ActConformance<PostgresLedgerFixture>;

[Trait("needs", "postgres")]
public sealed class PostgresLevelTests : LevelConformance<PostgresLedgerFixture>;

[Trait("needs", "postgres")]
public sealed class PostgresDeletionTests : DeletionConformance<PostgresLedgerFixture>;

[Trait("needs", "postgres")]
public sealed class PostgresLedgerInterleavings : LedgerInterleavings<PostgresLedgerFixture>;

[Trait("needs", "postgres")]
public sealed class PostgresGrainStorageTests : GrainStorageConformance
{
    private readonly PostgresLedgerFixture _fixture = new();

    private protected override async Task<IGrainStateStore> OpenAsync() => await _fixture.OpenAsync();

    protected override Task CloseAsync() => _fixture.CloseAsync();
}
