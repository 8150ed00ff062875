using Winnow.Abstractions.Health;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Model.Images;
using Winnow.Model.Labels;

namespace Winnow.Grains.Shards;

/// <summary>
/// The labels of a schema whose labels are sets of classes. Memory knows only of which images there is one; the sets are read from the
/// histories, a few at a time, and none is kept.
/// </summary>
internal sealed class ShardSets(ShardWriter writer, ShardIndex index, IShardLedger ledger)
{
    private const int HistoriesAtOnce = 32;

    /// <summary>
    /// The classes of each of these labelled rows, ascending, as they stand at the moment of the call; null where that cannot be read. One
    /// without a class is empty: nothing of the schema is there.
    /// </summary>
    public async Task<int[]?[]> ReadAsync(IReadOnlyList<int> ordinals, CancellationToken cancellationToken)
    {
        var sets = new int[]?[ordinals.Count];
        var map = SchemaMap.Of(writer.Dataset.Schema);
        var classes = new ClassIndex(writer.Dataset.Schema);
        var said = new List<(int At, ImageId Image, int Version)>();
        for (var i = 0; i < sets.Length; i++)
        {
            var (o, label) = (ordinals[i], index.LabelOf(ordinals[i]));
            // What came with an image is one class.
            if (label == HistoryRow.LabelSet) said.Add((i, index.IdOf(o), index.VersionOf(o)));
            else if (index.LearnedOf(o) is >= 0 and var came) sets[i] = [came];
        }
        foreach (var lot in said.Chunk(HistoriesAtOnce))
        {
            var histories = (await ledger.ReadHistoryAsync(writer.Key, [.. lot.Select(s => s.Image)], cancellationToken))
                .ToLookup(r => r.Image);
            foreach (var (at, image, version) in lot)
                // Somebody may have said more since.
                sets[at] = Read(histories[image].Where(r => r.Version <= version), map, classes);
        }
        return sets;
    }

    private static int[]? Read(IEnumerable<HistoryRow> rows, SchemaMap map, ClassIndex classes)
    {
        try
        {
            var standing = ImageHistory.Fold([.. rows.Select(r => ImageHistory.Mapped(ImageHistory.FromRow(r), map))]);
            // What became of a retired class teaches nothing.
            return standing.IsLabelled
                ? [.. standing.Annotations.Select(a => map.Learned(classes.Find(a.Class))).Where(c => c >= 0).Distinct().Order()] : null;
        }
        catch (SetAsideException)
        {
            // Whoever looks at the image is told so.
            return null;
        }
    }
}
