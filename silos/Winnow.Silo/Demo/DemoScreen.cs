using Spectre.Console;
using Winnow.Model.Names;
using Winnow.Shown;

namespace Winnow.Silo.Demo;

/// <summary>What the person at the terminal sees of the demo.</summary>
internal sealed class DemoScreen
{
    public void Say(string text) => Console.WriteLine(ShownText.Clean(text));

    public void Heading(string text)
    {
        AnsiConsole.WriteLine();
        AnsiConsole.MarkupLineInterpolated($"[bold]{text}[/]");
    }

    /// <summary>Runs a stage under a progress bar. The work reports how much is done of how much, and what to say beside it.</summary>
    public Task<T> StageAsync<T>(string name, Func<Action<double, double, string>, Task<T>> work) =>
        ShownWork.RunAsync(
            name, every: null, line => Say("  " + line), shown => work((done, of, note) => shown.Report(new Advance(done, of, note))));

    public void Table(IReadOnlyList<string> head, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var h in head) table.AddColumn(new TableColumn(Markup.Escape(h)).RightAligned());
        foreach (var row in rows) table.AddRow([.. row.Select(c => new Text(c))]);
        AnsiConsole.Write(table);
    }
}
