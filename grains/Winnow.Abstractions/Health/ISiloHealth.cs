using Winnow.Model.Health;

namespace Winnow.Abstractions.Health;

/// <summary>The health of this silo, for whoever routes requests to it.</summary>
public interface ISiloHealth
{
    /// <summary>Asks every part; answers within a few seconds whatever is down. Never throws for a part that is.</summary>
    Task<HealthReport> CheckAsync(CancellationToken cancellationToken);
}
