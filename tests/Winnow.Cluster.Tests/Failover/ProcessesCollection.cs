namespace Winnow.Cluster.Tests.Failover;

/// <summary>Tests that start, kill and hang processes take the machine in turn: their limits are measured in seconds.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessesCollection
{
    public const string Name = "processes";
}
