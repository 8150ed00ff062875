using Winnow.Abstractions.Scoring;
using Winnow.Grains.Columns;
using Winnow.Grains.Ports;

namespace Winnow.Grains.Shards;

/// <summary>A lot that came back from a device, with the version of what it holds.</summary>
internal sealed record MadeLot(string Version, EmbeddedLot Lot);

/// <summary>Lots that came back and are not published yet: in the order of rows, and all of one version.</summary>
internal sealed class LotBuffer
{
    private readonly List<EmbeddedLot> _lots = [];

    /// <summary>Their version; null while there are none.</summary>
    public string? Version { get; private set; }

    /// <summary>Rows in them.</summary>
    public int Count { get; private set; }

    /// <summary>Why images among them were refused, by how far they stand behind the first.</summary>
    public IEnumerable<QuarantineRow> Refused(int first)
    {
        var at = first;
        foreach (var reason in _lots.SelectMany(l => l.Reasons))
        {
            if (reason is not null) yield return new QuarantineRow(at, reason);
            at++;
        }
    }

    /// <exception cref="InvalidOperationException">It is of another version than those before it.</exception>
    public void Add(MadeLot made)
    {
        if (Version is not null && Version != made.Version) throw ShardLots.Mixed(Version, made.Version);
        Version = made.Version;
        _lots.Add(made.Lot);
        Count += made.Lot.Reasons.Length;
    }

    public void Clear()
    {
        _lots.Clear();
        (Version, Count) = (null, 0);
    }

    /// <summary>The rows as a segment that is not sealed yet.</summary>
    public byte[] ToSegment()
    {
        var segment = SegmentFormat.Allocate(_lots[0].Dimensions * sizeof(ushort), Count);
        var to = SegmentFormat.Rows(segment);
        foreach (var lot in _lots)
        {
            lot.Vectors.CopyTo(to);
            to = to[lot.Vectors.Length..];
        }
        return segment;
    }
}
