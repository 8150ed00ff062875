using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Tests.Support;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>A ledger in a folder that goes with the test.</summary>
internal sealed class SqliteLedgerFixture : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public SqliteLedger? Ledger { get; private set; }

    public SqliteLedger Open() => Ledger = SqliteLedger.Open(new LedgerOptions { Path = _folder.At("ledger.db") }, NullLogger<SqliteLedger>.Instance);

    public async Task CloseAsync() => await Ledger!.DisposeAsync();

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={_folder.At("ledger.db")};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    public void Dispose() => _folder.Dispose();
}

public sealed class SqliteLedgerConformanceTests : LedgerConformance
{
    private readonly SqliteLedgerFixture _fixture = new();

    protected override Task<ILedger> OpenAsync() => Task.FromResult<ILedger>(_fixture.Open());

    protected override Task CloseAsync() => _fixture.CloseAsync();

    protected override Task ExecuteAsync(string sql) => _fixture.ExecuteAsync(sql);

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _fixture.Dispose();
    }
}

public sealed class SqliteLedgerInterleavings : LedgerInterleavings
{
    private readonly SqliteLedgerFixture _fixture = new();

    protected override Task<ILedger> OpenAsync() => Task.FromResult<ILedger>(_fixture.Open());

    protected override Task CloseAsync() => _fixture.CloseAsync();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _fixture.Dispose();
    }
}

public sealed class SqliteGrainStorageTests : GrainStorageConformance
{
    private readonly SqliteLedgerFixture _fixture = new();

    private protected override Task<IGrainStateStore> OpenAsync() => Task.FromResult<IGrainStateStore>(_fixture.Open());

    protected override Task CloseAsync() => _fixture.CloseAsync();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _fixture.Dispose();
    }
}
