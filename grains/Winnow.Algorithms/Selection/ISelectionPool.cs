using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Training;

namespace Winnow.Algorithms.Selection;

/// <summary>
/// What a strategy chooses from. Who they are, their keys and their hashes are there already; whatever else it asks for is fetched
/// then, and
/// once, so a strategy pays for what it looks at.
/// </summary>
public interface ISelectionPool
{
    /// <summary>Those that may be chosen.</summary>
    IPoolPart Candidates { get; }

    /// <summary>Points drawn uniformly that stand for the whole pool.</summary>
    IPoolPart Evaluation { get; }

    /// <summary>What the arm has labelled so far, in the order of image ids.</summary>
    Task<Examples> LabelledAsync(CancellationToken cancellationToken);
}

/// <summary>Some images of a pool, in an order that depends on their ids alone.</summary>
public interface IPoolPart
{
    /// <summary>Number of images, n.</summary>
    int Count { get; }

    /// <summary>[n], the strategy's own keys.</summary>
    ReadOnlyMemory<float> Keys { get; }

    /// <summary>[n], hashes of the images under the round's seed.</summary>
    ReadOnlyMemory<ulong> Noise { get; }

    /// <summary>Projected rows, one for each image asked about.</summary>
    /// <param name="which">Indices of images, each once.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<RowMatrix> VectorsAsync(IReadOnlyList<int> which, CancellationToken cancellationToken);

    /// <summary>Calibrated probabilities of the model that scored the pool, one row for each image asked about.</summary>
    /// <param name="which">Indices of images, each once.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">There is no model yet.</exception>
    Task<RowMatrix> ProbabilitiesAsync(IReadOnlyList<int> which, CancellationToken cancellationToken);
}

/// <summary>Shorthands for whoever looks at all of a part.</summary>
public static class PoolParts
{
    /// <summary>Projected rows of all images, [n × dimensions].</summary>
    public static Task<RowMatrix> VectorsAsync(this IPoolPart part, CancellationToken cancellationToken) =>
        part.VectorsAsync([.. Enumerable.Range(0, part.Count)], cancellationToken);
}
