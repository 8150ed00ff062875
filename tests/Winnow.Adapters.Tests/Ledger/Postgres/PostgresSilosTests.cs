using Npgsql;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Ledger.Postgres;
using Winnow.Grains.Ports;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger.Postgres;

/// <summary>Two ledgers on one database, as two silos have them.</summary>
[Trait("needs", "postgres")]
public sealed class PostgresSilosTests : IAsyncLifetime
{
    private static readonly CancellationToken Never = CancellationToken.None;
    private static readonly ShardKey Shard = new("cats", 1);

    private readonly PostgresLedgerFixture _fixture = new();
    private PostgresLedger _one = null!;
    private PostgresLedger _two = null!;

    public async Task InitializeAsync()
    {
        _one = await _fixture.OpenAsync();
        _two = await PostgresLedgerFixture.OpenAsync(await _fixture.DatabaseAsync());
        await _one.AddDatasetAsync(Dataset(), Never);
    }

    public async Task DisposeAsync()
    {
        await _one.DisposeAsync();
        await _two.DisposeAsync();
    }

    private static ShardCommit Commit(long epoch, int first, int count, int operation) =>
        new() { Shard = Shard, Epoch = epoch, OperationId = Operation(operation), Images = Rows(first, count) };

    [Fact]
    public async Task Whoever_opens_a_shard_fences_the_other_silo()
    {
        var first = await _one.OpenShardAsync(Shard, Never);
        Assert.Equal(ShardCommitStatus.Committed, await _one.CommitAsync(Commit(first.Epoch, 0, 2, 1), Never));
        var second = await _two.OpenShardAsync(Shard, Never);
        Assert.Equal(2, second.Images);
        Assert.Equal(ShardCommitStatus.Fenced, await _one.CommitAsync(Commit(first.Epoch, 2, 2, 2), Never));
        Assert.Equal(ShardCommitStatus.Committed, await _two.CommitAsync(Commit(second.Epoch, 2, 3, 3), Never));
        // What one silo committed the other reads at once, and an operation is known to both.
        Assert.Equal(Rows(0, 5), await ToListAsync(_one.ReadImagesAsync(Shard, 0, 100, Never)));
        Assert.Equal(new OrdinalRange(2, 3), (await _one.FindOperationAsync(Shard, Operation(3), Never))?.Rows);
        Assert.Equal(ShardCommitStatus.AlreadyApplied, await _two.CommitAsync(Commit(second.Epoch, 5, 3, 1), Never));
    }

    [Fact]
    public async Task Silos_that_take_a_shard_from_each_other_never_give_an_ordinal_twice()
    {
        var acknowledged = new HashSet<Guid>();
        async Task RunAsync(PostgresLedger ledger, int silo)
        {
            for (var turn = 0; turn < 25; turn++)
            {
                var opened = await ledger.OpenShardAsync(Shard, Never);
                var next = opened.Images;
                for (var step = 0; step < 8; step++)
                {
                    var operation = Operation((((silo * 100) + turn) * 10) + step);
                    var status = await ledger.CommitAsync(
                        new()
                        {
                            Shard = Shard,
                            Epoch = opened.Epoch,
                            OperationId = operation,
                            Images = Rows(next, 3),
                            History = [new HistoryRow(Id(operation.GetHashCode()), next, 1, operation, "{}"u8.ToArray(), 0, true,
                                Model.Images.Stage.Labeled)]
                        }, Never);
                    if (status == ShardCommitStatus.Fenced) break;
                    Assert.Equal(ShardCommitStatus.Committed, status);
                    lock (acknowledged) Assert.True(acknowledged.Add(operation));
                    next += 3;
                }
            }
        }

        await Task.WhenAll(Task.Run(() => RunAsync(_one, 1)), Task.Run(() => RunAsync(_two, 2)));
        Assert.Equal(Rows(0, acknowledged.Count * 3), await ToListAsync(_one.ReadImagesAsync(Shard, 0, int.MaxValue, Never)));
        var history = await ToListAsync(_two.ReadShardHistoryAsync(Shard, Never));
        Assert.Equal(acknowledged.Order(), history.Select(h => h.OperationId).Order());
    }

    [Fact]
    public async Task Of_the_same_commit_through_two_silos_one_lands()
    {
        var opened = await _one.OpenShardAsync(Shard, Never);
        for (var round = 0; round < 20; round++)
        {
            var commit = Commit(opened.Epoch, round * 4, 4, round);
            var statuses = await Task.WhenAll(_one.CommitAsync(commit, Never), _two.CommitAsync(commit, Never));
            Assert.Equal([ShardCommitStatus.Committed, ShardCommitStatus.AlreadyApplied], statuses.Order());
        }
        Assert.Equal(Rows(0, 80), await ToListAsync(_two.ReadImagesAsync(Shard, 0, 100, Never)));
    }

    [Fact]
    public async Task Of_two_silos_that_add_one_dataset_or_secret_one_makes_it()
    {
        var added = await Task.WhenAll(Enumerable.Range(0, 20)
            .Select(i => (i % 2 == 0 ? _one : _two).AddDatasetAsync(Dataset($"d{i / 4}"), Never)));
        Assert.Equal(5, added.Count(a => a));
        var secrets = await Task.WhenAll(Enumerable.Range(0, 20)
            .Select(i => (i % 2 == 0 ? _one : _two).GetOrCreateSecretAsync("lease", 32, Never)));
        Assert.All(secrets, s => Assert.Equal(secrets[0], s));
    }

    [Fact]
    public async Task A_shard_is_taken_from_a_silo_that_hangs_in_the_middle_of_its_commit()
    {
        var opened = await _one.OpenShardAsync(Shard, Never);
        // The session of a process that stopped between the halves of its transaction: locks held, nothing said.
        var builder = new NpgsqlConnectionStringBuilder(await _fixture.DatabaseAsync())
        {
            ApplicationName = "winnow-writer",
            Pooling = false,
        };
        await using var hanging = new NpgsqlConnection(builder.ConnectionString);
        await hanging.OpenAsync();
        await using (var hold =
            new NpgsqlCommand("BEGIN; UPDATE shard SET images = 99 WHERE shard = 1", hanging)) await hold.ExecuteNonQueryAsync();
        var taken = await _two.OpenShardAsync(Shard, Never).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(new OpenedShard(opened.Epoch + 1, 0), taken);
        await using var late = new NpgsqlCommand("COMMIT", hanging);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => late.ExecuteNonQueryAsync());
        Assert.Equal(ShardCommitStatus.Committed, await _two.CommitAsync(Commit(taken.Epoch, 0, 2, 1), Never));
    }

    [Fact]
    public async Task A_faulty_commit_fails_alone()
    {
        var keys = Enumerable.Range(0, 8).Select(s => Shard with { Shard = s }).ToArray();
        var epochs = await Task.WhenAll(keys.Select(k => _one.OpenShardAsync(k, Never)));
        var faulty = Rows(0, 1)[0] with { ReceivedBy = null! };
        // A single writer, so that they share a group.
        await using var single = await PostgresLedgerFixture.OpenAsync(await _fixture.DatabaseAsync(), o => o.Writers = 1);
        var commits = keys.Select((k, i) =>
            single.CommitAsync(new() { Shard = k, Epoch = epochs[i].Epoch, Images = i == 3 ? [faulty] : Rows(0, 2) }, Never)).ToArray();
        for (var i = 0; i < commits.Length; i++)
        {
            if (i == 3) Assert.Contains("received_by", (await Assert.ThrowsAsync<LedgerWriteException>(() => commits[3])).Message,
                StringComparison.Ordinal);
            else Assert.Equal(ShardCommitStatus.Committed, await commits[i]);
        }
        Assert.Equal(ShardCommitStatus.Committed,
            await single.CommitAsync(new() { Shard = keys[3], Epoch = epochs[3].Epoch, Images = Rows(0, 1) }, Never));
    }

    [Fact]
    public async Task Texts_that_the_server_cannot_hold_are_mended_and_names_refused()
    {
        var opened = await _one.OpenShardAsync(Shard, Never);
        var row = Image(0);
        var odd = row with { Row = row.Row with { Name = "a\0b\uD800c😀" } };
        Assert.Equal(ShardCommitStatus.Committed,
            await _one.CommitAsync(new() { Shard = Shard, Epoch = opened.Epoch, Images = [odd] }, Never));
        Assert.Equal("a\uFFFDb\uFFFDc😀", (await _one.ReadImagesAsync(Shard, [0], Never))[0].Row.Name);
        var task = new TaskRow(0, "ma\0in", 1, 1, Noon);
        await Assert.ThrowsAsync<LedgerWriteException>(() =>
            _one.CommitAsync(new() { Shard = Shard, Epoch = opened.Epoch, Tasks = [task] }, Never));
        Assert.Null(await _one.FindDatasetAsync("ca\0ts", Never));
    }

    [Fact]
    public async Task History_cannot_be_changed_even_by_hand()
    {
        var opened = await _one.OpenShardAsync(Shard, Never);
        await _one.CommitAsync(new() { Shard = Shard, Epoch = opened.Epoch, History = [History(5, 1, 1)] }, Never);
        await using var connection = new NpgsqlConnection(await _fixture.DatabaseAsync());
        await connection.OpenAsync();
        foreach (var sql in new[] { "UPDATE history SET label = 9", "DELETE FROM history", "TRUNCATE history" })
        {
            await using var command = new NpgsqlCommand(sql, connection);
            Assert.Contains("only grows", (await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync())).MessageText,
                StringComparison.Ordinal);
        }
        AssertEqual([History(5, 1, 1)], await _two.ReadHistoryAsync(Shard, Id(5), Never));
    }
}
