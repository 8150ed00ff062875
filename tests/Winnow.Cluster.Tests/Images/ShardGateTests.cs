using Winnow.Abstractions.Images;
using Winnow.Abstractions.Training;
using Winnow.Grains.Shards;

namespace Winnow.Cluster.Tests.Images;

/// <summary>Each entry of a shard says what it relies on: <c>ReopenedShardTests</c> enters them while each part of it takes long.</summary>
public sealed class ShardGateTests
{
    private static readonly IReadOnlyList<System.Reflection.MethodInfo> Entries = [.. ShardGate.Interfaces.SelectMany(i => i.GetMethods())];

    [Fact]
    public void Every_entry_says_what_it_relies_on()
    {
        Assert.All(Entries, e => Assert.NotNull(ShardGate.PartOf(e)));
        Assert.True(Entries.Count >= 25, $"only {Entries.Count} entries were found");
    }

    [Fact]
    public void The_shard_has_no_interface_whose_calls_the_gate_does_not_know()
    {
        var grains = typeof(ShardGrain).GetInterfaces()
            .Where(i => typeof(IGrainWithStringKey).IsAssignableFrom(i) && i != typeof(IGrainWithStringKey));
        Assert.Equal(grains.OrderBy(i => i.Name), ShardGate.Interfaces.OrderBy(i => i.Name));
    }

    [Fact]
    public void Whoever_brings_a_state_of_learning_is_met_under_it()
    {
        var bring = Entries.Where(e => e.Name is not (nameof(IShardLearning.ApplyLearningAsync) or nameof(IShardLearning.RescoreAsync)))
            .Where(e => e.GetParameters()
                .Any(p => p.ParameterType == typeof(LearningState) || p.ParameterType == typeof(GatherCandidates)));
        Assert.All(bring, e => Assert.Equal(ShardPart.Learning, ShardGate.PartOf(e)));
        Assert.All(
            Entries.Where(e => e.DeclaringType == typeof(IShardIngest)), e => Assert.NotEqual(ShardPart.Learning, ShardGate.PartOf(e)));
    }
}
