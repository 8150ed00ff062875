using Microsoft.Extensions.Logging.Abstractions;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Tests.Support;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Tests.Ledger;

public sealed class SqliteLedgerConformanceTests : LedgerConformance
{
    private readonly TemporaryFolder _folder = new();
    private SqliteLedger? _ledger;

    protected override Task<ILedger> OpenAsync() =>
        Task.FromResult<ILedger>(_ledger = SqliteLedger.Open(new LedgerOptions { Path = _folder.At("ledger.db") }, NullLogger<SqliteLedger>.Instance));

    protected override async Task CloseAsync() => await _ledger!.DisposeAsync();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }
}
