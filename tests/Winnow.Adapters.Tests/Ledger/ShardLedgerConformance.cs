using Winnow.Grains.Ports;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>What every ledger keeps to about the rows of shards.</summary>
public abstract partial class ShardLedgerConformance<TFixture> : LedgerConformance<TFixture>
    where TFixture : ILedgerFixture, new()
{
    [Fact]
    public async Task A_shard_of_no_dataset_cannot_be_opened() =>
        await Assert.ThrowsAsync<KeyNotFoundException>(() => Shards.OpenShardAsync(new ShardKey("birds", 0), Never));

    [Fact]
    public async Task A_dataset_that_is_not_there_reads_as_empty()
    {
        Assert.Empty(await ToListAsync(Shards.ReadImagesAsync(Shard, 0, 10, Never)));
        Assert.Empty(await ToListAsync(Shards.ReadTasksAsync(Shard, Never)));
        Assert.Empty(await ToListAsync(Shards.ReadShardHistoryAsync(Shard, Never)));
        Assert.Empty(await Shards.ReadHistoryAsync(Shard, Id(1), Never));
        Assert.Empty(await Shards.ReadSegmentsAsync(Shard, Never));
        Assert.Null(await Shards.FindOperationAsync(Shard, Operation(1), Never));
    }

    [Fact]
    public async Task Images_come_back_as_they_were_committed()
    {
        var epoch = await OpenShardAsync();
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(0, 30) }));
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(30, 5) }));
        await RestartAsync();
        Assert.Equal(Rows(0, 35), await ToListAsync(Shards.ReadImagesAsync(Shard, 0, 100, Never)));
        Assert.Equal(Rows(8, 4), await ToListAsync(Shards.ReadImagesAsync(Shard, 8, 4, Never)));
        Assert.Empty(await ToListAsync(Shards.ReadImagesAsync(Shard, 35, 4, Never)));
        Assert.Equal([Image(34), Image(0), Image(7), Image(0)], await Shards.ReadImagesAsync(Shard, [34, 0, 7, 0], Never));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => Shards.ReadImagesAsync(Shard, [35], Never));
        Assert.Equal(new OpenedShard(epoch + 1, 35), await Shards.OpenShardAsync(Shard, Never));
    }

    [Fact]
    public async Task More_images_than_a_page_come_in_order()
    {
        var epoch = await OpenShardAsync();
        for (var first = 0; first < 9_000; first += 1_000)
            await CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(first, 1_000) });
        Assert.Equal(Enumerable.Range(100, 8_500),
            (await ToListAsync(Shards.ReadImagesAsync(Shard, 100, 8_500, Never))).Select(r => r.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Ordinals_continue_without_a_gap(int first)
    {
        var epoch = await OpenShardAsync();
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(0, 2) });
        Assert.Equal(ShardCommitStatus.Conflict,
            await CommitAsync(new() { Shard = Shard, Epoch = epoch, OperationId = Operation(1), Images = Rows(first, 2) }));
        Assert.Equal(ShardCommitStatus.Conflict, await CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = [Image(2), Image(4)] }));
        Assert.Equal(2, (await ToListAsync(Shards.ReadImagesAsync(Shard, 0, 100, Never))).Count);
        Assert.Null(await Shards.FindOperationAsync(Shard, Operation(1), Never));
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(2, 2) }));
    }

    [Fact]
    public async Task An_operation_is_applied_once()
    {
        var epoch = await OpenShardAsync();
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(0, 3) });
        var commit = new ShardCommit { Shard = Shard, Epoch = epoch, OperationId = Operation(1), Images = Rows(3, 4) };
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(commit));
        Assert.Equal(ShardCommitStatus.AlreadyApplied, await CommitAsync(commit));
        // Even with rows that would fit.
        Assert.Equal(ShardCommitStatus.AlreadyApplied, await CommitAsync(commit with { Images = Rows(7, 1) }));
        Assert.Equal(new OrdinalRange(3, 4), (await Shards.FindOperationAsync(Shard, Operation(1), Never))?.Rows);
        Assert.Equal(7, (await ToListAsync(Shards.ReadImagesAsync(Shard, 0, 100, Never))).Count);
        // Another shard has operations of its own.
        var other = Shard with { Shard = 2 };
        var opened = await Shards.OpenShardAsync(other, Never);
        Assert.Null(await Shards.FindOperationAsync(other, Operation(1), Never));
        Assert.Equal(ShardCommitStatus.Committed,
            await CommitAsync(commit with { Shard = other, Epoch = opened.Epoch, Images = Rows(0, 4) }));
    }

    [Fact]
    public async Task An_older_writer_is_fenced_off()
    {
        var old = await OpenShardAsync();
        await CommitAsync(new() { Shard = Shard, Epoch = old, OperationId = Operation(1), Images = Rows(0, 1) });
        var opened = await Shards.OpenShardAsync(Shard, Never);
        Assert.True(opened.Epoch > old);
        Assert.Equal(ShardCommitStatus.Fenced, await CommitAsync(new() { Shard = Shard, Epoch = old, Images = Rows(1, 1) }));
        Assert.Equal(ShardCommitStatus.Fenced,
            await CommitAsync(new() { Shard = Shard, Epoch = old, OperationId = Operation(1), Images = Rows(0, 1) }));
        Assert.Equal(ShardCommitStatus.Fenced,
            await CommitAsync(new() { Shard = Shard with { Shard = 3 }, Epoch = 1, Images = Rows(0, 1) }));
        Assert.Single(await ToListAsync(Shards.ReadImagesAsync(Shard, 0, 100, Never)));
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(new() { Shard = Shard, Epoch = opened.Epoch, Images = Rows(1, 1) }));
    }

    [Fact]
    public async Task Later_quarantine_is_merged_into_the_rows()
    {
        var epoch = await OpenShardAsync();
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(0, 3) });
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, Quarantined = [new(1, "no pixels")] });
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, Quarantined = [new(1, "still no pixels")] });
        string?[] expected = ["cut off", "still no pixels", null];
        Assert.Equal(expected, (await ToListAsync(Shards.ReadImagesAsync(Shard, 0, 3, Never))).Select(r => r.Row.Reason));
        Assert.Equal(expected, (await Shards.ReadImagesAsync(Shard, [0, 1, 2], Never)).Select(r => r.Row.Reason));
    }

    [Fact]
    public async Task The_index_is_what_the_rows_say()
    {
        // Over several pages of any ledger, the last of them full or not.
        const int Count = 9_216;
        var epoch = await OpenShardAsync();
        Assert.Empty(await ToListAsync(Shards.ReadIndexAsync(Shard, Never)));
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(0, Count) });
        await CommitAsync(new()
        {
            Shard = Shard,
            Epoch = epoch,
            Quarantined = [new(0, "twice"), new(1, "no pixels"), new(5_000, "no pixels"), new(Count - 1, "no pixels")]
        });
        await CommitAsync(new()
        {
            Shard = Shard with { Shard = 3 },
            Epoch = (await Shards.OpenShardAsync(Shard with { Shard = 3 }, Never)).Epoch,
            Images = Rows(0, 3)
        });
        var rows = (await ToListAsync(Shards.ReadImagesAsync(Shard, 0, int.MaxValue, Never)))
            .Select(r => new IndexRow(r.Row.Id, r.Row.Partition, r.Row.Label, r.Row.Reason is not null));
        Assert.Equal(rows, (await ToListAsync(Shards.ReadIndexAsync(Shard, Never))).SelectMany(p => p));
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(Count, 1) });
        Assert.Equal(Count + 1, (await ToListAsync(Shards.ReadIndexAsync(Shard, Never))).Sum(p => p.Count));
        Assert.Empty(await ToListAsync(Shards.ReadIndexAsync(Shard with { Dataset = "birds" }, Never)));
    }

    [Fact]
    public async Task More_tasks_and_entries_than_a_page_all_come()
    {
        var epoch = await OpenShardAsync();
        await CommitAsync(new()
        {
            Shard = Shard,
            Epoch = epoch,
            Tasks = [.. Enumerable.Range(0, 5_000)
                .SelectMany(o => new[] { new TaskRow(o, "main", 1, o, Noon), new TaskRow(o, "random", 1, o, Noon) })],
            History = [.. Enumerable.Range(0, 9_000).Select(n => History(n / 2, (n % 2) + 1, n))],
        });
        Assert.Equal(10_000, (await ToListAsync(Shards.ReadTasksAsync(Shard, Never))).Distinct().Count());
        var history = await ToListAsync(Shards.ReadShardHistoryAsync(Shard, Never));
        Assert.Equal(9_000, history.Select(h => (h.Image, h.Version)).Distinct().Count());
        Assert.All(history.Chunk(2), pair => Assert.Equal((pair[0].Image, 1, 2), (pair[1].Image, pair[0].Version, pair[1].Version)));
    }

    [Fact]
    public async Task History_is_appended_version_by_version()
    {
        var epoch = await OpenShardAsync();
        HistoryRow[] rows = [History(5, 1, 1, """{"a":1}"""), History(5, 2, 2, """{"b":"ü"}"""), History(6, 1, 2)];
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(new() { Shard = Shard, Epoch = epoch, History = [rows[0]] }));
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(new() { Shard = Shard, Epoch = epoch, History = [rows[1], rows[2]] }));
        await RestartAsync();
        AssertEqual(rows[..2], await Shards.ReadHistoryAsync(Shard, Id(5), Never));
        AssertEqual([rows[2]], await Shards.ReadHistoryAsync(Shard, Id(6), Never));
        Assert.Empty(await Shards.ReadHistoryAsync(Shard, Id(7), Never));
        AssertEqual([rows[2], .. rows[..2]], await Shards.ReadHistoryAsync(Shard, [Id(6), Id(7), Id(5)], Never));
        Assert.Empty(await Shards.ReadHistoryAsync(Shard, [], Never));
        var all = await ToListAsync(Shards.ReadShardHistoryAsync(Shard, Never));
        AssertEqual(rows.Select(r => r with { EntryJson = [] }).OrderBy(r => r.Image).ThenBy(r => r.Version),
            all.OrderBy(r => r.Image).ThenBy(r => r.Version));
        Assert.Equal(2, all.Select(r => r.Image).Where((image, i) => i == 0 || all[i - 1].Image != image).Count());
    }

    [Theory]
    [InlineData(1, 9)] // taken
    [InlineData(3, 9)] // a gap
    [InlineData(0, 9)] // before the first
    [InlineData(2, 1)] // the operation of entry 1 again
    public async Task An_entry_that_is_not_the_next_one_undoes_its_whole_commit(int version, int operation)
    {
        var epoch = await OpenShardAsync();
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, History = [History(5, 1, 1)] });
        var status = await CommitAsync(new()
        {
            Shard = Shard,
            Epoch = epoch,
            OperationId = Operation(50),
            Images = Rows(0, 2),
            Quarantined = [new(0, "x")],
            Tasks = [new(0, "main", 1, 1, Noon)],
            Segments = [new(SegmentKinds.Scores, "main/1", 0, 2, "k")],
            History = [History(6, 1, 8), History(5, version, operation)],
        });
        Assert.Equal(ShardCommitStatus.Conflict, status);
        Assert.Empty(await ToListAsync(Shards.ReadImagesAsync(Shard, 0, 10, Never)));
        Assert.Empty(await ToListAsync(Shards.ReadTasksAsync(Shard, Never)));
        Assert.Empty(await Shards.ReadSegmentsAsync(Shard, Never));
        Assert.Single(await ToListAsync(Shards.ReadShardHistoryAsync(Shard, Never)));
        Assert.Null(await Shards.FindOperationAsync(Shard, Operation(50), Never));
        Assert.Equal(0, (await Shards.OpenShardAsync(Shard, Never)).Images);
    }

    [Fact]
    public async Task Segments_are_published_replaced_and_withdrawn()
    {
        var epoch = await OpenShardAsync();
        SegmentRow[] first =
            [new(SegmentKinds.Scores, "main/1", 0, 10, "a"), new(SegmentKinds.Embedding, "m", 10, 5, "c"),
                new(SegmentKinds.Embedding, "m", 0, 10, "b")];
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, Segments = first });
        Assert.Equal([first[2], first[1], first[0]], await Shards.ReadSegmentsAsync(Shard, Never));
        await CommitAsync(new()
        {
            Shard = Shard,
            Epoch = epoch,
            WithdrawnSegments = [(SegmentKinds.Scores, "main/1"), (SegmentKinds.Embedding, "m")],
            Segments = [new(SegmentKinds.Embedding, "m", 0, 15, "d"), new(SegmentKinds.Scores, "main/2", 0, 10, "e")],
        });
        await RestartAsync();
        Assert.Equal([new(SegmentKinds.Embedding, "m", 0, 15, "d"), new(SegmentKinds.Scores, "main/2", 0, 10, "e")],
            await Shards.ReadSegmentsAsync(Shard, Never));
    }

    [Fact]
    public async Task Commits_that_go_to_disk_together_do_not_disturb_each_other()
    {
        await OpenShardAsync();
        var epochs = new long[8];
        for (var s = 0; s < 8; s++) epochs[s] = (await Shards.OpenShardAsync(Shard with { Shard = s }, Never)).Epoch;
        // Odd shards are fenced, every third commit conflicts, the rest must land.
        var commits = Enumerable.Range(0, 8).Select(s => new ShardCommit
        {
            Shard = Shard with { Shard = s },
            Epoch = s % 2 == 1 ? epochs[s] - 1 : epochs[s],
            Images = Rows(s % 3 == 2 ? 1 : 0, 50),
        }).ToArray();
        var statuses = await Task.WhenAll(commits.Select(c => Shards.CommitAsync(c, Never)));
        for (var s = 0; s < 8; s++)
        {
            var expected = s % 2 == 1 ? ShardCommitStatus.Fenced : s % 3 == 2 ? ShardCommitStatus.Conflict : ShardCommitStatus.Committed;
            Assert.Equal(expected, statuses[s]);
            Assert.Equal(expected == ShardCommitStatus.Committed ? 50 : 0,
                (await ToListAsync(Shards.ReadImagesAsync(commits[s].Shard, 0, 100, Never))).Count);
        }
    }

    [Fact]
    public async Task A_caller_that_gave_up_before_its_commit_began_left_nothing()
    {
        var epoch = await OpenShardAsync();
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Shards.CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(0, 1) }, gone.Token));
        Assert.Empty(await ToListAsync(Shards.ReadImagesAsync(Shard, 0, 100, Never)));
    }
}
