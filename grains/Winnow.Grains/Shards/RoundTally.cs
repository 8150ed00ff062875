using Winnow.Abstractions.Health;
using Winnow.Abstractions.Training;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Model.Labels;

namespace Winnow.Grains.Shards;

/// <summary>
/// Counts what became of images that people were asked about. Most of it the index knows. What it does not, who could not tell and whether
/// an image was left for that, is read from the few histories concerned, once for each of their versions and of the label schema.
/// </summary>
internal sealed class RoundTally(IShardLedger ledger, ShardKey shard, ShardIndex index)
{
    private readonly Dictionary<int, (int Version, SchemaMap? Map, Skips Skips)> _known = [];

    /// <summary>Counts as of one moment; only what is read from histories may be newer.</summary>
    /// <param name="Asked">All of them.</param>
    /// <param name="Decided">Those that nobody needs to be asked about any more.</param>
    public readonly record struct Tally(int Asked, int Decided, OutcomeCounts Counts);

    public async Task<Tally> CountAsync(IEnumerable<int> ordinals, CancellationToken cancellationToken)
    {
        int asked = 0, decided = 0, rejected = 0, skipped = 0, withdrawn = 0, entries = 0;
        var (open, doubtful) = (new List<int>(), new List<int>());
        // In one go, before anything is waited for: the book goes on changing.
        foreach (var ordinal in ordinals)
        {
            asked++;
            if (index.IsOpen(ordinal))
            {
                // What is open and has a history was skipped, opened again, or labelled by some of several.
                if (index.VersionOf(ordinal) > 0) open.Add(ordinal);
                entries += index.VersionOf(ordinal);
                continue;
            }
            decided++;
            if (index.Has(ordinal, ShardIndex.Flags.Quarantined)) withdrawn++;
            else if (index.LabelOf(ordinal) >= 0) continue;
            else if (index.VersionOf(ordinal) < ImageHistory.MaxSkips) rejected++;
            else doubtful.Add(ordinal);
        }
        foreach (var ordinal in doubtful)
        {
            if ((await SkipsOfAsync(ordinal, cancellationToken)).Last) skipped++;
            else rejected++;
        }
        int skips = 0, skipping = 0;
        HashSet<string>? everywhere = null;
        foreach (var ordinal in open)
        {
            var people = (await SkipsOfAsync(ordinal, cancellationToken)).People;
            if (people.Length == 0) continue;
            skipping++;
            skips += people.Length;
            if (everywhere is null) everywhere = new HashSet<string>(people, StringComparer.Ordinal);
            else everywhere.IntersectWith(people);
        }
        return new Tally(asked, decided,
            new OutcomeCounts(rejected, skipped, withdrawn, skipping, skips, everywhere is null ? [] : [.. everywhere], entries));
    }

    /// <summary>Who could not tell what an image shows.</summary>
    public async ValueTask<Skips> SkipsOfAsync(int ordinal, CancellationToken cancellationToken)
    {
        var map = index.Map;
        if (_known.TryGetValue(ordinal, out var known) && known.Version == index.VersionOf(ordinal) && ReferenceEquals(known.Map, map))
            return known.Skips;
        var rows = await ledger.ReadHistoryAsync(shard, index.IdOf(ordinal), cancellationToken);
        Skips skips;
        try
        {
            var entries = rows.Select(r => ImageHistory.FromRow(r));
            skips = ImageHistory.SkipsOf([.. map is null ? entries : entries.Select(e => ImageHistory.Mapped(e, map))]);
        }
        catch (SetAsideException)
        {
            // Whoever looks at the image is told so; the round's other images are counted.
            skips = ImageHistory.SkipsOf([]);
        }
        _known[ordinal] = (rows.Count, map, skips);
        return skips;
    }
}
