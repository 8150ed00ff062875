using Winnow.Model.Images;
using Winnow.Model.Review;

namespace Winnow.Abstractions.Review;

/// <summary>The review queue of a dataset: merges the shards' heads by priority and hands out leases. Key: the dataset.</summary>
[Alias("winnow.queue")]
public interface IQueueGrain : IGrainWithStringKey
{
    /// <summary>
    /// Hands out up to <see cref="LeaseRequest.Max"/> tasks, none to more people than are to answer it while their leases run. Where the
    /// request names no kinds, first labels alone: what the person may do beside is for the caller to say.
    /// </summary>
    [Alias("take")]
    Task<ReviewTask[]> TakeAsync(LeaseRequest request, string actor, CancellationToken cancellationToken);

    /// <summary>Gives tasks back unanswered.</summary>
    [Alias("release")]
    Task ReleaseAsync(ImageId[] images, string actor, CancellationToken cancellationToken);

    /// <summary>The same, and says which.</summary>
    /// <returns>Those that the person held, each once.</returns>
    [Alias("give-back")]
    Task<ImageId[]> GiveBackAsync(ImageId[] images, string actor, CancellationToken cancellationToken);

    /// <summary>
    /// Presents leases: whoever holds one keeps the task, also from a queue that has followed the one which gave it, and for longer once a
    /// quarter of its time is over. Answers come in the order of the leases.
    /// </summary>
    [Alias("renew")]
    Task<RenewedLease[]> RenewAsync(string[] leases, string actor, CancellationToken cancellationToken);

    /// <summary>An image needs no more asking, or (<paramref name="closed"/> false) somebody else is to be asked.</summary>
    [Alias("answered")]
    Task AnsweredAsync(ImageId image, string actor, bool closed, CancellationToken cancellationToken);

    /// <summary>
    /// The same as of an entry of the image's history, and of whom: word of it may come late, when the image was opened again and set aside
    /// anew, and then it is of no account. Null for nobody who is at work.
    /// </summary>
    [Alias("settled")]
    Task SettledAsync(ImageId image, int version, string? actor, bool closed, CancellationToken cancellationToken);

    /// <summary>A person has labelled an image, and others are to, each without knowing of the others.</summary>
    [Alias("in-part")]
    Task AnsweredInPartAsync(ImageId image, string actor, CancellationToken cancellationToken);

    /// <summary>A person took back that they cannot tell: they may be asked about the image.</summary>
    [Alias("may-ask")]
    Task MayAskAsync(ImageId image, string actor, CancellationToken cancellationToken);

    /// <summary>
    /// Asking about these images is worth something else from now on. Whoever is at one goes on; what is asked about no more is left out.
    /// </summary>
    /// <returns>How many tasks these were.</returns>
    [Alias("prioritize")]
    Task<int> PrioritizeAsync(TaskPriority[] priorities, CancellationToken cancellationToken);

    /// <summary>Nobody is to be asked about these images any more.</summary>
    [Alias("withdrawn")]
    Task WithdrawnAsync(ImageId[] images, CancellationToken cancellationToken);

    /// <summary>Who is at work: has asked for tasks or answered any of late.</summary>
    [Alias("at-work")]
    Task<string[]> GetAtWorkAsync(CancellationToken cancellationToken);

    /// <summary>Gives everything back to the shards that no person holds: the silo is about to stop.</summary>
    [Alias("let-go")]
    Task LetGoAsync(CancellationToken cancellationToken);

    /// <summary>The dataset's label schema has a new version: leases that are given from now on say so.</summary>
    [Alias("schema")]
    Task FollowSchemaAsync(CancellationToken cancellationToken);

    /// <summary>A shard has new tasks.</summary>
    [Alias("work")]
    Task WorkArrivedAsync(int shard, CancellationToken cancellationToken);
}
