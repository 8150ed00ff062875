using System.Globalization;
using System.Text;

namespace Winnow.Silo.Demo;

/// <summary>One arm's line in the picture.</summary>
internal sealed record Curve(string Name, IReadOnlyList<(int Labels, double Accuracy)> Points);

/// <summary>Draws accuracy against labels as SVG, with the two label counts that reach the same accuracy marked.</summary>
internal static class CurvePicture
{
    private const int Width = 860, Height = 520, Left = 70, Right = 30, Top = 60, Bottom = 60;
    private static readonly string[] Colors = ["#0b6e4f", "#8a8d91", "#c1666b", "#3d5a80"];

    public static string Draw(string title, IReadOnlyList<Curve> curves, double? target, double? labelsToTarget)
    {
        var maxLabels = curves.Max(c => c.Points.Max(p => p.Labels));
        var low = Math.Floor(curves.Min(c => c.Points.Min(p => p.Accuracy)) * 20) / 20;
        var high = Math.Min(1, Math.Ceiling(curves.Max(c => c.Points.Max(p => p.Accuracy)) * 20 + 0.2) / 20);
        double X(double labels) => Left + labels / maxLabels * (Width - Left - Right);
        double Y(double accuracy) => Height - Bottom - (accuracy - low) / (high - low) * (Height - Top - Bottom);

        var svg = new StringBuilder();
        void Add(params FormattableString[] line) =>
            svg.AppendLine(string.Concat(line.Select(part => part.ToString(CultureInfo.InvariantCulture))));
        Add($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" width=\"{Width}\" height=\"{Height}\" ",
            $"font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"#222\">");
        Add($"<rect width=\"{Width}\" height=\"{Height}\" fill=\"#fff\"/>");
        Add($"<text x=\"{Left}\" y=\"30\" font-size=\"18\" font-weight=\"600\">{Escape(title)}</text>");
        for (var a = low; a <= high + 1e-9; a += 0.05)
        {
            Add($"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(a):F1}\" y2=\"{Y(a):F1}\" stroke=\"#e4e6e8\"/>");
            Add($"<text x=\"{Left - 10}\" y=\"{Y(a) + 4:F1}\" text-anchor=\"end\">{a * 100:F0} %</text>");
        }
        for (var l = 0; l <= maxLabels; l += Math.Max(1, maxLabels / 5))
            Add($"<text x=\"{X(l):F1}\" y=\"{Height - Bottom + 22}\" text-anchor=\"middle\">{l}</text>");
        Add($"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 16}\" text-anchor=\"middle\">labels by people</text>");
        Add($"<text x=\"{Left - 10}\" y=\"{Top - 10}\">accuracy on the holdout</text>");
        if (target is { } t)
        {
            Add($"<line x1=\"{Left}\" x2=\"{X(maxLabels):F1}\" y1=\"{Y(t):F1}\" y2=\"{Y(t):F1}\" stroke=\"#222\" ",
                $"stroke-dasharray=\"4 4\"/>");
            if (labelsToTarget is { } n)
            {
                Add($"<line x1=\"{X(n):F1}\" x2=\"{X(n):F1}\" y1=\"{Y(t):F1}\" y2=\"{Height - Bottom}\" stroke=\"#222\" ",
                    $"stroke-dasharray=\"4 4\"/>");
                Add($"<text x=\"{X(n) + 6:F1}\" y=\"{Height - Bottom - 8}\">{n:F0} labels instead of {maxLabels}</text>");
            }
        }
        for (var i = 0; i < curves.Count; i++)
        {
            var color = Colors[i % Colors.Length];
            var points = string.Join(' ',
                curves[i].Points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{X(p.Labels):F1},{Y(p.Accuracy):F1}")));
            Add($"<polyline points=\"{points}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2.5\"/>");
            foreach (var (labels, accuracy) in curves[i].Points)
                Add($"<circle cx=\"{X(labels):F1}\" cy=\"{Y(accuracy):F1}\" r=\"3.5\" fill=\"{color}\"><title>{labels} labels: ",
                    $"{accuracy * 100:F1} %</title></circle>");
            Add($"<rect x=\"{Width - Right - 190}\" y=\"{Height - Bottom - 90 + 22 * i}\" width=\"14\" height=\"4\" fill=\"{color}\"/>");
            Add($"<text x=\"{Width - Right - 168}\" y=\"{Height - Bottom - 84 + 22 * i}\">{Escape(curves[i].Name)}</text>");
        }
        svg.AppendLine("</svg>");
        return svg.ToString();
    }

    private static string Escape(string text) => System.Security.SecurityElement.Escape(text);
}
