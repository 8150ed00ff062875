using Winnow.Model.Images;
using Winnow.Model.Names;

namespace Winnow.Client;

/// <summary>
/// The images of a dataset by their names, for files that call images as the files are called: by the path below the folder that was
/// imported. Names are the same in any Unicode form, with <c>./</c> in front, with backslashes, and as Winnow stores them; where a name
/// could mean several images by these, those whose name is nearest are meant. Images of different content may bear one name, which then
/// names all of them.
/// </summary>
public sealed class ImageNames
{
    private readonly Dictionary<string, List<ImageId>> _usable = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<ImageId>> _quarantined = new(StringComparer.Ordinal);

    private ImageNames()
    {
    }

    /// <summary>Reads the names of images, such as <see cref="WinnowClient.ListImagesAsync"/> lists.</summary>
    public static async Task<ImageNames> ReadAsync(IAsyncEnumerable<ImageSummary> images, CancellationToken cancellationToken = default)
    {
        var names = new ImageNames();
        await foreach (var image in images.WithCancellation(cancellationToken))
        {
            var known = image.Stage == Stage.Quarantined ? names._quarantined : names._usable;
            var key = ImageName.Compared(image.Name);
            if (known.TryGetValue(key, out var others)) others.Add(image.Id);
            else known[key] = [image.Id];
        }
        return names;
    }

    /// <summary>
    /// The images that a name means: none, one, or several that differ. One that cannot be used counts only where no other bears the name,
    /// as it may well be the same file before it was mended.
    /// </summary>
    public IReadOnlyList<ImageId> Find(string name)
    {
        foreach (var key in LabelNames.Keys(name))
            if (_usable.TryGetValue(key, out var images) || _quarantined.TryGetValue(key, out images)) return images;
        return [];
    }
}
