using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Ledger.Postgres;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Tests.Ledger.Postgres;

/// <summary>The registration of a host.</summary>
[Trait("needs", "postgres")]
public sealed class PostgresHostTests
{
    private static IHost Build(PostgresOptions options)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddPostgresStorage(options);
        return builder.Build();
    }

    [Fact]
    public async Task A_host_has_its_ledger_states_and_health_in_one_database()
    {
        using var host = Build(new PostgresOptions { ConnectionString = await new PostgresLedgerFixture().DatabaseAsync() });
        await host.StartAsync();
        var ledger = host.Services.GetRequiredService<IDatasetLedger>();
        Assert.Same(ledger, host.Services.GetRequiredService<IGrainStateStore>());
        var health = Assert.Single(host.Services.GetServices<IStorageHealth>());
        Assert.Equal("ledger", health.Name);
        Assert.Null(await health.CheckAsync(CancellationToken.None));
        Assert.True(await ledger.AddDatasetAsync(LedgerRows.Dataset(), CancellationToken.None));
        await host.StopAsync();
    }

    [Fact]
    public async Task A_host_whose_server_stays_away_does_not_start_and_says_why()
    {
        using var host = Build(new PostgresOptions { ConnectionString = "Host=127.0.0.1;Port=1;Database=d", ConnectSeconds = 0 });
        var refused = await Assert.ThrowsAsync<LedgerUnavailableException>(() => host.StartAsync());
        Assert.Contains("127.0.0.1:1/d", refused.Message, StringComparison.Ordinal);
        Assert.Contains("cannot be reached", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Closing_writes_what_was_handed_over_and_takes_no_more()
    {
        var database = await new PostgresLedgerFixture().DatabaseAsync();
        var shard = new ShardKey("cats", 1);
        var ledger = await PostgresLedgerFixture.OpenAsync(database, o => o.MaxGroup = 3);
        await ledger.AddDatasetAsync(LedgerRows.Dataset(), CancellationToken.None);
        var epoch = (await ledger.OpenShardAsync(shard, CancellationToken.None)).Epoch;
        var commits = Enumerable.Range(0, 100)
            .Select(i => ledger.CommitAsync(new() { Shard = shard, Epoch = epoch, Images = LedgerRows.Rows(i, 1) }, CancellationToken.None))
            .ToArray();
        await ledger.DisposeAsync();
        Assert.All(await Task.WhenAll(commits), status => Assert.Equal(ShardCommitStatus.Committed, status));
        await Assert.ThrowsAsync<ObjectDisposedException>(() =>
            ledger.CommitAsync(new() { Shard = shard, Epoch = epoch }, CancellationToken.None));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ledger.ListDatasetsAsync(CancellationToken.None));
        Assert.NotNull(await ((IStorageHealth)ledger).CheckAsync(CancellationToken.None));
        await using var again = await PostgresLedgerFixture.OpenAsync(database);
        Assert.Equal(LedgerRows.Rows(0, 100), await LedgerRows.ToListAsync(again.ReadImagesAsync(shard, 0, 1_000, CancellationToken.None)));
    }
}
