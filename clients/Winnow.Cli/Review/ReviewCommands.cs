using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Winnow.Client;
using Winnow.Model.Names;
using Winnow.Model.Review;

namespace Winnow.Cli.Review;

internal static class ReviewCommands
{
    private const string FolderNames = "folder-names";
    private const int Shown = 10;

    public static Command Make(Connection connection) => new("review", "Review work without a screen.")
    {
        Simulate(connection), AmendCommands.History(connection), AmendCommands.Label(connection), AmendCommands.Undo(connection),
        AmendCommands.AskAgain(connection), AmendCommands.Gold(connection), PeopleCommand.Make(connection),
        PriorityCommand.Make(connection),
    };

    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(10);

    private static Command Simulate(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var truth = new Option<string>("--truth")
        {
            Description = $"'{FolderNames}', where each image's own folder is its class, or a CSV file: lines of name and class, "
                + "or with a header; or, with sets of annotations, JSON lines (.jsonl): id or name, and annotations. "
                + "An export of Winnow is either.",
            DefaultValueFactory = _ => FolderNames,
        };
        var errors = Numbers.Share("--error-rate", "Share of wrong answers.");
        var seed = Numbers.Whole("--seed", ulong.MinValue, ulong.MaxValue, "Seeds which answers are wrong.");
        var patience = Durations.Option("--patience", "How long nothing may come before it ends. Default 10s.");
        var stay = new Option<bool>("--until-stopped") { Description = "Go on until stopped, whether anything comes or not." };
        const string What = "Answer review tasks from known labels until none is left for it: for pilots and tests. "
            + "What it knows nothing of is given back, skipped once nothing else comes, counted and named; "
            + "where it knows nothing of all that it was given, or all its answers are refused, it skips nothing and ends with 1.";
        var kinds = new Option<TaskKind[]>("--kind")
        {
            Description = $"Tasks of this kind alone; may be given again. Default all that you may do: {Kinds}.",
            CustomParser = ReadKinds,
        };
        var leave = new Option<bool>("--leave-unknown") { Description = "Skip nothing of which it knows nothing: leave it to others." };
        var command = new Command("simulate", What) { dataset, truth, errors, seed, patience, stay, kinds, leave };
        command.NotBoth(patience, stay, "the one ends it when nothing comes, the other does not.");
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            if (parsed.GetValue(patience) <= TimeSpan.Zero) throw new ArgumentException("--patience must be above 0.");
            var info = await client.GetDatasetAsync(parsed.GetValue(dataset)!, ct);
            var from = parsed.GetValue(truth)!;
            var sets = LabelSetFile.IsOne(from) ? await Truths.ReadSetsAsync(from, info, client, ct) : null;
            if (sets is null && !info.Schema.IsOneClass)
                throw new ArgumentException($"Labels of {info.Name} are sets of annotations: give them as JSON lines, --truth FILE.jsonl.");
            if (sets is not null && parsed.GetValue(errors) > 0)
                throw new ArgumentException("--error-rate draws another class, which is no error of a set of annotations: leave it out.");
            var labels = sets is not null || from == FolderNames ? null : await Truths.ReadAsync(from, info, client, ct);
            if (sets is null && labels is null) await Truths.CheckFoldersAsync(info, client, ct);
            var said = new Unanswered();
            var reviewer = new SimulatedReviewer(client, new SimulatedReviewerOptions
            {
                Dataset = info.Name,
                Classes = [.. info.Schema.Classes.Where(c => c.Retired is null).Select(c => c.Name)],
                ErrorRate = parsed.GetValue(errors),
                Seed = parsed.GetValue(seed),
                Truth = labels is null ? FolderTruth.ClassOf : labels.ClassOf,
                Sets = sets is null ? null : sets.AnnotationsOf,
                SkipUnknownInTheEnd = !parsed.GetValue(leave),
                Kinds = parsed.GetValue(kinds) is { Length: > 0 } wanted ? wanted : null,
                Progress = said,
            });
            Terminal.Say($"Answering tasks of {info.Name}; Ctrl-C ends it.");
            var why = await RunAsync(reviewer, parsed.GetValue(stay) ? null : parsed.GetValue(patience) ?? DefaultPatience, ct);
            said.End(reviewer.Progress, n => sets is null && labels is null
                ? $"{n} images lie in no folder that is called like a class"
                : $"{from} has nothing about {n} images");
            Terminal.Say(why);
            if (!ct.IsCancellationRequested) await SayWayOnAsync(client, info.Name, parsed.GetValue(kinds) ?? [], ct);
            return CodeOf(reviewer.Progress);
        });
        return command;
    }

    private static string Kinds => string.Join(", ", Enum.GetValues<TaskKind>().Select(Words.Of));

    private static TaskKind[] ReadKinds(ArgumentResult result)
    {
        var found = new List<TaskKind>();
        foreach (var token in result.Tokens)
        {
            var kind = Enum.GetValues<TaskKind>().Cast<TaskKind?>().FirstOrDefault(k => Words.Of(k!.Value) == token.Value);
            if (kind is { } known) found.Add(known);
            else result.AddError($"--kind must be one of {Kinds}, not '{token.Value}'.");
        }
        return [.. found];
    }

    /// <summary>How it ends: well where something was recorded, or nothing was there to be.</summary>
    internal static int CodeOf(ReviewProgress done) =>
        done is { Answered: 0, Skipped: 0 } and ({ GivenBack: > 0 } or { Refused: > 0 }) ? ExitCodes.Failed : ExitCodes.Done;

    /// <summary>Runs it until nothing comes any more, or for null until it is stopped; says why it ended.</summary>
    private static async Task<string> RunAsync(SimulatedReviewer reviewer, TimeSpan? patience, CancellationToken ct)
    {
        try
        {
            if (patience is not { } wait) await reviewer.RunAsync(ct);
            else
            {
                await reviewer.RunUntilIdleAsync(wait, ct);
                return $"Nothing came for {Durations.Say(wait)}: no task is left for this reviewer.";
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // As good an end as the other: what was answered is told.
        }
        return "Stopped.";
    }

    /// <summary>What is left for others is not asked of this person again, and nobody would find out how to go on.</summary>
    private static async Task SayWayOnAsync(
        WinnowClient client, string dataset, TaskKind[] kinds, CancellationToken cancellationToken)
    {
        var status = await client.GetStatusAsync(dataset, cancellationToken);
        var others = kinds.Length == 0 ? 0 : status.TasksByKind.Where(k => !kinds.Contains(k.Key)).Sum(k => k.Value);
        if (others > 0 && others == status.OpenTasks)
            Terminal.Say(string.Create(CultureInfo.InvariantCulture,
                $"{others} tasks are open still, none of the kind that --kind names ({string.Join(", ", kinds.Select(Words.Of))})."));
        else if (status.OpenTasks > 0)
            Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{status.OpenTasks} tasks are open still. {WayOn.Of(status)}"));
    }

    /// <summary>Says what is not answered when that happens, and all of it in the end.</summary>
    private sealed class Unanswered : IProgress<ReviewProgress>
    {
        private int _named;

        public void Report(ReviewProgress value)
        {
            foreach (var task in value.Unanswered.Skip(_named).Take(Math.Max(0, Shown - _named)))
                Terminal.Say($"  not answered: {ShownText.Named(task.Name)}: {task.Reason}");
            _named = value.Unanswered.Count;
        }

        private static void SayAdapted(ReviewProgress value)
        {
            if (value.Adapted == 0) return;
            Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{value.Adapted} of them not quite as they were given:"));
            foreach (var task in value.AdaptedSamples.Take(Shown)) Terminal.Say($"  {ShownText.Named(task.Name)}: {task.Reason}");
            if (value.Adapted > Shown)
                Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"  and {value.Adapted - Shown} more"));
        }

        public void End(ReviewProgress value, Func<string, string> unknown)
        {
            Report(value);
            var tasks = string.Create(CultureInfo.InvariantCulture, $"{value.Skipped} tasks skipped, {value.GivenBack} given back");
            Terminal.Say(string.Create(CultureInfo.InvariantCulture,
                $"{value.Answered} decisions recorded, {tasks}, {value.Refused} answers refused"));
            SayAdapted(value);
            if (value.Unknown == 0) return;
            var names = string.Join(", ", value.UnknownSamples.Take(Shown).Select(ShownText.Named));
            var more = value.Unknown > Shown ? string.Create(CultureInfo.InvariantCulture, $", and {value.Unknown - Shown} more") : "";
            var fate = value.GivenBack == value.Unknown ? "their tasks were given back"
                : value.GivenBack == 0 ? "their tasks were skipped"
                : string.Create(CultureInfo.InvariantCulture, $"{value.GivenBack} of their tasks were given back, the others skipped");
            Terminal.Complain($"{unknown(value.Unknown.ToString(CultureInfo.InvariantCulture))}, and {fate}: {names}{more}");
        }
    }
}
