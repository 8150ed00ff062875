using Winnow.Model.Images;

namespace Winnow.Model.Review;

/// <summary>
/// What became of a lease that was presented: it goes on, it could not be looked at now, or it is none any more. Where it is not as it
/// should be, the reason says why.
/// </summary>
/// <param name="Image">The image; null where the lease is none of this cluster's.</param>
/// <param name="Lease">The lease to go on with, the same or one that ends later; null when the task is not the person's any more.</param>
/// <param name="LeasedUntil">
/// When it ends; null where there is none any more, and where nothing could be learnt of it: present it again soon.
/// </param>
/// <param name="Reason">Why the task is not the person's any more, or why nothing is known of it.</param>
public sealed record RenewedLease(ImageId? Image, string? Lease, DateTimeOffset? LeasedUntil, string? Reason = null)
{
    /// <summary>Most leases that are presented at once.</summary>
    public const int MostAtOnce = 1_000;
}
