using System.CommandLine;
using System.Globalization;
using Winnow.Client;
using Winnow.Model.Review;

namespace Winnow.Cli.Review;

internal static class ReviewCommands
{
    public static Command Make(Connection connection) => new("review", "Review work without a screen.") { Simulate(connection) };

    private static Command Simulate(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var truth = new Option<string>("--truth") { Description = "'folder-names', where each image's own folder is its class, or a CSV file of lines name,class.", DefaultValueFactory = _ => "folder-names" };
        var errors = new Option<double>("--error-rate") { Description = "Share of wrong answers, 0 to 1." };
        var seed = new Option<int>("--seed") { Description = "Seeds which answers are wrong." };
        var command = new Command("simulate", "Answer review tasks from known labels, until stopped: for pilots and tests.") { dataset, truth, errors, seed };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var info = await client.GetDatasetAsync(parsed.GetValue(dataset)!, ct);
            var reviewer = new SimulatedReviewer(client, new SimulatedReviewerOptions
            {
                Dataset = info.Name,
                Classes = [.. info.Schema.Classes.Select(c => c.Name)],
                ErrorRate = parsed.GetValue(errors),
                Seed = (ulong)Math.Max(0, parsed.GetValue(seed)),
                Truth = parsed.GetValue(truth) == "folder-names" ? FromFolder : FromCsv(parsed.GetValue(truth)!),
            });
            Console.WriteLine($"Answering tasks of {info.Name}; Ctrl-C ends it.");
            await reviewer.RunAsync(ct);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{reviewer.Answered} decisions recorded"));
            return 0;
        });
        return command;
    }

    private static string? FromFolder(ReviewTask task)
    {
        var parts = task.Name.Split('/');
        return parts.Length > 1 ? parts[^2] : null;
    }

    private static Func<ReviewTask, string?> FromCsv(string path)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            var comma = line.LastIndexOf(',');
            if (comma <= 0) throw new InvalidDataException($"{path}, line {number}: expected name,class.");
            labels[line[..comma].Trim('"')] = line[(comma + 1)..].Trim();
        }
        return task => labels.GetValueOrDefault(task.Name);
    }
}
