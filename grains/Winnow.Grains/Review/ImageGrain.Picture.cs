using Winnow.Abstractions.Images;
using Winnow.Grains.Ports;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Grains.Review;

/// <summary>What is said of parts of a picture lies within it.</summary>
internal sealed partial class ImageGrain
{
    private (int Width, int Height)? _upright;

    private static string TooLarge(int bytes) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"The decision takes {bytes >> 20} MiB as it is kept, and {HistoryEntry.MaxBytes >> 20} MiB are the most. "
        + $"Say it with fewer points, or with masks in place of polygons.");

    /// <summary>A decision as it is kept.</summary>
    /// <param name="Decision">In the schema's words, and within the picture.</param>
    /// <param name="Cut">Shapes that were cut at the picture's edge.</param>
    /// <param name="Outside">What of it lies outside the picture, as a sentence; null for nothing.</param>
    private readonly record struct Kept(Decision Decision, int Cut = 0, string? Outside = null);

    private async Task<Kept> AsKeptAsync(Decision decision, CancellationToken cancellationToken)
    {
        var kept = await ToPictureAsync(decision, cancellationToken);
        return kept with { Decision = InWordsOf(_dataset.Schema, kept.Decision) };
    }

    /// <summary>The decision as it is kept for this picture (<see cref="PictureEdge"/>). One without shapes costs nothing.</summary>
    private async Task<Kept> ToPictureAsync(Decision decision, CancellationToken cancellationToken)
    {
        if (decision.Annotations.All(a => a is ClassTag)) return new Kept(decision);
        _upright ??= await UprightAsync(cancellationToken);
        // Of an image that the dataset does not hold, or that is no picture, something else is wrong.
        if (_upright is not { } size) return new Kept(decision);
        var kept = PictureEdge.Fit(decision.Annotations, size.Width, size.Height, out var outside);
        if (ReferenceEquals(kept, decision.Annotations)) return new Kept(decision, Outside: outside);
        var cut = kept.Zip(decision.Annotations).Count(a => !ReferenceEquals(a.First, a.Second));
        return new Kept(decision with { Annotations = kept }, cut, outside);
    }

    /// <summary>What of a decision was changed by holding it to the picture, as a sentence; null where nothing was.</summary>
    private string? Told(in Kept kept) => kept.Cut == 0 ? null : string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{kept.Cut} of {kept.Decision.Annotations.Count} shapes reached beyond the picture, which has {_upright!.Value.Width} × "
        + $"{_upright.Value.Height} pixels, and {(kept.Cut == 1 ? "was" : "were")} cut at its edge.");

    /// <summary>The picture's size as it stands upright; from its bytes where an early release took it in.</summary>
    private async Task<(int Width, int Height)?> UprightAsync(CancellationToken cancellationToken)
    {
        var record = await OnShardAsync((IShardIngest shard) => shard.FindAsync(_image, cancellationToken), cancellationToken);
        if (record is null || record.Row.Format.Length == 0) return null;
        if (record.Row.Upright is { } known) return known;
        var (bytes, fault) = await StoredImage.ReadAsync(
            objects, ContentPass.OfCluster(_dataset.Name, ContentPurpose.Derive), _image, cancellationToken);
        if (fault is not null || !headers.TryRead(bytes.Span, out var header, out _)) return null;
        return (record.Row with { Orientation = (byte)header.Orientation }).Upright;
    }
}
