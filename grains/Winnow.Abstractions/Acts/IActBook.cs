using Winnow.Abstractions.Security;
using Winnow.Model.Acts;
using Winnow.Model.Images;

namespace Winnow.Abstractions.Acts;

/// <summary>Who acts, and from where.</summary>
/// <param name="Actor">As history names them.</param>
/// <param name="Address">The address that they call from; null where there is none.</param>
public sealed record ActCaller(string Actor, string? Address)
{
    /// <summary>The caller of the request that is being answered.</summary>
    public static ActCaller OfRequest(string actor) => new(actor, CallerContext.Address);
}

/// <summary>An act before it is written down.</summary>
/// <param name="What">What is done.</param>
public sealed record ActDraft(ActKind What)
{
    /// <summary>How it ended.</summary>
    public ActOutcome Outcome { get; init; } = ActOutcome.Done;

    /// <summary>The dataset that it is done in; null for the cluster.</summary>
    public string? Dataset { get; init; }

    /// <summary>The image of the dataset that it is done to; the act then stands with the image's shard.</summary>
    public ImageId? Image { get; init; }

    /// <summary>Whom it is about, where that is a person or a service.</summary>
    public string? About { get; init; }

    /// <summary>Which thing it is done to, in few words that name no person.</summary>
    public string? Of { get; init; }

    /// <summary>What bytes are wanted for.</summary>
    public string? Purpose { get; init; }

    /// <summary>What was written with it; the record keeps a salted hash. Empty: nothing.</summary>
    public ReadOnlyMemory<byte> Content { get; init; }
}

/// <summary>Which acts are asked for. What is null asks for nothing.</summary>
/// <param name="Dataset">Those of one dataset, its shards' included; null: the cluster's own stream.</param>
public sealed record ActQuery(string? Dataset)
{
    /// <summary>Who acted: the whole text, or the principal or the name that it was done for.</summary>
    public string? Actor { get; init; }

    /// <summary>What was done.</summary>
    public ActKind? What { get; init; }

    /// <summary>The image that it was done to.</summary>
    public ImageId? Image { get; init; }

    /// <summary>From then on.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Before then.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>'next' of the page before.</summary>
    public string? After { get; init; }

    /// <summary>How many at most, 1 to 1,000.</summary>
    public int Limit { get; init; } = 100;
}

/// <summary>
/// The trail of who did what. What is noted is on disk when the task completes, and can be changed by nobody from then on.
/// </summary>
public interface IActBook
{
    /// <summary>
    /// Writes an act down. Nothing is written while silos of a release that knows no acts are in the cluster, nor of a dataset that is not
    /// there.
    /// </summary>
    Task NoteAsync(ActDraft act, ActCaller caller, CancellationToken cancellationToken);

    /// <summary>
    /// Leaves an act to be written within a second: for what comes so often that nobody shall wait for it. What was left when a server is
    /// killed is lost.
    /// </summary>
    Task NoteSoonAsync(ActDraft act, ActCaller caller, CancellationToken cancellationToken);

    /// <summary>
    /// A page of acts. Going on from page to page, nothing that was there when the first was asked for is left out or told twice, whoever
    /// acts meanwhile.
    /// </summary>
    /// <exception cref="Datasets.RefusedException">'after' is not of a page of this question.</exception>
    Task<ActPage> ListAsync(ActQuery query, CancellationToken cancellationToken);
}
