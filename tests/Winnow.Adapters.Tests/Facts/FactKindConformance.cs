using Winnow.Adapters.Tests.Datasets.Backup;
using Winnow.Adapters.Tests.Ledger;
using Winnow.Grains.Facts;
using Winnow.Grains.Ports;
using Winnow.Grains.Splitting;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Facts;

/// <summary>
/// What every kind of fact goes through: its level, its check, the doubling of its shard, a backup and what is restored from it, a
/// verification, erasure and the end of its dataset. Inherit it for a new kind, once for each ledger.
/// </summary>
public abstract class FactKindConformance : IAsyncLifetime
{
    private const string Name = "cats";
    private const int Marked = 4;
    private static readonly CancellationToken Never = CancellationToken.None;
    private static readonly DateTimeOffset Latest = Noon.AddYears(1);

    private BackupStore _store = null!;

    protected abstract FactKind Kind { get; }

    /// <param name="raised">Whether the cluster is at the newest level.</param>
    private protected abstract Task<BackupStore> OpenAsync(bool raised);

    /// <summary>A sound fact about an image, as the product would write it.</summary>
    protected abstract FactRow Sample(int ordinal, ImageId image);

    public async Task InitializeAsync() => _store = await (await OpenAsync(raised: true)).FillAsync();

    public async Task DisposeAsync() => await _store.DisposeAsync();

    /// <summary>Some facts about images of the first shard; they are on disk.</summary>
    private async Task<(ShardKey Shard, FactRow[] Facts)> PutAsync()
    {
        var shard = new ShardKey(Name, 0);
        var images = await ToListAsync(_store.Shards.ReadImagesAsync(shard, 0, Marked, Never));
        FactRow[] facts = [.. images.Select(i => Sample(i.Ordinal, i.Row.Id))];
        await _store.Ports.Level.RaiseAsync(Kind.Level, Never);
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(shard, facts));
        return (shard, facts);
    }

    private async Task<ShardCommitStatus> CommitAsync(ShardKey shard, params FactRow[] facts)
    {
        var opened = await _store.Shards.OpenShardAsync(shard, Never);
        return await _store.Shards.CommitAsync(new ShardCommit { Shard = shard, Epoch = opened.Epoch, Facts = facts }, Never);
    }

    private async Task<string[]> LinesAsync(ShardKey shard) =>
        [.. (await ToListAsync(_store.Shards.ReadFactsAsync(shard, Never))).Select(Line)];

    [Fact]
    public async Task It_is_written_from_its_level_on_and_by_its_name()
    {
        Assert.Same(Kind, FactKinds.Find(Kind.Name));
        await _store.DisposeAsync();
        _store = await (await OpenAsync(raised: false)).FillAsync();
        var fact = Sample(0, (await _store.Shards.ReadImagesAsync(new ShardKey(Name, 0), [0], Never))[0].Row.Id);
        Assert.Equal((Kind.Name, Kind.AppendOnly, Kind.Level), (fact.Id.Kind, fact.AppendOnly, fact.Level));
        Assert.True(Kind.Level > ClusterLevels.First, "What a release brings needs a level that the release before does not have.");
        Assert.Equal(ShardCommitStatus.LevelTooLow, await CommitAsync(new ShardKey(Name, 0), fact));
        await PutAsync();
    }

    [Fact]
    public async Task What_is_sound_is_told_from_what_is_not()
    {
        var (_, facts) = await PutAsync();
        var dataset = (await _store.Datasets.FindDatasetAsync(Name, Never))!;
        Assert.All(facts, f => Assert.Null(Kind.Check(f, dataset, Latest)));
        Assert.Null(Kind.Check(facts[0] with { Payload = null }, dataset, Latest));
        Assert.NotNull(Kind.Check(facts[0] with { Payload = "[1]"u8.ToArray() }, dataset, Latest));
        Assert.NotNull(Kind.Check(facts[0] with { Payload = [0xFF, 0xFE] }, dataset, Latest));
    }

    [Fact]
    public async Task It_goes_with_its_image_when_the_shard_is_doubled()
    {
        var (shard, facts) = await PutAsync();
        var to = LedgerRows.Dataset(Name).Shards.Doubled();
        var copier = new ShardCopier(shard, to, _store.Shards, new ColumnCopier(_store.Objects, 100), TimeProvider.System);
        var images = await ToListAsync(_store.Shards.ReadImagesAsync(shard, 0, int.MaxValue, Never));
        foreach (var image in images) copier.Add(image.Row.Id);
        await copier.FinishAsync([], _ => false, Never);
        var there = new List<string>();
        foreach (var half in new[] { 0, 1 }.Select(i => shard with { Shard = to.First + i }))
            foreach (var fact in await ToListAsync(_store.Shards.ReadFactsAsync(half, Never)))
            {
                var row = (await _store.Shards.ReadImagesAsync(half, [fact.Id.Ordinal], Never))[0];
                Assert.Equal(row.Row.Id, fact.Image);
                there.Add(Line(fact with { Id = fact.Id with { Ordinal = images.FindIndex(i => i.Row.Id == fact.Image) } }));
            }
        Assert.Equal(facts.Select(Line).Order(StringComparer.Ordinal), there.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_backup_brings_it_back_and_what_no_release_knows_beside_it()
    {
        var (shard, facts) = await PutAsync();
        FactRow[] unknown = [Fact(-1, 1, "of the shard"), Fact(-1, 2, "of the shard, later")];
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(shard, unknown));
        Assert.True((await _store.VerifyAsync(hash: true)).Sound);
        var archive = await _store.WriteAsync();
        await _store.RestoreAsync(archive, "again");
        Assert.Equal(
            (await ToListAsync(_store.Shards.ReadFactsAsync(shard, Never))).Select(f => Line(f with { Actor = "" })),
            (await ToListAsync(_store.Shards.ReadFactsAsync(shard with { Dataset = "again" }, Never)))
                .Select(f => Line(f with { Actor = "" })));
        Assert.Equal(facts.Length + unknown.Length, (await LinesAsync(shard)).Length);
        Assert.True((await _store.VerifyAsync("again", hash: true)).Sound);
    }

    [Fact]
    public async Task A_verification_names_one_about_no_image_and_one_with_another_payload()
    {
        var (shard, facts) = await PutAsync();
        var stranger = facts[0] with { Id = facts[0].Id with { Ordinal = 3, Key = "stranger" }, Image = Id(4711), Version = 1 };
        var damaged = facts[1] with { Id = facts[1].Id with { Key = "damaged" }, Sha256 = new byte[32], Version = 1 };
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(shard, stranger, damaged));
        var report = await _store.VerifyAsync();
        Assert.False(report.Sound);
        Assert.Equal(2, Assert.Single(report.Findings, f => f.Kind == FindingKind.FactDamaged).Count);
    }

    [Fact]
    public async Task Its_payload_can_be_erased_and_its_backup_says_so()
    {
        var (shard, facts) = await PutAsync();
        var erasure = new PayloadErasure(Name, facts[0].Image, Kind.Name, facts[0].Id.Key, facts[0].Version, "ada", Noon);
        Assert.Equal(1, await _store.Ports.Erasures.ErasePayloadAsync(erasure, Never));
        FactRow[] left = [facts[0] with { Payload = null }, .. facts[1..]];
        Assert.Equal(left.Select(Line), await LinesAsync(shard));
        await _store.RestoreAsync(await _store.WriteAsync(), "again");
        Assert.Single(await LinesAsync(shard with { Dataset = "again" }), l => l.EndsWith("erased", StringComparison.Ordinal));
        Assert.True((await _store.VerifyAsync(hash: true)).Sound);
    }

    [Fact]
    public async Task It_goes_with_its_dataset()
    {
        await PutAsync();
        await _store.RemoveAsync(Name);
        Assert.Empty(await LinesAsync(new ShardKey(Name, 0)));
    }
}
