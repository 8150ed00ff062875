namespace Winnow.Cluster.Tests.Failover;

/// <summary>Tests whose limits are measured in seconds take the machine in turn; what only waits for an outcome runs before them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessesCollection
{
    public const string Name = "processes";
}
