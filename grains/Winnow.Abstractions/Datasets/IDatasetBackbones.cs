using Winnow.Abstractions.Training;
using Winnow.Model.Datasets;

namespace Winnow.Abstractions.Datasets;

/// <summary>The backbones of one dataset: one serves, others are made and kept beside it. Key: its name.</summary>
[Alias("winnow.dataset-backbones")]
public interface IDatasetBackbones : IGrainWithStringKey
{
    /// <summary>All of them, the one that the dataset was created with first, and how far each has come.</summary>
    [Alias("list")]
    Task<BackboneInfo[]> ListBackbonesAsync(CancellationToken cancellationToken);

    /// <summary>Begins to make a further one in the background; one that is there already is answered as it is.</summary>
    /// <exception cref="RefusedException">No silo knows it, its name could be taken for another's, or it is still being
    /// removed.</exception>
    [Alias("add")]
    Task<BackboneInfo> AddBackboneAsync(string name, Guid operationId, CancellationToken cancellationToken);

    /// <summary>
    /// Turns to another one: by one write, and with the model that it had when it served last. The one before is kept, and switching back
    /// is as immediate.
    /// </summary>
    /// <exception cref="RefusedException">It is not ready, a round is under way, or it makes nothing of too many images.</exception>
    [Alias("switch"), ResponseTimeout(LongCall.Limit)]
    Task<BackboneInfo> SwitchBackboneAsync(string name, Guid operationId, CancellationToken cancellationToken);

    /// <summary>Gives up one that does not serve. What it made is removed in the background.</summary>
    /// <returns>The backbone as it goes; null when there is none of that name.</returns>
    /// <exception cref="RefusedException">It serves.</exception>
    [Alias("drop")]
    Task<BackboneInfo?> DropBackboneAsync(string name, Guid operationId, CancellationToken cancellationToken);

    /// <summary>Measures those that are ready, on the labels that are there.</summary>
    [Alias("compare"), ResponseTimeout(LongCall.Limit)]
    Task<BackboneComparison> CompareBackbonesAsync(CancellationToken cancellationToken);
}
