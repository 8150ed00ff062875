using Winnow.Model.Review;

namespace Winnow.Abstractions.Images;

/// <summary>One image in review: the sole writer of its human facts. Key: <see cref="GrainKeys.Image"/>.</summary>
[Alias("winnow.image")]
public interface IImageGrain : IGrainWithStringKey
{
    /// <summary>All that is known of the image, as committed; null when the dataset does not hold it.</summary>
    [Alias("get")]
    Task<ImageDetail?> GetAsync(CancellationToken cancellationToken);

    /// <summary>Records a decision. It is on disk when the call returns; the same operation id twice records it once.</summary>
    [Alias("submit")]
    Task<SubmitResult> SubmitAsync(SubmitDecision command, string actor, CancellationToken cancellationToken);

    /// <summary>
    /// Records a decision by somebody who only answers: under a lease; or without one where it changes what they said themselves, the
    /// answer that stands, where it is theirs, and entries of theirs that they take back. The result counts their own entries alone.
    /// </summary>
    [Alias("amend-own")]
    Task<SubmitResult> AmendOwnAsync(SubmitDecision command, string actor, CancellationToken cancellationToken);

    /// <summary>What a task to verify or to arbitrate asks about, without names: see <see cref="ReviewTask.Opinions"/>.</summary>
    [Alias("opinions")]
    Task<Opinion[]> GetOpinionsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Has the image asked about again where nobody knows what its label counts as under a version of the label schema, or a later one.
    /// Whether it is.
    /// </summary>
    [Alias("ask-for-schema")]
    Task<bool> AskForSchemaAsync(int version, string actor, CancellationToken cancellationToken);

    /// <summary>
    /// A person gave the task back: under a lease that ends then or before they may give a second opinion, and no first answer. Kept in
    /// memory while such a lease may run.
    /// </summary>
    [Alias("gave-back")]
    Task GaveBackAsync(string actor, DateTimeOffset leaseEnds, CancellationToken cancellationToken);
}
