using Winnow.Model.Training;

namespace Winnow.Abstractions.Training;

/// <summary>
/// One round of one arm, a sequence of durable steps that goes on after a crash at any of them. Key: <see cref="Images.GrainKeys.Round"/>.
/// </summary>
[Alias("winnow.round")]
public interface IRoundGrain : IGrainWithStringKey
{
    /// <summary>Starts the round, or goes on with it. Repeating the call is harmless.</summary>
    [Alias("start")]
    Task<RoundInfo> StartAsync(StartRound? command, CancellationToken cancellationToken);

    /// <summary>Where it stands.</summary>
    [Alias("get")]
    Task<RoundInfo> GetAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Ends it by hand: asks nobody any more and goes on with what people said; while nobody was asked, or while it learns, it ends at
    /// once. The same operation id ends it once.
    /// </summary>
    [Alias("end")]
    Task<RoundInfo> EndAsync(Guid operationId, CancellationToken cancellationToken);

    /// <summary>Something it may be waiting for has happened.</summary>
    [Alias("wake")]
    Task WakeAsync(CancellationToken cancellationToken);
}
