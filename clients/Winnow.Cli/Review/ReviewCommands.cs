using System.CommandLine;
using System.Globalization;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Names;

namespace Winnow.Cli.Review;

internal static class ReviewCommands
{
    private const string FolderNames = "folder-names";
    private const int Shown = 10;

    public static Command Make(Connection connection) => new("review", "Review work without a screen.") { Simulate(connection) };

    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(10);

    private static Command Simulate(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var truth = new Option<string>("--truth")
        {
            Description = $"'{FolderNames}', where each image's own folder is its class, or a CSV file: lines of name and class, "
                + "or with a header. An export of Winnow is one.",
            DefaultValueFactory = _ => FolderNames,
        };
        var errors = new Option<double>("--error-rate") { Description = "Share of wrong answers, 0 to 1." };
        var seed = new Option<int>("--seed") { Description = "Seeds which answers are wrong." };
        var patience = Durations.Option("--patience", "How long nothing may come before it ends. Default 10s.");
        var stay = new Option<bool>("--until-stopped") { Description = "Go on until stopped, whether anything comes or not." };
        const string What = "Answer review tasks from known labels until none is left for it: for pilots and tests. "
            + "What it has no answer to is skipped, counted and named.";
        var command = new Command("simulate", What) { dataset, truth, errors, seed, patience, stay };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            if (parsed.GetValue(patience) <= TimeSpan.Zero) throw new ArgumentException("--patience must be above 0.");
            var info = await client.GetDatasetAsync(parsed.GetValue(dataset)!, ct);
            var labels = parsed.GetValue(truth) is { } path && path != FolderNames ? await ReadAsync(path, info, client, ct) : null;
            var said = new Unanswered();
            var reviewer = new SimulatedReviewer(client, new SimulatedReviewerOptions
            {
                Dataset = info.Name,
                Classes = [.. info.Schema.Classes.Select(c => c.Name)],
                ErrorRate = parsed.GetValue(errors),
                Seed = (ulong)Math.Max(0, parsed.GetValue(seed)),
                Truth = labels is null ? FolderTruth.ClassOf : labels.ClassOf,
                Progress = said,
            });
            Terminal.Say($"Answering tasks of {info.Name}; Ctrl-C ends it.");
            var why = await RunAsync(reviewer, parsed.GetValue(stay) ? null : parsed.GetValue(patience) ?? DefaultPatience, ct);
            said.End(reviewer.Progress);
            Terminal.Say(why);
            return 0;
        });
        return command;
    }

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

    /// <summary>Reads a file of labels, and says what of it and of the dataset does not fit.</summary>
    private static async Task<LabelFile> ReadAsync(string path, DatasetInfo dataset, WinnowClient client, CancellationToken ct)
    {
        var labels = await LabelFile.ReadAsync(path, dataset.Schema, ct);
        var match = await labels.MatchAsync(client.ListImagesAsync(dataset.Name, cancellationToken: ct), ct);
        if (match.Images > 0 && match.RowsWithoutImage == labels.Rows)
        {
            throw new InvalidDataException($"No row of {path} names an image of {dataset.Name}: rows are named like "
                + $"'{ShownText.Named(match.RowSamples[0].Name)}', "
                + $"images like '{ShownText.Named(match.ImageSamples.FirstOrDefault() ?? "")}'. "
                + "A row's name is the image's path below the folder that was imported.");
        }
        if (match.AmbiguousRows > 0) throw new InvalidDataException(Ambiguous(path, dataset.Name, match));
        var named = match.Images - match.ImagesWithoutRow;
        Terminal.Say(string.Create(CultureInfo.InvariantCulture,
            $"{path}: {labels.Rows} labels in {labels.Encoding}, for {named} of {match.Images} images to ask about"));
        if (labels.RowsWithoutLabel > 0)
            Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"  {labels.RowsWithoutLabel} rows without a class"));
        if (labels.Comments > 0)
            Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"  {labels.Comments} comments (lines that begin with '#')"));
        Name(match.RowsWithoutImage, "rows name no image of the dataset", match.RowSamples.Select(Row));
        Name(match.ImagesWithoutRow, "images are named by no row, and will be skipped", match.ImageSamples.Select(ShownText.Named));
        return labels;
    }

    private static string Row(LabelRow row) =>
        string.Create(CultureInfo.InvariantCulture, $"{ShownText.Named(row.Name)} (line {row.Line})");

    private static string Ambiguous(string path, string dataset, LabelMatch match)
    {
        var rows = match.AmbiguousSamples.Take(Shown)
            .Select(a => $"{Row(a.Row)} fits {a.Images} images of different content, such as {string.Join(" and ", a.Samples)}");
        var more = match.AmbiguousRows > Shown ? $"; and {match.AmbiguousRows - Shown} more" : "";
        return $"{path} leaves open which images it means: {string.Join("; ", rows)}{more}. "
            + $"Give such rows the image's id, in a column 'id': winnow list {dataset} shows them. Nothing was decided.";
    }

    private static void Name(long count, string what, IEnumerable<string> samples)
    {
        if (count == 0) return;
        var more = count > Shown ? string.Create(CultureInfo.InvariantCulture, $", and {count - Shown} more") : "";
        Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"  {count} {what}: {string.Join(", ", samples.Take(Shown))}{more}"));
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

        public void End(ReviewProgress value)
        {
            Report(value);
            Terminal.Say(string.Create(CultureInfo.InvariantCulture,
                $"{value.Answered} decisions recorded, {value.Skipped} tasks skipped, {value.Refused} answers refused"));
        }
    }
}
