using System.Globalization;
using Spectre.Console;
using Winnow.Model.Names;

namespace Winnow.Silo.Demo;

/// <summary>What the person at the terminal sees: one line per stage that moves, or on anything else than a terminal one line per tenth.</summary>
internal sealed class DemoScreen
{
    private readonly bool _live = !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Interactive;

    public bool Live => _live;

    public void Say(string text) => Console.WriteLine(ShownText.Clean(text));

    public void Heading(string text)
    {
        AnsiConsole.WriteLine();
        AnsiConsole.MarkupLineInterpolated($"[bold]{text}[/]");
    }

    /// <summary>Runs a stage under a progress bar. The work reports how much is done of how much, and what to say beside it.</summary>
    public async Task<T> StageAsync<T>(string name, Func<Action<double, double, string>, Task<T>> work)
    {
        if (!_live)
        {
            var tenth = -1;
            var said = "";
            var result = await work((done, of, note) =>
            {
                said = note;
                var now = of <= 0 ? 0 : (int)(10 * done / of);
                if (now <= tenth) return;
                tenth = now;
                Say(string.Create(CultureInfo.InvariantCulture, $"  {name}: {100 * done / Math.Max(1, of):F0} %  {note}"));
            });
            if (tenth < 10) Say($"  {name}: done  {said}");
            return result;
        }
        return await AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async context =>
            {
                var bar = context.AddTask(Markup.Escape(name));
                var result = await work((done, of, note) =>
                {
                    bar.MaxValue = Math.Max(1, of);
                    bar.Value = done;
                    bar.Description = Markup.Escape(note.Length == 0 ? name : $"{name}  {note}");
                });
                bar.Value = bar.MaxValue;
                return result;
            });
    }

    public void Table(IReadOnlyList<string> head, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var h in head) table.AddColumn(new TableColumn(Markup.Escape(h)).RightAligned());
        foreach (var row in rows) table.AddRow([.. row.Select(c => new Text(c))]);
        AnsiConsole.Write(table);
    }
}
