using Winnow.Model.Datasets;

namespace Winnow.Abstractions.Datasets;

/// <summary>Deletes one dataset with all that is kept of it. Key: its name.</summary>
[Alias("winnow.deletion")]
public interface IDeletionGrain : IGrainWithStringKey
{
    /// <summary>
    /// Hides the dataset, which is on disk when this returns, and goes on with the rest. Asked again while it runs, it answers alike.
    /// </summary>
    /// <param name="actor">Who wants it so.</param>
    /// <param name="cancellationToken">Gives up before it begins.</param>
    /// <returns>The deletion; null when there is no such dataset.</returns>
    [Alias("start")]
    Task<DatasetDeletion?> StartAsync(string actor, CancellationToken cancellationToken);

    /// <summary>The latest deletion of a dataset of that name, running or ended; null when there was none.</summary>
    [Alias("progress")]
    Task<DatasetDeletion?> GetAsync(CancellationToken cancellationToken);

    /// <summary>Goes on with what was cut off.</summary>
    [Alias("resume")]
    Task ResumeAsync(CancellationToken cancellationToken);
}
