using Winnow.Abstractions.Datasets;
using Winnow.Grains.Datasets;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Policies;
using Winnow.Model.Training;

namespace Winnow.Cluster.Tests.Training;

/// <summary>
/// A dataset with ever more rounds writes no more at each of their steps, and what the last release left in one state is taken over.
/// </summary>
public sealed class DatasetRecordsTests
{
    private static readonly CancellationToken Never = CancellationToken.None;

    private static readonly DatasetInfo Dataset = new(
        "pets", new LabelSchema { Classes = [new LabelClass("cat"), new LabelClass("dog")] }, new DatasetSettings { TasksPerPerson = 7 },
        DateTimeOffset.UnixEpoch, "ann");

    private readonly MemoryRecords _store = new();

    private async Task<DatasetRecords> OpenAsync(bool newer = true)
    {
        await _store.ReadStateAsync();
        var records = new DatasetRecords(_store, MemoryRecords.Level(newer), Dataset, _store);
        await records.LoadAsync(Never);
        return records;
    }

    private static RoundEntry Round(int number, string arm = Arms.Main) => new()
    {
        Arm = arm,
        Number = number,
        OperationId = Guid.NewGuid(),
        Command = new StartRound(50, arm, "herding", "k-means"),
        Ended = new RoundInfo
        {
            Arm = arm,
            Number = number,
            Step = RoundStep.Done,
            Strategy = "herding",
            BatchSize = 50,
            Reason = new string('x', 200),
        },
    };

    private static VersionEntry Version(int number) => new()
    {
        OperationId = Guid.NewGuid(),
        Version = new DatasetVersion(number, null, DateTimeOffset.UnixEpoch, "ann", 10, 5, new string('0', 64),
            number == 1 ? null : number - 1),
        ManifestKey = $"key-{number}",
    };

    private static ModelVersion Model(int round) => new()
    {
        Arm = Arms.Main,
        Round = round,
        Backbone = "b",
        ProjectionSha256 = "p",
        DataSha256 = "d",
        HeadSha256 = "h",
        Labels = 9,
    };

    /// <summary>As the last release left it.</summary>
    private async Task LeaveAsync(int rounds, int versions)
    {
        _store.State = new DatasetState
        {
            Rounds = [.. Enumerable.Range(1, rounds).Select(n => n % 10 == 0 ? Round(n / 10, Arms.Control) : Round(n - (n / 10)))],
            Versions = [.. Enumerable.Range(1, versions).Select(Version)],
        };
        await _store.WriteStateAsync();
    }

    [Fact]
    public async Task With_ten_thousand_rounds_a_step_writes_little()
    {
        await LeaveAsync(10_000, 500);
        var before = _store.State.Rounds.Select(r => (r.Arm, r.Number)).ToArray();
        var records = await OpenAsync();
        Assert.Equal(before, records.Rounds.Select(r => (r.Arm, r.Number)));
        var next = Round(9_001);
        next.Ended = null;
        await records.SaveAsync(next);
        Assert.Equal((10_001, 500), (_store.Count(ControlStorage.RoundEntry), _store.Count(ControlStorage.Version)));

        _store.Written.Clear();
        (next.Model, next.HeadKey, next.Promoted) = (Model(9_001), "head", true);
        (_store.State.Learning.HeadKey, _store.State.Learning.ModelName) = ("head", "main/9001");
        _store.State.Learning.ProjectionKey = "datasets/pets/projections/p";
        await records.SettleAsync(next);
        next.Ended = Round(9_001).Ended;
        await records.SaveAsync(next);
        await records.SaveAsync(Version(501));
        Assert.All(_store.Written, bytes => Assert.InRange(bytes, 1, 8_000));

        var read = await OpenAsync();
        Assert.Equal([.. before, (Arms.Main, 9_001)], read.Rounds.Select(r => (r.Arm, r.Number)));
        Assert.Equal("main/9001", read.ChampionOf(Arms.Main)!.Model!.Name);
        Assert.Equal(Enumerable.Range(1, 501), read.Versions.Select(v => v.Version.Number));
    }

    [Fact]
    public async Task What_is_moved_can_be_cut_off_anywhere()
    {
        for (var writes = 0; writes < 12; writes++)
        {
            await LeaveAsync(6, 3);
            var records = await OpenAsync();
            var next = Round(7);
            _store.Left = writes;
            try
            {
                await records.SaveAsync(next);
            }
            catch (IOException)
            {
                _store.Left = null;
                records = await OpenAsync();
                Assert.Equal((6, 3), (records.Rounds.Count(r => r.Number < 7), records.Versions.Count));
                // The caller repeats the request, which finds it started or starts it.
                if (!records.Rounds.Exists(r => r.Number == 7)) await records.SaveAsync(next);
            }
            _store.Left = null;
            records = await OpenAsync();
            Assert.Equal([1, 2, 3, 4, 5, 6, 7], records.Rounds.Select(r => r.Number));
            Assert.Equal([1, 2, 3], records.Versions.Select(v => v.Version.Number));
            Assert.Empty(_store.State.Rounds);
            _store.Forget();
        }
    }

    [Fact]
    public async Task A_champion_and_what_follows_from_it_are_settled_together_or_not_at_all()
    {
        for (var writes = 0; writes < 3; writes++)
        {
            var records = await OpenAsync();
            var round = Round(1);
            round.Ended = null;
            await records.SaveAsync(round);
            _store.Left = writes;
            (round.Model, round.HeadKey, round.Promoted) = (Model(1), "head", true);
            (_store.State.Learning.HeadKey, _store.State.Learning.ModelName) = ("head", "main/1");
            _store.State.Learning.ProjectionKey = "datasets/pets/projections/p";
            try
            {
                await records.SettleAsync(round);
            }
            catch (IOException) when (writes < 2)
            {
            }
            _store.Left = null;
            records = await OpenAsync();
            Assert.Equal(_store.State.Learning.ModelName, records.ChampionOf(Arms.Main)?.Model!.Name);
            Assert.Equal(writes > 0, records.ChampionOf(Arms.Main) is not null);
            _store.Forget();
        }
    }

    [Fact]
    public async Task Beside_a_silo_of_the_last_release_everything_stays_where_that_looks_for_it()
    {
        await LeaveAsync(3, 1);
        var records = await OpenAsync(newer: false);
        await records.SaveAsync(Round(4));
        await records.SaveAsync(Version(2));
        var settled = records.Rounds[^1];
        (settled.Model, settled.HeadKey, settled.Promoted) = (Model(4), "head", true);
        await records.SettleAsync(settled);
        await _store.ReadStateAsync();
        Assert.Equal((4, 2, true, null),
            (_store.State.Rounds.Count, _store.State.Versions.Count, _store.State.Rounds[^1].Promoted, _store.State.Settled));
        Assert.Equal((0, 0), (_store.Count(ControlStorage.RoundEntry), _store.Count(ControlStorage.Version)));
    }

    [Fact]
    public async Task An_activation_that_was_cut_off_cannot_start_what_another_has()
    {
        var (one, other) = (await OpenAsync(), await OpenAsync());
        await one.SaveAsync(Round(1));
        await Assert.ThrowsAsync<Orleans.Storage.InconsistentStateException>(() => other.SaveAsync(Round(1)));
        await one.SaveAsync(Version(1));
        await Assert.ThrowsAsync<Orleans.Storage.InconsistentStateException>(() => other.SaveAsync(Version(1)));
    }

    private SchemaEntry Schema(DatasetRecords records, params SchemaChange[] changes) => new()
    {
        OperationId = Guid.NewGuid(),
        Content = Guid.NewGuid(),
        Version = SchemaStep.Next(
            records.Schemas[^1].Version, new ChangeSchema(records.Schemas[^1].Version.Number, changes), "bob", DateTimeOffset.UnixEpoch),
    };

    [Fact]
    public async Task Versions_of_a_label_schema_stay_and_their_first_is_written_with_the_second()
    {
        for (var writes = 0; writes < 4; writes++)
        {
            var records = await OpenAsync();
            Assert.Same(Dataset.Schema, records.Schemas.Single().Version.Schema);
            _store.Left = writes;
            try
            {
                await records.SaveAsync(Schema(records, new RenameClass("cat", "puma")));
            }
            catch (IOException) when (writes < 2)
            {
            }
            _store.Left = null;
            records = await OpenAsync();
            Assert.Equal(writes < 2 ? [1] : [1, 2], records.Schemas.Select(s => s.Version.Number));
            // Whoever repeats it goes on from what stands.
            if (writes < 2) await records.SaveAsync(Schema(records, new RenameClass("cat", "puma")));
            await records.SaveAsync(Schema(records, new AddClass(new LabelClass("bird"))));
            records = await OpenAsync();
            Assert.Equal(["cat", "puma", "puma"], records.Schemas.Select(s => s.Version.Schema.Classes[0].Name));
            Assert.Equal(["ann", "bob", "bob"], records.Schemas.Select(s => s.Version.ChangedBy));
            // Another activation, which knows nothing of the last version, cannot write over it.
            var late = await OpenAsync();
            await records.SaveAsync(Schema(records, new AddClass(new LabelClass("cow"))));
            await Assert.ThrowsAsync<Orleans.Storage.InconsistentStateException>(
                () => late.SaveAsync(Schema(late, new AddClass(new LabelClass("fish")))));
            _store.Forget();
        }
    }

    [Fact]
    public void Somebody_elses_version_of_a_schema_is_not_overwritten_unseen()
    {
        var first = SchemaVersion.First(Dataset);
        var change = new ChangeSchema(1, [new RenameClass("cat", "puma")]);
        var second = SchemaStep.Next(first, change, "bob", DateTimeOffset.UnixEpoch);
        Assert.Equal((2, "bob", "puma"), (second.Number, second.ChangedBy, second.Schema.Classes[0].Name));
        Assert.Null(second.CheckAfter(first));
        var late = Assert.Throws<RefusedException>(() => SchemaStep.Next(second, change, "eve", DateTimeOffset.UnixEpoch));
        Assert.Contains("version 2 by now, and version 1", late.Message, StringComparison.Ordinal);
        Assert.Equal(RefusalCodes.SchemaChanged, late.Code);
        var unknown = new ChangeSchema(2, [new RecolourClass("puma", "teal"), new RetireClass("cow")]);
        var none = Assert.Throws<RefusedException>(() => SchemaStep.Next(second, unknown, "eve", DateTimeOffset.UnixEpoch));
        Assert.Contains("changes[1]: Class 'cow' is not", none.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_policies_are_those_of_the_creation_and_all_stay()
    {
        var records = await OpenAsync();
        Assert.Equal((1, 7, "ann"), records.Policies.Single() is var p ? (p.Version, p.TasksPerPerson, p.ChangedBy) : default);
        await records.SaveAsync(records.Policies[^1] with { Version = 2, TasksPerPerson = 9, ChangedBy = "bob" });
        records = await OpenAsync();
        Assert.Equal([7, 9], records.Policies.Select(q => q.TasksPerPerson));
        // As a restore leaves them.
        _store.State.Policies = [new DatasetPolicies { ChangedBy = "eve", Version = 3, Told = 1 }];
        await _store.WriteStateAsync();
        Assert.Equal([1, 2, 3], (await OpenAsync()).Policies.Select(q => q.Version));
    }
}
