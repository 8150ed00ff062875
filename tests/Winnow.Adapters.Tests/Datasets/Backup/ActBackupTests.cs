using System.Text;
using Winnow.Abstractions.Acts;
using Winnow.Adapters.Tests.Ledger;
using Winnow.Grains.Acts;
using Winnow.Grains.Ports;
using Winnow.Model.Acts;
using Winnow.Model.Datasets;

namespace Winnow.Adapters.Tests.Datasets.Backup;

/// <summary>What was done in a dataset goes with its backup, and is told apart from what this server saw itself.</summary>
public abstract class ActBackupTests : IAsyncLifetime
{
    private const string Name = "cats";
    private static readonly CancellationToken Never = CancellationToken.None;

    private BackupStore _store = null!;

    private IActLedger Acts => _store.Ports.Acts;

    private protected abstract Task<BackupStore> OpenAsync(bool raised);

    public async Task InitializeAsync() => _store = await (await OpenAsync(raised: true)).FillAsync();

    public async Task DisposeAsync() => await _store.DisposeAsync();

    private async Task<string[]> LinesAsync(string dataset, Func<ActStream, bool>? which = null)
    {
        var lines = new List<string>();
        foreach (var stream in await Acts.ListStreamsAsync(dataset, Never))
            if (which?.Invoke(stream) != false)
                foreach (var (sequence, act) in await Acts.ReadActsAsync(stream, 0, 10_000, Never))
                    lines.Add($"{sequence} {act.At:O} {Encoding.UTF8.GetString(act.Record)} {Hex(act.Actor)} {Hex(act.Object)}");
        return [.. lines];
    }

    private static string Hex(byte[]? part) => part is null ? "none" : Convert.ToHexString(part);

    private static ActRecord Decided(int n) => ActRecords.Make(
        new ActDraft(ActKind.DecisionMade) { Image = SampleDataset.Id(n) }, new ActCaller("bob", null), LedgerRows.Noon.AddSeconds(n));

    [Fact]
    public async Task Acts_are_restored_as_they_were_in_streams_apart_and_again_from_there()
    {
        // Others than its own shards have acts of it: it had those before it was doubled.
        await _store.Shards.OpenShardAsync(new ShardKey(Name, 9), Never);
        Assert.True(await Acts.AppendAsync(new ActStream(Name, 9), [Decided(1), Decided(2)], Never));
        var before = await LinesAsync(Name);
        Assert.Equal((4 * 3) + 2 + 2, before.Length);
        await _store.RestoreAsync(await _store.WriteAsync(Name), "copy");
        Assert.Equal(before.Order(), (await LinesAsync("copy", s => s.IsTold)).Order());
        Assert.Empty(await LinesAsync("copy", s => !s.IsTold));
        Assert.DoesNotContain((await _store.VerifyAsync("copy")).Findings, f => f.Kind == FindingKind.ActDamaged);
        // What is done from now on is known by this server itself.
        var shard = (await _store.Datasets.ListShardsAsync("copy", Never))[0];
        Assert.True(await Acts.AppendAsync(new ActStream("copy", shard), [Decided(3)], Never));
        await _store.RestoreAsync(await _store.WriteAsync("copy"), "copy-of-copy");
        Assert.Equal((await LinesAsync("copy")).Order(), (await LinesAsync("copy-of-copy", s => s.IsTold)).Order());
        await _store.RemoveAsync("copy");
        Assert.Empty(await Acts.ListStreamsAsync("copy", Never));
        Assert.Equal(before, await LinesAsync(Name));
    }

    [Fact]
    public async Task A_cluster_that_keeps_no_acts_yet_takes_no_backup_that_has_some()
    {
        var archive = await _store.WriteAsync(Name);
        await using var young = await OpenAsync(raised: false);
        await young.Ports.Level.RaiseAsync(ClusterLevels.Acts - 1, Never);
        var refused = await Assert.ThrowsAsync<Winnow.Abstractions.Datasets.RefusedException>(() => young.RestoreAsync(archive));
        Assert.Contains("earlier release", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Acts_that_are_not_what_they_were_are_found()
    {
        var sound = Decided(5);
        var stream = new ActStream(Name, -2);
        await Acts.RestoreAsync(stream, [new StoredAct(1, sound), new StoredAct(2, sound with { Actor = Decided(5).Actor })], Never);
        var found = Assert.Single((await _store.VerifyAsync(Name)).Findings, f => f.Kind == FindingKind.ActDamaged);
        Assert.Equal(1, found.Count);
        Assert.Contains("told/2 2: actor is not the one of the record.", found.Samples);
    }
}

public sealed class SqliteActBackupTests : ActBackupTests
{
    private protected override Task<BackupStore> OpenAsync(bool raised) => Task.FromResult(BackupStore.OpenSqlite(quick: true, raised));
}

[Trait("needs", "postgres")]
public sealed class PostgresActBackupTests : ActBackupTests
{
    private protected override Task<BackupStore> OpenAsync(bool raised) => BackupStore.OpenPostgresAsync(raised);
}
