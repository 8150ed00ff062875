using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Tests.Support;
using Winnow.Grains;
using Winnow.Grains.Backup;
using Winnow.Grains.Datasets;
using Winnow.Grains.Ports;
using Winnow.Grains.Training;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Policies;
using Winnow.Model.Training;

namespace Winnow.Adapters.Tests.Datasets.Backup;

/// <summary>No state of a grain is forgotten: where it is kept, and whether a backup has it, is said in one list.</summary>
public sealed class ControlStatesTests
{
    private static readonly (string Name, string Grain, Type State)[] Kept =
    [
        .. from grain in typeof(ControlStates).Assembly.GetTypes()
           from constructor in grain.GetConstructors()
           from parameter in constructor.GetParameters()
           let kept = parameter.GetCustomAttribute<PersistentStateAttribute>()
           where kept?.StorageName == ControlStorage.Name
           select (kept.StateName, grain.GetCustomAttribute<GrainTypeAttribute>()!.GetGrainType(null!, null!).ToString(),
               parameter.ParameterType.GetGenericArguments()[0]),
    ];

    [Fact]
    public void Every_state_that_a_grain_keeps_is_in_the_list_and_bears_its_grains_name()
    {
        Assert.All(Kept, k => Assert.Equal(k.Name, k.Grain));
        var listed = ControlStates.All.Where(k => !ControlStorage.Records.Contains(k.Name)).Select(k => (k.Name, k.State));
        Assert.Equal(Kept.Select(k => (k.Name, k.State)).OrderBy(k => k.Name), listed.OrderBy(k => k.Name));
    }

    [Fact]
    public void Each_is_in_a_backup_or_left_out_with_a_reason()
    {
        var dataset = new DatasetState
        {
            Rounds = [new RoundEntry { Arm = "main", Number = 1, Command = new StartRound(10), OperationId = Guid.NewGuid() }],
        };
        var states = new BackupControl(dataset, [new RoundState()]).ToStates("pets");
        // Records are joined to the states: see the next test.
        var apart = ControlStates.All.Where(k => k.NotInBackup is null && !ControlStorage.Records.Contains(k.Name)).Select(k => k.Name);
        Assert.Equal(apart, states.Select(s => s.GrainType));
        Assert.All(ControlStorage.Records, kind => Assert.Contains(ControlStates.All, k => k.Name == kind));
        Assert.All(ControlStates.All, k => Assert.NotEqual("", k.NotInBackup));
        Assert.All(ControlStates.All.Where(k => !k.OfDataset), k => Assert.NotNull(k.NotInBackup));
    }

    /// <summary>
    /// One record of every kind, written as a silo does and read as a backup does: a kind that is forgotten is missing here.
    /// </summary>
    [Fact]
    public async Task Records_of_every_kind_come_into_a_backup()
    {
        using var folder = new TemporaryFolder();
        await using var ledger = SqliteLedger.Open(new LedgerOptions { Path = folder.At("ledger.db") }, NullLogger<SqliteLedger>.Instance);
        var (store, never) = ((IGrainStateStore)ledger, CancellationToken.None);
        var records = new StoredRecords(store);
        var entry = new RoundEntry { Arm = "main", Number = 1, Command = new StartRound(10), OperationId = Guid.NewGuid() };
        var made = new DatasetVersion(1, null, DateTimeOffset.UnixEpoch, "ann", 1, 0, new string('0', 64), null);
        var selected = new SelectedRecord(0, 3, new ImageId(1, 2, 3, 4), 1);
        foreach (var owner in new[] { "pets", "pets-2", "pet" })
        {
            await records.WriteAsync(ControlStorage.RoundEntry, $"{owner}/main/1", null, entry, never);
            await records.WriteAsync(
                ControlStorage.Version, $"{owner}/1", null,
                new VersionEntry { OperationId = Guid.NewGuid(), Version = made, ManifestKey = "m" }, never);
            await records.WriteAsync(ControlStorage.Policies, $"{owner}/2", null, new DatasetPolicies { Version = 2, ChangedBy = "bob" },
                never);
            await records.WriteAsync(ControlStorage.Schema, $"{owner}/2", null, SampleSchema.Entries(null).ElementAt(1), never);
            await records.WriteAsync(ControlStorage.Selection, $"{owner}/main/1", null,
                new RoundSelection { Strategy = "k-means", Images = [selected] }, never);
        }
        var round = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(
            new RoundState { Command = entry.Command, Step = RoundStep.Review, SelectedCount = 1 }, StoredStates.Json);
        await store.WriteAsync(new GrainStateKey(ControlStorage.Round, "pets/main/1", ControlStorage.Round), null, round, never);

        var control = await BackupControl.ReadAsync(store, "pets", never);
        Assert.Equal((1, 1, 2),
            (control.Dataset.Rounds.Single().Number, control.Dataset.Versions.Single().Version.Number,
                control.Dataset.Policies.Single().Version));
        Assert.Equal(2, control.Dataset.Schemas.Single().Version.Number);
        Assert.Equal((selected, null), (control.Rounds.Single()!.Selected.Single(), control.Rounds.Single()!.SelectedCount));
        // And go back whole.
        var restored = control.ToStates("pets-3");
        Assert.All(restored, s => Assert.StartsWith("pets-3", s.GrainKey, StringComparison.Ordinal));
        Assert.Equal(2, restored.Count);
    }
}
