using System.Text.Json;
using System.Text.RegularExpressions;

namespace Winnow.Deploy.Tests.Telemetry;

/// <summary>One query of one panel.</summary>
/// <param name="Dashboard">The file.</param>
/// <param name="Panel">The panel's title.</param>
/// <param name="Expression">The query as it stands in the file.</param>
/// <param name="MayStandStill">Whether the panel's description says so, by the words "May stand still:" and a reason.</param>
internal sealed record PanelQuery(string Dashboard, string Panel, string Expression, bool MayStandStill)
{
    /// <summary>The query with the dashboard's variables filled in: all datasets, and a window of a few scrapes.</summary>
    public string Filled =>
        Expression.Replace("$__rate_interval", "5s", StringComparison.Ordinal).Replace("$dataset", ".+", StringComparison.Ordinal);
}

/// <summary>Reads the dashboards, and the names of series out of queries.</summary>
internal static partial class Dashboards
{
    public static IEnumerable<PanelQuery> Queries()
    {
        foreach (var file in Directory.GetFiles(Repository.PathOf("deploy/grafana/dashboards"), "*.json").Order())
        {
            using var dashboard = JsonDocument.Parse(File.ReadAllText(file));
            foreach (var panel in dashboard.RootElement.GetProperty("panels").EnumerateArray())
            {
                var description = panel.GetProperty("description").GetString()!;
                foreach (var target in panel.GetProperty("targets").EnumerateArray())
                    yield return new PanelQuery(Path.GetFileName(file), panel.GetProperty("title").GetString()!,
                        target.GetProperty("expr").GetString()!, StandsStill().IsMatch(description));
            }
        }
    }

    /// <summary>
    /// The series that a query reads: what is left when texts, label matchers, ranges, groupings and functions are taken away.
    /// </summary>
    public static IEnumerable<string> SeriesOf(string expression)
    {
        var bare = Groupings().Replace(Matchers().Replace(expression, " "), " ");
        return Names().Matches(bare).Select(m => m.Value).Where(n => n is not ("or" or "and" or "unless" or "bool" or "inf" or "nan"))
            .Distinct();
    }

    [GeneratedRegex(@"May stand still: .{10,}")]
    private static partial Regex StandsStill();

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]")]
    private static partial Regex Matchers();

    [GeneratedRegex(@"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")]
    private static partial Regex Groupings();

    [GeneratedRegex(@"(?<![A-Za-z0-9_:.])[A-Za-z_:][A-Za-z0-9_:]*(?![A-Za-z0-9_:]*\s*\()")]
    private static partial Regex Names();
}
