namespace Winnow.Model.Health;

/// <summary>One part that a silo stands on.</summary>
/// <param name="Name">Such as <c>ledger</c>, <c>objects</c>, <c>cluster</c>; <c>weights</c> where some are missing.</param>
/// <param name="Problem">What is wrong and what to do; null when it is well.</param>
public sealed record HealthPart(string Name, string? Problem);

/// <summary>Whether a silo can take requests, and if not, which part is down.</summary>
/// <param name="Ready">
/// Whether all parts that it cannot do without are well, and the silo is not on its way out. Weights that are missing leave it ready.
/// </param>
/// <param name="Parts">The parts, by name.</param>
public sealed record HealthReport(bool Ready, IReadOnlyList<HealthPart> Parts)
{
    /// <summary>
    /// What is stored and cannot be worked with. It keeps nobody from anything else, so a silo is ready beside it. For callers who may read
    /// the cluster; empty for others.
    /// </summary>
    public IReadOnlyList<SetAsideItem> SetAside { get; set; } = [];
}

/// <summary>What a silo holds and whether it may be removed: what an operator asks before doing so.</summary>
public sealed record SiloReport
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }
    /// <summary>Its address in the cluster.</summary>
    public required string Address { get; init; }
    /// <summary>Its role.</summary>
    public required string Role { get; init; }
    /// <summary><c>serving</c>, <c>draining</c> or <c>drained</c>.</summary>
    public required string State { get; init; }
    /// <summary>Scoring devices.</summary>
    public required int Devices { get; init; }
    /// <summary>HTTP requests that it is answering.</summary>
    public required int Requests { get; init; }
    /// <summary>Activations by kind of grain.</summary>
    public required IReadOnlyDictionary<string, int> Grains { get; init; }
    /// <summary>Other silos that could take over what it holds.</summary>
    public required int Successors { get; init; }
    /// <summary>The level of the cluster as this silo last saw it; null from a silo of an early release.</summary>
    public int? Level { get; init; }
    /// <summary>The highest level that this silo works at. The cluster rises to it once all of its silos do.</summary>
    public int? HighestLevel { get; init; }
    /// <summary>Whether removing it now stops nothing: it is drained, or holds nothing, or others can take over all it holds.</summary>
    public required bool SafeToRemove { get; init; }
    /// <summary>Why, or what to do first.</summary>
    public required string Reason { get; init; }
}
