using Winnow.Grains.Ports;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>Tasks and what is set aside of them.</summary>
public abstract partial class ShardLedgerConformance<TFixture>
{
    [Fact]
    public async Task Tasks_are_inserted_once_and_reserved_for_every_arm()
    {
        var epoch = await OpenShardAsync();
        TaskRow[] tasks = [new(0, "main", 1, 0.75f, Noon), new(1, "control", 1, 0.5f, Noon), new(1, "main", 1, -0.125f, Noon)];
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(0, 3), Tasks = tasks });
        await CommitAsync(new()
        {
            Shard = Shard,
            Epoch = epoch,
            Tasks = [new(0, "main", 2, 0.1f, Noon.AddHours(1)), new(2, "main", 2, 0.1f, Noon)]
        });
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, Reservations = [new(1, Noon.AddMinutes(5))] });
        await RestartAsync();
        Assert.Equal(
            [tasks[0], tasks[1] with { ReservedUntil = Noon.AddMinutes(5) }, tasks[2] with { ReservedUntil = Noon.AddMinutes(5) },
                new(2, "main", 2, 0.1f, Noon)],
            (await ToListAsync(Shards.ReadTasksAsync(Shard, Never))).OrderBy(t => t.Ordinal).ThenBy(t => t.Arm, StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_task_that_is_withdrawn_is_as_if_it_had_never_been()
    {
        var epoch = await OpenShardAsync();
        TaskRow[] tasks = [new(0, "main", 1, 0.5f, Noon), new(0, "control", 1, 0.5f, Noon), new(1, "main", 1, 0.25f, Noon),
            new(2, "main", 1, 0.125f, Noon)];
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, Images = Rows(0, 3), Tasks = tasks });
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, Reservations = [new(1, Noon.AddHours(1)), new(0, Noon.AddHours(2))] });
        // One of an arm that never asked, one of a row that is not there: nothing to withdraw, no harm.
        WithdrawnTaskRow[] ended = [new(0, "main"), new(1, "main"), new(2, "control"), new(7, "main")];
        Assert.Equal(ShardCommitStatus.Committed, await CommitAsync(new() { Shard = Shard, Epoch = epoch, WithdrawnTasks = ended }));
        await RestartAsync();
        Assert.Equal([new(0, "control", 1, 0.5f, Noon.AddHours(2)), tasks[3]],
            (await ToListAsync(Shards.ReadTasksAsync(Shard, Never))).OrderBy(t => t.Ordinal));

        // It can be asked again, of another round, and bears nothing of what it was; also in one commit with its withdrawal.
        epoch = await OpenShardAsync();
        TaskRow[] again = [new(1, "main", 2, 0.75f, DateTimeOffset.UnixEpoch), new(2, "main", 3, 1, DateTimeOffset.UnixEpoch)];
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, WithdrawnTasks = [new(2, "main")], Tasks = again });
        Assert.Equal(again, (await ToListAsync(Shards.ReadTasksAsync(Shard, Never))).Where(t => t.Arm == "main").OrderBy(t => t.Ordinal));
    }

    [Fact]
    public async Task A_reservation_is_of_the_tasks_that_there_were()
    {
        var epoch = await OpenShardAsync();
        async Task HoldsAsync(params (int Ordinal, string Arm, DateTimeOffset Until)[] expected) =>
            Assert.Equal(expected,
            (await ToListAsync(Shards.ReadTasksAsync(Shard, Never))).Select(t => (t.Ordinal, t.Arm, t.ReservedUntil)).Order());
        await CommitAsync(new()
        {
            Shard = Shard,
            Epoch = epoch,
            Images = Rows(0, 2),
            Tasks = [new(0, "main", 1, 0.5f, DateTimeOffset.UnixEpoch)]
        });
        // Of an image that nobody has asked about there is none.
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, Reservations = [new(0, Noon), new(1, Noon)] });
        await CommitAsync(new()
        {
            Shard = Shard,
            Epoch = epoch,
            Tasks = [new(0, "control", 1, 0.5f, DateTimeOffset.UnixEpoch), new(1, "main", 1, 0.5f, Noon.AddHours(1))]
        });
        await HoldsAsync((0, "control", DateTimeOffset.UnixEpoch), (0, "main", Noon), (1, "main", Noon.AddHours(1)));
        await CommitAsync(new() { Shard = Shard, Epoch = epoch, Reservations = [new(0, Noon.AddMinutes(1)), new(1, Noon.AddMinutes(2))] });
        await RestartAsync();
        await HoldsAsync((0, "control", Noon.AddMinutes(1)), (0, "main", Noon.AddMinutes(1)), (1, "main", Noon.AddMinutes(2)));
        epoch = (await Shards.OpenShardAsync(Shard, Never)).Epoch;
        await CommitAsync(new()
        {
            Shard = Shard,
            Epoch = epoch,
            Reservations = [new(0, DateTimeOffset.UnixEpoch), new(1, DateTimeOffset.UnixEpoch)]
        });
        await HoldsAsync((0, "control", DateTimeOffset.UnixEpoch), (0, "main", DateTimeOffset.UnixEpoch),
            (1, "main", DateTimeOffset.UnixEpoch));
    }
}
