using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Training;

namespace Winnow.Algorithms.Selection;

/// <summary>A pool whose rows are all in memory, as an offline pilot has it.</summary>
/// <param name="candidates">Those that may be chosen.</param>
/// <param name="evaluation">Points that stand for the whole pool.</param>
/// <param name="labelled">What is labelled so far.</param>
public sealed class MatrixPool(IPoolPart candidates, IPoolPart evaluation, Examples labelled) : ISelectionPool
{
    /// <inheritdoc/>
    public IPoolPart Candidates => candidates;

    /// <inheritdoc/>
    public IPoolPart Evaluation => evaluation;

    /// <inheritdoc/>
    public Task<Examples> LabelledAsync(CancellationToken cancellationToken) => Task.FromResult(labelled);
}

/// <summary>Images whose rows are in memory.</summary>
/// <param name="Keys">[n].</param>
/// <param name="Noise">[n].</param>
/// <param name="Vectors">[n × dimensions].</param>
/// <param name="Head">What makes their probabilities; null before there is a model.</param>
public sealed record MatrixPart(ReadOnlyMemory<float> Keys, ReadOnlyMemory<ulong> Noise, RowMatrix Vectors, IHead? Head = null) : IPoolPart
{
    /// <inheritdoc/>
    public int Count => Keys.Length;

    /// <inheritdoc/>
    public Task<RowMatrix> VectorsAsync(IReadOnlyList<int> which, CancellationToken cancellationToken) =>
        Task.FromResult(Vectors.Only(which));

    /// <inheritdoc/>
    public Task<RowMatrix> ProbabilitiesAsync(IReadOnlyList<int> which, CancellationToken cancellationToken) =>
        Task.FromResult(HeadRows.Probabilities(Head, Vectors.Only(which)));
}
