using Winnow.Abstractions.Acts;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Security;
using Winnow.Model.Acts;
using Winnow.Model.Images;
using Winnow.Model.Security;

namespace Winnow.Grains.Ports;

/// <summary>
/// Leave to take original bytes of images of one dataset out of the store, for one caller and one purpose. Nothing else takes them
/// (<see cref="StoredImage"/>), and there is none but for a purpose that names what it needs: what is not allowed here is not possible.
/// </summary>
public sealed class ContentPass
{
    private ContentPass(string dataset, ContentPurpose purpose, string? by) => (Dataset, Purpose, By) = (dataset, purpose, by);

    /// <summary>Whose images.</summary>
    public string Dataset { get; }

    /// <summary>What for.</summary>
    public ContentPurpose Purpose { get; }

    /// <summary>For whom; null for the cluster itself.</summary>
    public string? By { get; }

    /// <summary>For somebody to whom many images go; the act is written down by who begins to answer.</summary>
    /// <exception cref="ForbiddenException">They may not have them.</exception>
    public static ContentPass For(string dataset, ContentPurpose purpose, ContentCaller caller) =>
        purpose == ContentPurpose.Review
            ? throw new ArgumentOutOfRangeException(nameof(purpose), purpose, "Each image that somebody looks at is an act of its own.")
            : Of(dataset, purpose, caller);

    /// <summary>
    /// For somebody who looks at one image. That they do is on disk before they can: where it cannot be written down, nothing is given out.
    /// </summary>
    /// <param name="acts">Where it is written down.</param>
    /// <param name="what">How they have it.</param>
    /// <param name="dataset">Whose image.</param>
    /// <param name="image">The image.</param>
    /// <param name="caller">Who.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ForbiddenException">They may not have it.</exception>
    public static async Task<ContentPass> ForOneAsync(
        IActBook acts, ActKind what, string dataset, ImageId image, ContentCaller caller, CancellationToken cancellationToken)
    {
        var pass = Of(dataset, ContentPurpose.Review, caller);
        var act = new ActDraft(what) { Dataset = dataset, Image = image, Outcome = ActOutcome.Begun, Purpose = "review" };
        await acts.NoteAsync(act, new ActCaller(caller.Actor, caller.Address), cancellationToken).ConfigureAwait(false);
        return pass;
    }

    private static ContentPass Of(string dataset, ContentPurpose purpose, ContentCaller caller) =>
        WhyNot(purpose, caller.Permissions) is { } missing ? throw new ForbiddenException(missing)
            : new ContentPass(dataset, purpose, caller.Actor);

    /// <summary>For the cluster's own work, of which no bytes go out.</summary>
    /// <exception cref="ArgumentOutOfRangeException">By that purpose they would.</exception>
    public static ContentPass OfCluster(string dataset, ContentPurpose purpose) =>
        purpose is ContentPurpose.Model or ContentPurpose.Derive or ContentPurpose.Check ? new ContentPass(dataset, purpose, null)
            : throw new ArgumentOutOfRangeException(nameof(purpose), purpose, "Bytes go out by that purpose: name the caller.");

    /// <summary>Why somebody cannot have original bytes, as a sentence; null where they can.</summary>
    public static string? WhyNot(ContentPurpose purpose, PermissionSet permissions)
    {
        Permission[] needs = purpose switch
        {
            ContentPurpose.Review => [Permission.ReadImages, Permission.ReadOriginals],
            ContentPurpose.Export or ContentPurpose.Backup => [Permission.ExportData, Permission.ReadOriginals],
            _ => throw new ArgumentOutOfRangeException(nameof(purpose), purpose, "Nobody is given bytes for it."),
        };
        foreach (var need in needs)
            if (!permissions.Contains(need))
                return $"The original bytes of images need the permission {System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(
                    need.ToString())}, which you do not hold here. Smaller copies ('thumbnail') need read-images alone.";
        return null;
    }
}
