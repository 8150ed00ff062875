using System.Reflection;
using Winnow.Grains;
using Winnow.Grains.Backup;
using Winnow.Grains.Datasets;
using Winnow.Grains.Ports;
using Winnow.Grains.Training;
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
        var listed = ControlStates.All.Select(k => (k.Name, k.State));
        Assert.Equal(Kept.Select(k => (k.Name, k.State)).OrderBy(k => k.Name), listed.OrderBy(k => k.Name));
    }

    [Fact]
    public void Each_is_in_a_backup_or_left_out_with_a_reason()
    {
        var dataset = new DatasetState { Rounds = [new RoundEntry { Arm = "main", Number = 1, Command = new StartRound(10), OperationId = Guid.NewGuid() }] };
        var states = new BackupControl(dataset, [new RoundState()]).ToStates("pets");
        Assert.Equal(ControlStates.All.Where(k => k.NotInBackup is null).Select(k => k.Name), states.Select(s => s.GrainType));
        Assert.All(ControlStates.All, k => Assert.NotEqual("", k.NotInBackup));
        Assert.All(ControlStates.All.Where(k => !k.OfDataset), k => Assert.NotNull(k.NotInBackup));
    }
}
