using System.Globalization;
using System.Text;
using Xunit.Abstractions;

namespace Winnow.Browser.Tests.Parts;

/// <summary>
/// What 100 tasks cost by the keystroke-level model, side by side, from the operators in <c>keystrokes.txt</c>. The table stands in
/// docs/studio and is held against what is computed here.
/// </summary>
public sealed class KeystrokeTests(ITestOutputHelper output)
{
    private const int Tasks = 100;

    private static readonly Dictionary<char, double> Seconds = new()
    {
        ['K'] = 0.2,
        ['P'] = 1.1,
        ['B'] = 0.1,
        ['H'] = 0.4,
        ['M'] = 1.35,
        ['W'] = 1,
    };

    private static readonly string[] Tools = ["Label Studio", "CVAT", "Prodigy", "studio"];

    [Fact]
    public void The_table_in_the_documents_is_what_the_operators_amount_to()
    {
        var table = Table();
        output.WriteLine(table);
        var documents = File.ReadAllText(Path.Combine(RootOf(), "docs", "studio", "README.md"));
        Assert.True(documents.Contains(table, StringComparison.Ordinal), $"docs/studio/README.md has another table than:\n{table}");
    }

    [Theory]
    [InlineData("M 3K W", 2.95)]
    [InlineData("M H 2P 2B H K", 4.75)]
    [InlineData("20M 20K", 31)]
    public void Operators_add_up(string operators, double seconds) => Assert.Equal(seconds, SecondsOf(operators), 6);

    private static string Table()
    {
        var flows = new Dictionary<string, Dictionary<string, double>>();
        foreach (var line in File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Parts", "keystrokes.txt")))
        {
            if (line.StartsWith('#')) continue;
            var parts = line.Split('|', StringSplitOptions.TrimEntries);
            if (!flows.TryGetValue(parts[0], out var tools)) flows[parts[0]] = tools = [];
            Assert.Contains(parts[1], Tools);
            tools.Add(parts[1], Tasks * SecondsOf(parts[2]));
        }
        var table = new StringBuilder("| 100 tasks, seconds | ").AppendJoin(" | ", Tools).Append(" | studio, times as fast as |\n")
            .Append("|---|---|---|---|---|---|\n");
        foreach (var (flow, tools) in flows)
        {
            var own = tools["studio"];
            var against = Tools[..^1].Where(tools.ContainsKey)
                .Select(t => string.Create(CultureInfo.InvariantCulture, $"{tools[t] / own:0.0}"));
            table.Append(CultureInfo.InvariantCulture, $"| {flow} | ")
                .AppendJoin(" | ", Tools.Select(t => tools.TryGetValue(t, out var s) ? s.ToString("0", CultureInfo.InvariantCulture) : "–"))
                .Append(" | ").AppendJoin(", ", against).Append(" |\n");
        }
        return table.ToString();
    }

    private static double SecondsOf(string operators) => operators.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Sum(o => Seconds[o[^1]] * (o.Length == 1 ? 1 : int.Parse(o[..^1], CultureInfo.InvariantCulture)));

    private static string RootOf()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "Cluster.sln"))) return at.FullName;
        throw new InvalidOperationException("The tests do not run within the repository.");
    }
}
