using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Review;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    /// <summary>
    /// Takes review tasks, the most valuable first; empty when there is none within the wait. No more come than one person may hold.
    /// </summary>
    /// <exception cref="WinnowApiException">
    /// The person holds as many as one may (<see cref="RefusalCodes.TasksHeld"/>), or another refusal.
    /// </exception>
    public Task<IReadOnlyList<ReviewTask>> LeaseAsync(string dataset, LeaseRequest request,
        CancellationToken cancellationToken = default) =>
        PostAsync($"{Dataset(dataset)}/tasks/lease", request, ModelJson.Default.LeaseRequest, ModelJson.Default.IReadOnlyListReviewTask,
            null, cancellationToken);

    /// <summary>
    /// Gives tasks back unanswered: others are asked, and the same person again where nothing else is left. Nobody is asked again what they
    /// skipped.
    /// </summary>
    public async Task ReleaseAsync(string dataset, IReadOnlyList<ImageId> images, CancellationToken cancellationToken = default) =>
        await PostAsync($"{Dataset(dataset)}/tasks/release", images, ModelJson.Default.IReadOnlyListImageId,
        ModelJson.Default.IReadOnlyListImageId, null, cancellationToken);

    /// <summary>Submits decisions, at most 1,000; each is on disk when its result says so. Sending the same again is harmless.</summary>
    public Task<IReadOnlyList<SubmitResult>> SubmitAsync(string dataset, IReadOnlyList<SubmitDecision> decisions,
        CancellationToken cancellationToken = default) =>
        PostAsync($"{Dataset(dataset)}/decisions", decisions, ModelJson.Default.IReadOnlyListSubmitDecision,
            ModelJson.Default.IReadOnlyListSubmitResult, null, cancellationToken);
}
