using Winnow.Model.Security;

namespace Winnow.Abstractions.Images;

/// <summary>Who wants bytes of images, and what they may do in the dataset that these are of.</summary>
/// <param name="Actor">As history would name them.</param>
/// <param name="Permissions">Held in the dataset at this moment.</param>
/// <param name="Address">The address that they call from; null where there is none.</param>
public sealed record ContentCaller(string Actor, PermissionSet Permissions, string? Address = null);
