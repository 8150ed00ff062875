using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Tests.Support;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>A ledger in a folder that goes with the test.</summary>
public sealed class SqliteLedgerFixture : ILedgerFixture, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public SqliteLedger? Ledger { get; private set; }

    public SqliteLedger Open() =>
        Ledger = SqliteLedger.Open(new LedgerOptions { Path = _folder.At("ledger.db") }, NullLogger<SqliteLedger>.Instance);

    Task<ILedgerPorts> ILedgerFixture.OpenAsync() => Task.FromResult<ILedgerPorts>(new LedgerPorts<SqliteLedger>(Open()));

    public async Task CloseAsync() => await Ledger!.DisposeAsync();

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={_folder.At("ledger.db")};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    public string LaterLayout => "PRAGMA user_version = 900";

    public Task RemoveAsync()
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _folder.Dispose();
}

public sealed class SqliteDatasetLedgerTests : DatasetLedgerConformance<SqliteLedgerFixture>;

public sealed class SqliteShardLedgerTests : ShardLedgerConformance<SqliteLedgerFixture>;

public sealed class SqliteSecretLedgerTests : SecretLedgerConformance<SqliteLedgerFixture>;

public sealed class SqliteFactTests : FactConformance<SqliteLedgerFixture>;

public sealed class SqliteActTests : ActConformance<SqliteLedgerFixture>;

public sealed class SqliteLevelTests : LevelConformance<SqliteLedgerFixture>;

public sealed class SqliteDeletionTests : DeletionConformance<SqliteLedgerFixture>;

public sealed class SqliteLedgerInterleavings : LedgerInterleavings<SqliteLedgerFixture>;

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
