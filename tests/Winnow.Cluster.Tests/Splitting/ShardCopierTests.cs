using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Objects;
using Winnow.Adapters.Tests.Support;

namespace Winnow.Cluster.Tests.Splitting;

/// <summary>
/// A shard that is copied while things happen to it, with copiers that go down in between: whatever the order, its halves hold in the end
/// what it held. On a real ledger and a real object store.
/// </summary>
public sealed partial class ShardCopierTests : IAsyncLifetime
{
    private static readonly CancellationToken Never = CancellationToken.None;
    private readonly TemporaryFolder _folder = new();
    private SqliteLedger _ledger = null!;
    private FileObjectStore _objects = null!;

    public Task InitializeAsync()
    {
        _ledger = SqliteLedger.Open(new LedgerOptions { Path = _folder.At("ledger.db") }, NullLogger<SqliteLedger>.Instance);
        _objects = new FileObjectStore(_folder.At("objects"));
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _ledger.DisposeAsync();
        _objects.Dispose();
        _folder.Dispose();
    }

    private enum Action { Images, Tasks, EndTasks, Reserve, Decide, Facts, Quarantine, Publish, Rescore, Withdraw, Copy, GoDown }

    private static readonly Gen<(Action What, int Number)[]> Steps = Gen.Select(Gen.Enum<Action>(), Gen.Int[0, 1000]).Array[1, 40];

    [Fact]
    public async Task Halves_hold_what_the_shard_held_whatever_happened_meanwhile()
    {
        var run = 0;
        await Steps.SampleAsync(async steps =>
        {
            var shard = await SplitShard.OpenAsync(_ledger, _objects, $"run-{Interlocked.Increment(ref run)}");
            foreach (var (what, number) in steps) await shard.TakeAsync(what, number);
            await shard.FinishAsync();
            await shard.CompareAsync();
        }, iter: 100, threads: 2);
    }
}
