using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Labels;
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

    private const int MostReleased = 1_000;

    /// <summary>
    /// Gives tasks back unanswered: others are asked, and the same person again where nothing else is left. Nobody is asked again what they
    /// skipped.
    /// </summary>
    public async Task ReleaseAsync(string dataset, IReadOnlyList<ImageId> images, CancellationToken cancellationToken = default)
    {
        foreach (var some in images.Chunk(MostReleased))
            await PostAsync($"{Dataset(dataset)}/tasks/release", some, ModelJson.Default.IReadOnlyListImageId,
                ModelJson.Default.IReadOnlyListImageId, null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Presents the leases of tasks that somebody is still at: they are kept, also where the server that gave them is gone, and each ends a
    /// whole period later once a quarter of it is over. <see cref="LeaseKeeper"/> does so for as long as it is told to.
    /// </summary>
    /// <param name="dataset">Name of the dataset.</param>
    /// <param name="leases">At most 1,000.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>In the order of the leases. One without a lease says why the task is not the person's any more.</returns>
    public Task<IReadOnlyList<RenewedLease>> RenewAsync(string dataset, IReadOnlyList<string> leases,
        CancellationToken cancellationToken = default) =>
        PostAsync($"{Dataset(dataset)}/tasks/renew", leases, ModelJson.Default.IReadOnlyListString,
            ModelJson.Default.IReadOnlyListRenewedLease, null, cancellationToken);

    /// <summary>The same, sent once: whoever does so every few seconds need not wait for an answer that does not come.</summary>
    internal Task<IReadOnlyList<RenewedLease>> RenewOnceAsync(
        string dataset, IReadOnlyList<string> leases, TimeSpan timeout, CancellationToken cancellationToken) =>
        PostOnceAsync($"{Dataset(dataset)}/tasks/renew", leases, ModelJson.Default.IReadOnlyListString,
            ModelJson.Default.IReadOnlyListRenewedLease, timeout, cancellationToken);

    /// <summary>Submits decisions, at most 1,000; each is on disk when its result says so. Sending the same again is harmless.</summary>
    public Task<IReadOnlyList<SubmitResult>> SubmitAsync(string dataset, IReadOnlyList<SubmitDecision> decisions,
        CancellationToken cancellationToken = default) =>
        PostAsync($"{Dataset(dataset)}/decisions", decisions, ModelJson.Default.IReadOnlyListSubmitDecision,
            ModelJson.Default.IReadOnlyListSubmitResult, null, cancellationToken);

    /// <summary>
    /// Takes an entry of an image's history back, as if it had never been said. The image is asked about again where nothing else stands.
    /// </summary>
    /// <param name="dataset">Name of the dataset.</param>
    /// <param name="image">The image.</param>
    /// <param name="entry">Version of the entry; null: the last one of the history.</param>
    /// <param name="comment">Why, for whoever reads the history.</param>
    /// <param name="cancellationToken">Gives up waiting; what was sent may still be recorded.</param>
    /// <returns>
    /// <see cref="SubmitStatus.Conflict"/> where somebody else said something meanwhile; the reason says what else was refused.
    /// </returns>
    public Task<SubmitResult> TakeBackAsync(
        string dataset, ImageId image, long? entry = null, string? comment = null, CancellationToken cancellationToken = default) =>
        AmendAsync(dataset, image, detail => new Decision
        {
            Kind = DecisionKind.TakeBack,
            Of = entry ?? Math.Max(1, detail.Version),
            Comment = comment,
        }, cancellationToken);

    /// <summary>
    /// Has an image asked about again: what stands of it, a label that came with it included, does not count any more until somebody
    /// answers. Where nobody was asked before, a round may choose it.
    /// </summary>
    /// <param name="dataset">Name of the dataset.</param>
    /// <param name="image">The image.</param>
    /// <param name="comment">Why, for whoever reads the history.</param>
    /// <param name="cancellationToken">Gives up waiting; what was sent may still be recorded.</param>
    public Task<SubmitResult> AskAgainAsync(
        string dataset, ImageId image, string? comment = null, CancellationToken cancellationToken = default) =>
        AmendAsync(dataset, image, _ => new Decision { Kind = DecisionKind.AskAgain, Comment = comment }, cancellationToken);

    /// <summary>
    /// Says what an image shows, whoever was asked about it: a correction of what stands, or the first word. It needs correct-decisions,
    /// unless what stands is one's own.
    /// </summary>
    /// <param name="dataset">Name of the dataset.</param>
    /// <param name="image">The image.</param>
    /// <param name="annotations">All that it shows, under the dataset's label schema; empty where it shows nothing of it.</param>
    /// <param name="comment">Why, for whoever reads the history.</param>
    /// <param name="cancellationToken">Gives up waiting; what was sent may still be recorded.</param>
    /// <returns><see cref="SubmitStatus.Conflict"/> where somebody else said something meanwhile.</returns>
    public Task<SubmitResult> CorrectAsync(
        string dataset, ImageId image, IReadOnlyList<Annotation> annotations, string? comment = null,
        CancellationToken cancellationToken = default) =>
        AmendAsync(dataset, image, _ => new Decision
        {
            Kind = DecisionKind.Label,
            Annotations = annotations,
            Comment = comment,
        }, cancellationToken);

    /// <summary>
    /// Says that what stands of an image is known for certain: nobody is asked about it, but to be checked by it (<see
    /// cref="Model.Policies.DatasetPolicies.GoldShare"/>). It needs correct-decisions.
    /// </summary>
    /// <param name="dataset">Name of the dataset.</param>
    /// <param name="image">The image.</param>
    /// <param name="annotations">What it shows; null for what stands.</param>
    /// <param name="comment">How that is known, for whoever reads the history.</param>
    /// <param name="cancellationToken">Gives up waiting; what was sent may still be recorded.</param>
    public Task<SubmitResult> MarkGoldAsync(
        string dataset, ImageId image, IReadOnlyList<Annotation>? annotations = null, string? comment = null,
        CancellationToken cancellationToken = default) =>
        AmendAsync(dataset, image, _ => new Decision
        {
            Kind = DecisionKind.Gold,
            Annotations = annotations ?? [],
            Comment = comment,
        }, cancellationToken);

    /// <summary>
    /// Says what asking about images is worth: of tasks of a kind the higher come first. Whoever is at one goes on. It needs start-rounds.
    /// </summary>
    /// <param name="dataset">Name of the dataset.</param>
    /// <param name="priorities">At most 1,000; images that nothing is asked about are left out.</param>
    /// <param name="cancellationToken">Gives up waiting; what was sent may still be done.</param>
    /// <returns>How many tasks were changed.</returns>
    public async Task<int> PrioritizeAsync(
        string dataset, IReadOnlyList<TaskPriority> priorities, CancellationToken cancellationToken = default) =>
        (await PostAsync($"{Dataset(dataset)}/tasks/priorities", priorities, ModelJson.Default.IReadOnlyListTaskPriority,
            ModelJson.Default.ChangedTasks, Guid.NewGuid(), cancellationToken).ConfigureAwait(false)).Tasks;

    /// <summary>What each person did in a dataset, and how far others agree, by name. It needs read-people.</summary>
    public Task<IReadOnlyList<PersonWork>> ListPeopleAsync(string dataset, CancellationToken cancellationToken = default) =>
        GetAllAsync($"{Dataset(dataset)}/people", ModelJson.Default.IReadOnlyListPersonWork, cancellationToken);

    private async Task<SubmitResult> AmendAsync(
        string dataset, ImageId image, Func<ImageDetail, Decision> say, CancellationToken cancellationToken)
    {
        var detail = await GetImageAsync(dataset, image, cancellationToken).ConfigureAwait(false);
        var command = new SubmitDecision(image, Guid.NewGuid(), say(detail), ExpectedVersion: detail.Version);
        return (await SubmitAsync(dataset, [command], cancellationToken).ConfigureAwait(false))[0];
    }
}
