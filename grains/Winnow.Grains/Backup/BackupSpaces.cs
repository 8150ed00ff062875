using System.Runtime.InteropServices;
using Winnow.Algorithms.Scoring;
using Winnow.Grains.Columns;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;

namespace Winnow.Grains.Backup;

/// <summary>
/// The spaces of vectors that a backup tells of: which columns belong to which, and what a row of each has. What no space names, or does
/// not have the shape that its space says, is not taken over.
/// </summary>
/// <param name="dataset">The dataset under its new name.</param>
/// <param name="control">The control state with the keys of the new dataset.</param>
/// <param name="places">What rows and states name.</param>
/// <param name="isStored">Whether an object is in its place.</param>
internal sealed class BackupSpaces(DatasetInfo dataset, BackupControl control, BackupPlaces places, Func<string, bool> isStored)
{
    // Bytes of a row of embeddings, by backbone: as its projection says, or the first segment of those that have none.
    private readonly Dictionary<string, int> _embedding = new(StringComparer.Ordinal);

    private readonly IReadOnlyList<Space> _spaces =
    [
        .. control.Dataset.ToLearning() is var learning && learning.Others is { } others
            ? others.Prepend(learning.Serving(dataset.Settings.Backbone)).Select(s => new Space(
                s.Backbone,
                places.All.OfType<ProjectionObject>().FirstOrDefault(p => p.Key == s.ProjectionKey && isStored(p.Key)),
                s.HeadKey is { } head && isStored(head) ? s.ModelName : null))
            : [],
    ];

    /// <summary>Whether a segment that is in its place is one of a space, and of that space's shape.</summary>
    public bool Fits(SegmentObject segment) => segment.Line.Kind switch
    {
        SegmentKinds.Embedding => _spaces.FirstOrDefault(s => EmbeddingVersion.IsOf(segment.Line.Version, s.Backbone)) is { } space
            && segment.RowBytes == EmbeddingOf(space, segment),
        SegmentKinds.Projection => _spaces.FirstOrDefault(s => s.Projection?.Sha256 == segment.Line.Version)?.Projection is { } projection
            && segment.RowBytes == projection.Shape?.Out * sizeof(ushort),
        _ => _spaces.Any(s => s.Champion == segment.Line.Version) && segment.RowBytes == Marshal.SizeOf<ImageScore>(),
    };

    private int EmbeddingOf(Space space, SegmentObject segment)
    {
        if (!_embedding.TryGetValue(space.Backbone, out var bytes))
            _embedding[space.Backbone] = bytes = space.Projection?.Shape?.In * sizeof(ushort) ?? segment.RowBytes;
        return bytes;
    }

    private sealed record Space(string Backbone, ProjectionObject? Projection, string? Champion);
}
