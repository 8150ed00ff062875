using Winnow.Model.Images;

namespace Winnow.Client;

/// <summary>Images that go in one request.</summary>
internal sealed record Lot(IReadOnlyList<LotEntry> Entries, IReadOnlyList<ReadOnlyMemory<byte>> Images)
{
    public int Count => Entries.Count;

    public long Bytes => Images.Sum(i => (long)i.Length);

    /// <summary>Some of them.</summary>
    public Lot Slice(int first, int count) => new([.. Entries.Skip(first).Take(count)], [.. Images.Skip(first).Take(count)]);
}

/// <summary>Gathers images into lots that are no larger than the caller wants and the server takes.</summary>
internal sealed class LotBuilder(ImportOptions options, IntakeLimits? limits)
{
    /// <summary>A quarter of what the server reads of a manifest.</summary>
    private const long MaxManifest = 1 << 20;
    // What stands around an image in the body, and around a name in the manifest; a name may be written with six bytes a character.
    private const long AroundImage = 256;
    private const long AroundName = 128;
    private const long BytesPerCharacter = 6;

    private readonly int _most = Math.Min(options.LotSize, limits?.MaxLotImages ?? options.LotSize);
    /// <summary>Largest body; a link takes one image by itself.</summary>
    private readonly long _mostBody = options.ViaPresignedUrls || limits is null ? long.MaxValue : limits.MaxLotBytes - AroundImage;
    private List<LotEntry> _entries = [];
    private List<ReadOnlyMemory<byte>> _images = [];
    private long _bytes;
    private long _manifest;

    public bool IsEmpty => _entries.Count == 0;

    public bool IsFull => _entries.Count >= _most;

    /// <summary>Why an image of so many bytes cannot be taken; null when it can.</summary>
    public string? Refuse(ImageToImport image, long size)
    {
        const string Advice = "Make it smaller, or have that raised.";
        if (size > limits?.MaxImageBytes)
            return $"It has {size} bytes and the server takes {limits.MaxImageBytes} (Images:MaxBytes). {Advice}";
        return AroundImage + size + ManifestOf(image) > _mostBody
            ? $"It has {size} bytes and a request may have {limits!.MaxLotBytes} in all (Api:MaxLotBytes). {Advice}"
            : null;
    }

    /// <summary>Whether an image fits beside those that are there.</summary>
    public bool Fits(ImageToImport image, long size)
    {
        if (IsEmpty) return true;
        var manifest = _manifest + ManifestOf(image);
        var body = _bytes + size + (_entries.Count + 1) * AroundImage + manifest;
        return !IsFull && _bytes + size <= options.LotBytes && manifest <= MaxManifest && body <= _mostBody;
    }

    public void Add(ImageToImport image, ReadOnlyMemory<byte> content)
    {
        _entries.Add(new LotEntry(image.Name, image.Label, image.Partition));
        _images.Add(content);
        _bytes += content.Length;
        _manifest += ManifestOf(image);
    }

    /// <summary>What was gathered; the next begins empty.</summary>
    public Lot Take()
    {
        var lot = new Lot(_entries, _images);
        (_entries, _images, _bytes, _manifest) = ([], [], 0, 0);
        return lot;
    }

    private static long ManifestOf(ImageToImport image) =>
        AroundName + BytesPerCharacter * ((image.Name?.Length ?? 0) + (image.Label?.Length ?? 0));
}
