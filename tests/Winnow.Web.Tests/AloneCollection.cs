namespace Winnow.Web.Tests;

/// <summary>Tests that look at the process's memory, or at what two of its parts do in the same time: nothing else runs in it
/// meanwhile.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
