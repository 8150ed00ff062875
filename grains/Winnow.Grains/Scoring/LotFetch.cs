using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Winnow.Grains.Ports;
using Winnow.Model.Images;

namespace Winnow.Grains.Scoring;

/// <summary>
/// Fetches the images of one lot. One that the store does not give, though it gives others, is stood in for by a plain picture, so that the
/// lot goes on, and named at the end. A store that is away, or gives none at all, is no property of an image: then the lot waits.
/// </summary>
/// <remarks>
/// After a lot of which nothing was given, one image is looked at before the next lot of the dataset is run: on plain pictures a device
/// would work for nothing, for as long as the store is empty.
/// </remarks>
internal sealed class LotFetch(IObjectStore objects, string dataset, EmptyStores? empty = null)
{
    /// <summary>Other images that are asked for where the lot itself has none that was given.</summary>
    private const int OthersAsked = 3;
    private const string Gone = "Its bytes are not in the object store.";

    private readonly ContentPass _pass = ContentPass.OfCluster(dataset, ContentPurpose.Model);
    private readonly ConcurrentDictionary<ImageId, string> _lost = new();

    // An image of the lot that was given, if any was.
    private volatile StrongBox<ImageId>? _given;

    /// <summary>The bytes of an image, or a plain picture in their place.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> GetAsync(ImageId image, CancellationToken cancellationToken)
    {
        var (bytes, problem) = await LookAsync(image, cancellationToken);
        if (problem is not null)
        {
            _lost[image] = problem;
            return CarefulEmbedder.PlainPicture;
        }
        // A lot may be run more than once, and what an image is run on last counts.
        _lost.TryRemove(image, out _);
        _given = new StrongBox<ImageId>(image);
        return bytes;
    }

    /// <summary>Looks whether the store gives anything, where it gave nothing the last time.</summary>
    /// <exception cref="IOException">It gives nothing.</exception>
    public async Task LookFirstAsync(IReadOnlyList<ImageId> images, CancellationToken cancellationToken)
    {
        if (empty?.Contains(dataset) != true || images.Count == 0) return;
        await GetAsync(images[0], cancellationToken);
        if (await FindWitnessAsync(cancellationToken) is null) throw GivesNone();
        empty.Remove(dataset);
    }

    private IOException GivesNone()
    {
        empty?.Add(dataset);
        return new IOException(
            $"The object store gives none of the images of '{dataset}' that were asked for, such as {_lost.Keys.First()}: "
            + $"{_lost.Values.First()} They wait until it gives some. Look whether its folder or bucket is the right one, and whole.");
    }

    /// <summary>
    /// The images of the lot that the store does not give, each with the reason. An image that the store gives is the witness that it is
    /// there: asked for before the lost ones are looked at again and after, so that a store that goes or comes back puts none aside.
    /// </summary>
    /// <exception cref="IOException">It is not certain that it is for them: the lot is to be tried again.</exception>
    public async Task<IReadOnlyDictionary<ImageId, string>> SettleAsync(CancellationToken cancellationToken)
    {
        var lost = new Dictionary<ImageId, string>();
        if (_lost.IsEmpty) return lost;
        var witness = await FindWitnessAsync(cancellationToken) ?? throw GivesNone();
        foreach (var image in _lost.Keys)
        {
            if ((await LookAsync(image, cancellationToken)).Problem is not { } problem)
                throw new IOException($"The object store did not give {image} and gave it a moment later; the lot is tried again.");
            lost[image] = $"{problem} Restore them from a backup, or find out with winnow verify {dataset} what else is lost.";
        }
        if (await GivesAsync(witness, cancellationToken)) return lost;
        throw new IOException($"The object store gave {witness} and does not a moment later; the lot is tried again.");
    }

    /// <summary>The bytes of an image, or why there are none.</summary>
    /// <exception cref="Exception">The store is away.</exception>
    private async Task<(ReadOnlyMemory<byte> Bytes, string? Problem)> LookAsync(ImageId image, CancellationToken cancellationToken)
    {
        var (bytes, fault) = await StoredImage.FetchAsync(objects, _pass, image, cancellationToken);
        return (bytes, fault is null ? null : fault.IsMissing ? Gone : $"{char.ToUpperInvariant(fault.Reason[0])}{fault.Reason[1..]}");
    }

    private async Task<bool> GivesAsync(ImageId image, CancellationToken cancellationToken) =>
        (await LookAsync(image, cancellationToken)).Problem is null;

    /// <summary>An image that the store gives now: one of the lot, or else another of the dataset.</summary>
    private async Task<ImageId?> FindWitnessAsync(CancellationToken cancellationToken)
    {
        if (_given is { Value: var given } && await GivesAsync(given, cancellationToken)) return given;
        var asked = 0;
        await foreach (var (key, _) in objects.ListAsync(ObjectKeys.ImageFolder(dataset), cancellationToken))
        {
            if (!ImageId.TryParse(key[(key.LastIndexOf('/') + 1)..], out var image) || _lost.ContainsKey(image)) continue;
            if (await GivesAsync(image, cancellationToken)) return image;
            if (++asked >= OthersAsked) break;
        }
        return null;
    }
}
