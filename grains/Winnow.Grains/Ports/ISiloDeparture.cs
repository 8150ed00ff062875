namespace Winnow.Grains.Ports;

/// <summary>Whether this silo is on its way out, which the host knows before the cluster does.</summary>
public interface ISiloDeparture
{
    /// <summary>Once true it stays so.</summary>
    bool IsLeaving { get; }
}

/// <summary>Knows of none before the cluster does.</summary>
public sealed class NoSiloDeparture : ISiloDeparture
{
    /// <inheritdoc/>
    public bool IsLeaving => false;
}
