using Winnow.Model.Names;

namespace Winnow.Model.Images;

/// <summary>A request for links to upload images straight to the object store.</summary>
/// <param name="Count">How many. 1 to 1,000.</param>
public sealed record PrepareUploads(int Count);

/// <summary>A place for the bytes of one image.</summary>
/// <param name="Id">Names it when the upload is complete.</param>
/// <param name="Url">Where to PUT the bytes. Whoever has it needs no key.</param>
public sealed record UploadSlot(string Id, Uri Url);

/// <summary>Places for the bytes of images.</summary>
/// <param name="Slots">One per image.</param>
/// <param name="ExpiresAt">Until when they take bytes.</param>
public sealed record UploadSlots(IReadOnlyList<UploadSlot> Slots, DateTimeOffset ExpiresAt);

/// <summary>An image whose bytes were uploaded.</summary>
/// <param name="Id">Of its slot.</param>
/// <param name="Name">The name it is to have.</param>
/// <param name="Label">A class that is known for it, or null.</param>
/// <param name="Partition">What it is for.</param>
public sealed record UploadedImage(
    string Id,
    [property: Text(TextKind.Exact, ImageName.MaxSent)] string Name,
    [property: Text(TextKind.Exact)] string? Label = null,
    Partition Partition = Partition.Pool);

/// <summary>A link that reads an image straight from the object store.</summary>
/// <param name="Url">The link. Whoever has it needs no key.</param>
/// <param name="ExpiresAt">Until when it reads.</param>
public sealed record ImageUrl(Uri Url, DateTimeOffset ExpiresAt);
