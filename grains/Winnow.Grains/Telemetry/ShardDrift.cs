using Winnow.Algorithms.Scoring;
using Winnow.Grains.Columns;

namespace Winnow.Grains.Telemetry;

/// <summary>
/// Counts one shard's predictions for the drift gauges: of the rows that the champion found when it came, and of the newest rows. After a
/// restart the rows found then stand for those at promotion.
/// </summary>
internal sealed class ShardDrift(Func<int> classesNow)
{
    /// <summary>Newest rows of a shard that count as recent.</summary>
    public const int Newest = 1_000;

    private long[] _reference = [];
    private double _referenceMargin;
    private volatile DriftFigures? _figures;

    /// <summary>What the gauges read; null without a model.</summary>
    public DriftFigures? Figures => _figures;

    /// <summary>The pool was scored by a new champion, or there is none any more.</summary>
    public void Promoted(SegmentColumn? scores)
    {
        (_figures, _reference) = (null, []);
        if (scores is null || scores.Count == 0) return;
        Published(scores);
    }

    /// <summary>More rows were scored.</summary>
    public void Published(SegmentColumn? scores)
    {
        if (scores is null || scores.Count == 0) return;
        if (_reference.Length == 0) (_reference, _referenceMargin) = Count(scores, 0);
        var (recent, margin) = Count(scores, Math.Max(0, scores.Count - Newest));
        _figures = new DriftFigures(_reference, recent, _referenceMargin, margin);
    }

    private (long[] Counts, double Margin) Count(SegmentColumn scores, int from)
    {
        var classes = classesNow();
        var counts = new long[classes];
        double margin = 0;
        while (from < scores.Count)
        {
            var rows = scores.Rows<ImageScore>(from, scores.Count - from, out var read);
            foreach (ref readonly var score in rows)
            {
                // An image without an embedding has no prediction.
                if (score.Predicted >= classes) continue;
                counts[score.Predicted]++;
                margin += score.Margin;
            }
            from += read;
        }
        return (counts, margin);
    }
}
