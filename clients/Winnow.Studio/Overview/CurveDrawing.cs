using Winnow.Model.Training;
using Winnow.Studio.Shell;

namespace Winnow.Studio.Overview;

/// <summary>
/// Learning curves as lines of a drawing 480 wide and 252 high: accuracy up, labels to the right. Each point is the server's; nothing is
/// smoothed, and what was not measured is left out.
/// </summary>
public sealed class CurveDrawing
{
    private const double Left = 40, Right = 415, Top = 34, Bottom = 214;

    private CurveDrawing(IReadOnlyList<Line> lines, IReadOnlyList<(double, string)> ticks, IReadOnlyList<(double, string)> labels) =>
        (Lines, Ticks, Labels) = (lines, ticks, labels);

    public IReadOnlyList<Line> Lines { get; }

    public IReadOnlyList<(double At, string Name)> Ticks { get; }

    public IReadOnlyList<(double At, string Name)> Labels { get; }

    /// <summary>Null while no arm has two points: one is no curve.</summary>
    public static CurveDrawing? Of(IReadOnlyList<LearningCurveInfo> curves)
    {
        var measured = curves.Where(c => Arms.IsOfRounds(c.Arm))
            .Select(c => (c.Arm, Points: c.Points.Where(p => Accuracy(p) is not null).OrderBy(p => p.Labels).ToList()))
            .Where(c => c.Points.Count > 1).ToList();
        if (measured.Count == 0) return null;
        var all = measured.SelectMany(c => c.Points).ToList();
        var (most, low, high) = (all.Max(p => p.Labels), all.Min(Accuracy)!.Value, all.Max(Accuracy)!.Value);
        // To the next tenth on either side, so that the same dataset is drawn on the same ground for long.
        (low, high) = (Math.Floor(low * 10) / 10, Math.Ceiling(high * 10) / 10);
        if (high - low < 0.1) high = low + 0.1;
        double X(double labels) => Left + ((Right - Left) * labels / Math.Max(1, most));
        double Y(double accuracy) => Bottom - ((Bottom - Top) * (accuracy - low) / (high - low));
        var lines = measured.Select(c => LineOf(c.Arm, c.Points, X, Y)).ToList();
        Apart(lines);
        var step = high - low > 0.55 ? 0.2 : 0.1;
        var ticks = Enumerable.Range(0, (int)Math.Round((high - low) / step) + 1).Select(i => low + (i * step))
            .Where(a => a <= high + 0.001).Select(a => (Y(a), Counted.Share(a)[..^1])).ToList();
        var stride = Stride(most);
        var labels = Enumerable.Range(0, (most / stride) + 1).Select(i => (X(i * stride), Counted.Of(i * stride))).ToList();
        return new CurveDrawing(lines, ticks, labels);
    }

    public static double? Accuracy(CurvePoint point) => point.AuditAccuracy ?? point.HoldoutAccuracy;

    private static Line LineOf(string arm, List<CurvePoint> points, Func<double, double> x, Func<double, double> y)
    {
        var path = string.Join('L', points.Select(p => $"{Counted.Drawn(x(p.Labels))} {Counted.Drawn(y(Accuracy(p)!.Value))}"));
        var last = points[^1];
        var end = y(Accuracy(last)!.Value);
        var name = arm == Arms.Main ? "chosen" : arm == Arms.Control ? "random" : arm;
        var line = new Line(name, arm == Arms.Control, $"M{path}", x(last.Labels), end, (last.Labels, Accuracy(last)!.Value));
        return line with { NameY = end + 4 };
    }

    /// <summary>Names that would lie over one another move apart.</summary>
    private static void Apart(List<Line> lines)
    {
        var byHeight = lines.OrderBy(l => l.NameY).ToList();
        for (var i = 1; i < byHeight.Count; i++)
            if (byHeight[i].NameY - byHeight[i - 1].NameY < 14) byHeight[i].NameY = byHeight[i - 1].NameY + 14;
    }

    private static int Stride(int most)
    {
        var magnitude = (int)Math.Pow(10, Math.Floor(Math.Log10(Math.Max(1, most / 4.0))));
        foreach (var times in new[] { 1, 2, 5, 10 })
            if (most / (times * magnitude) <= 5) return times * magnitude;
        return Math.Max(1, most);
    }

    public sealed record Line(string Name, bool IsControl, string Path, double EndX, double EndY, (int Labels, double Accuracy) Last)
    {
        public double NameY { get; set; }
    }
}
