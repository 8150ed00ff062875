using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Winnow.Adapters.Ledger.Postgres;
using Winnow.Grains.Ports;
using Winnow.Testing;

namespace Winnow.Adapters.Tests.Ledger.Postgres;

/// <summary>A ledger in a database of the test's own.</summary>
internal sealed class PostgresLedgerFixture
{
    private string? _database;
    private PostgresLedger? _ledger;

    public async Task<string> DatabaseAsync() => _database ??= await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();

    public async Task<PostgresLedger> OpenAsync() => _ledger = await OpenAsync(await DatabaseAsync());

    public async Task CloseAsync() => await _ledger!.DisposeAsync();

    public static Task<PostgresLedger> OpenAsync(string database, Action<PostgresOptions>? configure = null)
    {
        var options = new PostgresOptions { ConnectionString = database };
        configure?.Invoke(options);
        return PostgresLedger.OpenAsync(options, TimeProvider.System, NullLogger<PostgresLedger>.Instance, CancellationToken.None);
    }
}

[Trait("needs", "postgres")]
public sealed class PostgresLedgerConformanceTests : LedgerConformance
{
    private readonly PostgresLedgerFixture _fixture = new();

    protected override async Task<ILedger> OpenAsync() => await _fixture.OpenAsync();

    protected override Task CloseAsync() => _fixture.CloseAsync();

    protected override async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(await _fixture.DatabaseAsync());
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}

[Trait("needs", "postgres")]
public sealed class PostgresLedgerInterleavings : LedgerInterleavings
{
    private readonly PostgresLedgerFixture _fixture = new();

    protected override async Task<ILedger> OpenAsync() => await _fixture.OpenAsync();

    protected override Task CloseAsync() => _fixture.CloseAsync();
}

[Trait("needs", "postgres")]
public sealed class PostgresGrainStorageTests : GrainStorageConformance
{
    private readonly PostgresLedgerFixture _fixture = new();

    private protected override async Task<IGrainStateStore> OpenAsync() => await _fixture.OpenAsync();

    protected override Task CloseAsync() => _fixture.CloseAsync();
}
