using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Winnow.Abstractions.Acts;
using Winnow.Abstractions.Datasets;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Tests.Ledger;
using Winnow.Adapters.Tests.Support;
using Winnow.Grains.Acts;
using Winnow.Grains.Layout;
using Winnow.Grains.Ports;
using Winnow.Model.Acts;
using Winnow.Model.Images;

namespace Winnow.Adapters.Tests.Acts;

/// <summary>The trail as it is written and listed, over a real ledger.</summary>
public sealed class ActBookTests : IAsyncLifetime
{
    private const string Name = "cats";
    private static readonly CancellationToken Never = CancellationToken.None;

    private readonly TemporaryFolder _folder = new(Directory.Exists("/dev/shm") ? "/dev/shm" : null);
    private readonly FakeTimeProvider _time = new(LedgerRows.Noon);
    private SqliteLedger _ledger = null!;
    private ActBook _book = null!;

    public async Task InitializeAsync()
    {
        _ledger = SqliteLedger.Open(new LedgerOptions { Path = _folder.At("ledger.db") }, NullLogger<SqliteLedger>.Instance);
        await ((IClusterLevel)_ledger).RaiseAsync(ClusterLevels.Newest, Never);
        await _ledger.AddDatasetAsync(LedgerRows.Dataset(Name), Never);
        for (var shard = 0; shard < 4; shard++) await _ledger.OpenShardAsync(new ShardKey(Name, shard), Never);
        _book = new ActBook(_ledger, _ledger, new KnownDatasets(_ledger, _time), _time, NullLogger<ActBook>.Instance);
    }

    public async Task DisposeAsync()
    {
        await _book.DisposeAsync();
        await _ledger.DisposeAsync();
        _folder.Dispose();
    }

    private static ActCaller By(string actor) => new(actor, "10.0.0.7");

    private static ActDraft Read(int image) => new(ActKind.OriginalRead) { Dataset = Name, Image = LedgerRows.Id(image), Of = $"{image}" };

    private Task<ActPage> PageAsync(string? after = null, int limit = 100, Func<ActQuery, ActQuery>? how = null)
    {
        var query = new ActQuery(Name) { After = after, Limit = limit };
        return _book.ListAsync(how?.Invoke(query) ?? query, Never);
    }

    private async Task<List<Act>> AllAsync(Func<ActQuery, ActQuery>? how = null, int limit = 1_000)
    {
        var acts = new List<Act>();
        for (string? after = null; ;)
        {
            var page = await PageAsync(after, limit, how);
            acts.AddRange(page.Acts);
            if (!page.More) return acts;
            Assert.NotEqual(after, page.Next);
            after = page.Next;
        }
    }

    [Fact]
    public async Task Paging_beside_those_who_act_leaves_none_out_and_tells_none_twice()
    {
        const int Writers = 4, Each = 150;
        for (var i = 0; i < 40; i++) await _book.NoteAsync(Read(i), By("first"), Never);
        var writers = Enumerable.Range(0, Writers).Select(w => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
            {
                // Clocks of several servers are apart.
                _time.Advance(TimeSpan.FromMilliseconds(1));
                await _book.NoteAsync(Read(1_000 + (w * Each) + i), By($"writer-{w}"), Never);
            }
        })).ToArray();
        var told = new List<Act>();
        string? after = null;
        do
        {
            var page = await PageAsync(after, 7);
            told.AddRange(page.Acts);
            after = page.Next;
            if (page.Acts.Count == 0) await Task.Yield();
        }
        while (told.Count < 40 + (Writers * Each));
        await Task.WhenAll(writers);
        Assert.Empty((await PageAsync(after)).Acts);
        Assert.Equal(told.Count, told.Select(a => (a.Stream, a.Sequence)).Distinct().Count());
        foreach (var stream in told.GroupBy(a => a.Stream, a => a.Sequence))
            Assert.Equal(Enumerable.Range(1, stream.Count()).Select(n => (long)n), stream);
        var done = Enumerable.Range(0, 40).Concat(Enumerable.Range(1_000, Writers * Each));
        Assert.Equal(done.Select(n => (ImageId?)LedgerRows.Id(n)).ToHashSet(), told.Select(a => a.Image).ToHashSet());
    }

    [Fact]
    public async Task What_cannot_stand_with_its_shard_is_told_by_the_cluster()
    {
        await _ledger.AddDatasetAsync(LedgerRows.Dataset("birds"), Never);
        var read = Read(1) with { Dataset = "birds" };
        await _book.NoteAsync(read, By("person:bob"), Never);
        var told = Assert.Single((await _book.ListAsync(new ActQuery("birds"), Never)).Acts);
        Assert.Equal((ActKind.OriginalRead, "birds", LedgerRows.Id(1), "cluster"), (told.What, told.Dataset, told.Image, told.Stream));
        // What nobody waits for is written at once where the server ends.
        await _book.NoteSoonAsync(new ActDraft(ActKind.TasksLeased) { Dataset = "birds" }, By("person:bob"), Never);
        await _book.DisposeAsync();
        Assert.Equal(2, (await _book.ListAsync(new ActQuery(null), Never)).Acts.Count(a => a.Dataset == "birds"));
        _book = new ActBook(_ledger, _ledger, new KnownDatasets(_ledger, _time), _time, NullLogger<ActBook>.Instance);
    }

    [Fact]
    public async Task Acts_are_found_by_who_what_when_and_of_which_image()
    {
        for (var i = 0; i < 300; i++)
        {
            await _book.NoteAsync(Read(i % 5), By(i % 3 == 0 ? "service:import for ada" : "person:bob"), Never);
            _time.Advance(TimeSpan.FromMinutes(1));
        }
        await _book.NoteAsync(new ActDraft(ActKind.PolicyChanged) { Dataset = Name, Of = "2" }, By("person:bob"), Never);
        await _book.NoteAsync(new ActDraft(ActKind.PolicyChanged) { Dataset = "dogs", Of = "2" }, By("person:bob"), Never);
        foreach (var limit in new[] { 3, 1_000 })
        {
            Assert.Equal(301, (await AllAsync(limit: limit)).Count);
            foreach (var by in new[] { "ada", "service:import", "service:import for ada" })
                Assert.Equal(100, (await AllAsync(q => q with { Actor = by }, limit)).Count);
            Assert.Empty(await AllAsync(q => q with { Actor = "import" }, limit));
            Assert.Equal(60, (await AllAsync(q => q with { Image = LedgerRows.Id(3) }, limit)).Count);
            Assert.Single(await AllAsync(q => q with { What = ActKind.PolicyChanged }, limit));
            var some = await AllAsync(
                q => q with { Since = LedgerRows.Noon.AddMinutes(100), Until = LedgerRows.Noon.AddMinutes(110) }, limit);
            Assert.Equal(Enumerable.Range(100, 10).Select(n => LedgerRows.Noon.AddMinutes(n)), some.Select(a => a.At));
        }
        Assert.Equal(["cats", "dogs"], (await _book.ListAsync(new ActQuery(null), Never)).Acts.Select(a => a.Dataset));
        foreach (var wrong in new[] { "x", "c.x", "c.-1", "c.1_c.2", "1", "_", "999999999999.1" })
            await Assert.ThrowsAsync<RefusedException>(() => PageAsync(wrong));
    }

    [Fact]
    public async Task What_nobody_waits_for_is_written_soon_and_before_the_server_ends()
    {
        for (var i = 0; i < 20; i++)
            await _book.NoteSoonAsync(
                new ActDraft(ActKind.TasksLeased) { Dataset = Name, Image = LedgerRows.Id(i) }, By("person:bob"), Never);
        Assert.Empty((await PageAsync()).Acts);
        _time.Advance(TimeSpan.FromSeconds(1));
        await Testing.Until.TrueAsync(async () => (await PageAsync()).Acts.Count == 20, TimeSpan.FromSeconds(20), () => "they are written");
        await _book.NoteSoonAsync(Read(30), By("person:bob"), Never);
        await _book.DisposeAsync();
        Assert.Equal(21, (await AllAsync()).Count);
        _book = new ActBook(_ledger, _ledger, new KnownDatasets(_ledger, _time), _time, NullLogger<ActBook>.Instance);
    }

    [Fact]
    public async Task A_rare_act_is_sought_over_several_pages()
    {
        var many = Enumerable.Range(0, 30_000).Select(n => ActRecords.Make(new ActDraft(ActKind.OriginalRead), By("bob"), LedgerRows.Noon));
        foreach (var some in many.Chunk(5_000)) await _ledger.AppendAsync(new ActStream(Name, 2), some, Never);
        await _book.NoteAsync(new ActDraft(ActKind.PolicyChanged) { Dataset = Name }, By("ada"), Never);
        _time.Advance(TimeSpan.FromMinutes(1));
        await _ledger.AppendAsync(
            new ActStream(Name, 2), [ActRecords.Make(new ActDraft(ActKind.GoldSet), By("ada"), _time.GetUtcNow())], Never);
        var first = await PageAsync(how: q => q with { What = ActKind.GoldSet });
        Assert.Equal((0, true), (first.Acts.Count, first.More));
        Assert.Single(await AllAsync(q => q with { What = ActKind.GoldSet }));
    }
}
