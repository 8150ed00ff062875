using System.Globalization;
using Spectre.Console;

namespace Winnow.Shown;

/// <summary>How far work has come.</summary>
/// <param name="Done">What is done.</param>
/// <param name="Of">What there is to do; not looked at where that is not known.</param>
/// <param name="Note">What to say of it.</param>
internal readonly record struct Advance(double Done, double Of, string Note);

/// <summary>
/// Shows how far work has come: to a person a line that moves, to anything else whole lines, few enough for a log. Commands and the demo
/// have no other way of it.
/// </summary>
internal static class ShownWork
{
    /// <summary>Whether a person watches.</summary>
    public static bool Live => !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Interactive;

    /// <summary>Runs work and shows how far it is.</summary>
    /// <param name="name">What is done.</param>
    /// <param name="every">How much lies between two lines where nobody knows how much there is to do; null: a line for each tenth.</param>
    /// <param name="say">Writes a line.</param>
    /// <param name="work">Reports in the order in which it goes on.</param>
    public static async Task<T> RunAsync<T>(string name, double? every, Action<string> say, Func<IProgress<Advance>, Task<T>> work)
    {
        if (Live) return await MovingAsync(name, every is null, work);
        var lines = new ProgressLines(name, every, say);
        var result = await work(lines);
        lines.End();
        return result;
    }

    private static Task<T> MovingAsync<T>(string name, bool measured, Func<IProgress<Advance>, Task<T>> work)
    {
        var text = new TaskDescriptionColumn { Alignment = Justify.Left };
        ProgressColumn[] columns = measured
            ? [text, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn()]
            : [new SpinnerColumn(), text, new ElapsedTimeColumn()];
        return AnsiConsole.Progress().Columns(columns).StartAsync(async context =>
        {
            var bar = context.AddTask(Markup.Escape(name));
            bar.IsIndeterminate = !measured;
            var result = await work(new InPlace<Advance>(at =>
            {
                if (measured) (bar.MaxValue, bar.Value) = (Math.Max(1, at.Of), at.Done);
                bar.Description = Markup.Escape(at.Note.Length == 0 ? name : $"{name}  {at.Note}");
            }));
            bar.Value = bar.MaxValue;
            return result;
        });
    }
}

/// <summary>The lines of work that nobody watches: one for each tenth, or one for each so much. None is said twice.</summary>
internal sealed class ProgressLines(string name, double? every, Action<string> say) : IProgress<Advance>
{
    private long _said = every is null ? -1 : 0;
    private string _note = "";

    public void Report(Advance value)
    {
        _note = value.Note;
        var of = Math.Max(1, value.Of);
        var now = (long)(every is { } step ? value.Done / step : 10 * value.Done / of);
        if (now <= _said) return;
        _said = now;
        var share = every is null ? string.Create(CultureInfo.InvariantCulture, $"{100 * value.Done / of:F0} %  ") : "";
        say($"{name}: {share}{value.Note}");
    }

    /// <summary>The work is done. Where its lines tell of tenths, the last one is told in any case.</summary>
    public void End()
    {
        if (every is null && _said < 10) say($"{name}: done  {_note}");
    }
}

/// <summary>Reports on the spot and in order, where <see cref="Progress{T}"/> would report some time later.</summary>
internal sealed class InPlace<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
