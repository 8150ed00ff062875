using Winnow.Abstractions.Images;
using Winnow.Grains.Ports;
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

    /// <summary>What of a decision was changed by holding it to the picture, as a sentence; null where nothing was.</summary>
    private string? CutOf(Decision said, Decision kept)
    {
        var cut = 0;
        for (var i = 0; i < said.Annotations.Count; i++)
            if (kept.Annotations[i] with { Class = said.Annotations[i].Class } != said.Annotations[i]) cut++;
        return cut == 0 ? null : string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{cut} of {said.Annotations.Count} shapes reached beyond the picture, which has {_upright!.Value.Width} × "
            + $"{_upright.Value.Height} pixels, and {(cut == 1 ? "was" : "were")} cut at its edge.");
    }

    /// <summary>The decision as it is kept: in the schema's words, and within the picture.</summary>
    private async Task<(Decision Decision, string? Outside)> AsKeptAsync(Decision decision, CancellationToken cancellationToken)
    {
        var (kept, outside) = await ToPictureAsync(decision, cancellationToken);
        return (InWordsOf(_dataset.Schema, kept), outside);
    }

    /// <summary>
    /// The decision as it is kept for this picture (<see cref="PictureEdge"/>); or what of it lies outside, as a sentence. A decision
    /// without shapes costs nothing.
    /// </summary>
    private async Task<(Decision Decision, string? Outside)> ToPictureAsync(Decision decision, CancellationToken cancellationToken)
    {
        if (decision.Annotations.All(a => a is ClassTag)) return (decision, null);
        _upright ??= await UprightAsync(cancellationToken);
        // Of an image that the dataset does not hold, or that is no picture, something else is wrong.
        if (_upright is not { } size) return (decision, null);
        var kept = PictureEdge.Fit(decision.Annotations, size.Width, size.Height, out var outside);
        return (ReferenceEquals(kept, decision.Annotations) ? decision : decision with { Annotations = kept }, outside);
    }

    /// <summary>The picture's size as it stands upright; from its bytes where an early release took it in.</summary>
    private async Task<(int Width, int Height)?> UprightAsync(CancellationToken cancellationToken)
    {
        var record = await OnShardAsync((IShardIngest shard) => shard.FindAsync(_image, cancellationToken), cancellationToken);
        if (record is null || record.Row.Format.Length == 0) return null;
        if (record.Row.Upright is { } known) return known;
        var (bytes, fault) = await StoredImage.ReadAsync(objects, _dataset.Name, _image, cancellationToken);
        if (fault is not null || !headers.TryRead(bytes.Span, out var header, out _)) return null;
        return (record.Row with { Orientation = (byte)header.Orientation }).Upright;
    }
}
