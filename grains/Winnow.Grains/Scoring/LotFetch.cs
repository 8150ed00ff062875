using System.Collections.Concurrent;
using Winnow.Grains.Ports;
using Winnow.Model.Images;

namespace Winnow.Grains.Scoring;

/// <summary>
/// Fetches the images of one lot. One that the store does not give, though it gives others, is stood in for by a plain picture, so that the
/// lot goes on, and named at the end. A store that is away, or gives none at all, is no property of an image: then the lot waits.
/// </summary>
internal sealed class LotFetch(IObjectStore objects, string dataset)
{
    /// <summary>Other images that are asked for where the lot itself has none that was given.</summary>
    private const int OthersAsked = 3;
    private const string Gone = "Its bytes are not in the object store.";

    private readonly ConcurrentDictionary<ImageId, string> _lost = new();
    private int _given;

    /// <summary>The bytes of an image, or a plain picture in their place.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> GetAsync(ImageId image, CancellationToken cancellationToken)
    {
        var (bytes, problem) = await LookAsync(ObjectKeys.Image(dataset, image), cancellationToken);
        if (problem is not null)
        {
            _lost[image] = problem;
            return CarefulEmbedder.PlainPicture;
        }
        // A lot may be run more than once, and what an image is run on last counts.
        _lost.TryRemove(image, out _);
        Interlocked.Increment(ref _given);
        return bytes;
    }

    /// <summary>The images of the lot that the store does not give, each with the reason.</summary>
    /// <exception cref="IOException">It is not certain that it is for them: the lot is to be tried again.</exception>
    public async Task<IReadOnlyDictionary<ImageId, string>> SettleAsync(CancellationToken cancellationToken)
    {
        var lost = new Dictionary<ImageId, string>();
        foreach (var image in _lost.Keys)
        {
            if ((await LookAsync(ObjectKeys.Image(dataset, image), cancellationToken)).Problem is not { } problem)
                throw new IOException($"The object store did not give {image} and gave it a moment later; the lot is tried again.");
            lost[image] = $"{problem} Restore them from a backup, or find out with winnow verify {dataset} what else is lost.";
        }
        if (lost.Count == 0 || _given > 0 || await GivesOthersAsync(lost, cancellationToken)) return lost;
        throw new IOException(
            $"The object store gives none of the images of '{dataset}' that were asked for, such as {lost.Keys.First()}: "
            + $"{_lost.Values.First()} They wait until it gives some. Look whether its folder or bucket is the right one, and whole.");
    }

    /// <summary>The bytes under a key, or why there are none.</summary>
    /// <exception cref="Exception">The store is away.</exception>
    private async Task<(ReadOnlyMemory<byte> Bytes, string? Problem)> LookAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return await objects.GetAsync(key, cancellationToken) is { } bytes ? (bytes, null) : (default, Gone);
        }
        catch (ObjectUnreadableException refused)
        {
            return (default, $"Its bytes cannot be read. {refused.Message}");
        }
    }

    private async Task<bool> GivesOthersAsync(Dictionary<ImageId, string> lost, CancellationToken cancellationToken)
    {
        var asked = 0;
        await foreach (var (key, _) in objects.ListAsync(ObjectKeys.ImageFolder(dataset), cancellationToken))
        {
            if (!ImageId.TryParse(key[(key.LastIndexOf('/') + 1)..], out var image) || lost.ContainsKey(image)) continue;
            if ((await LookAsync(key, cancellationToken)).Problem is null) return true;
            if (++asked >= OthersAsked) return false;
        }
        return false;
    }
}
