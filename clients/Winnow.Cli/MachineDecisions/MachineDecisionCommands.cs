using System.CommandLine;
using System.Globalization;
using Winnow.Cli.Lines;
using Winnow.Client;
using Winnow.Json;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.MachineDecisions;

namespace Winnow.Cli.MachineDecisions;

/// <summary>What machines decided: it comes by the lot, and goes by the run or by the image.</summary>
internal static class MachineDecisionCommands
{
    private static readonly JsonLines<ImageMachineDecision> Form = new(
        "decision", StrictJson.Of<ImageMachineDecision>(ModelJson.Default), ImageMachineDecision.MaxBytes);

    public static Command Make(Connection connection) => new(
        "machine-decisions", "What machines decided about images: accepted in the place of people's answers, or guesses. People's word "
        + "always goes before it.") { Import(connection), Runs(connection), TakeBack(connection) };

    private static Command Import(Connection connection)
    {
        var file = new Argument<string>("file")
        {
            Description = "JSON lines in UTF-8: image (its id) or name (its path below the folder that was imported), kind (auto-accepted "
                + "or pseudo), run, source, annotations, madeAt; where known version and confidence.",
        };
        var dataset = new Option<string>("--dataset") { Description = "The dataset that holds the images.", Required = true };
        var command = new Command("import",
            "Record machine decisions from a file. A run decides about an image once. Lines that cannot be taken are named and left out, "
            + "and the others are taken; the command then ends with 3. Running it again changes nothing.") { file, dataset };
        connection.OnRun(command, (parsed, client, ct) =>
            ImportAsync(client, parsed.GetValue(dataset)!, parsed.GetValue(file)!, ct));
        return command;
    }

    private static async Task<int> ImportAsync(WinnowClient client, string dataset, string file, CancellationToken ct)
    {
        await using var content = NamedFile.Open(file, "file of machine decisions");
        await client.GetDatasetAsync(dataset, ct);
        var import = new LotImport<ImageMachineDecision>(client, "machine decisions", Form, async (rows, operation) =>
        {
            var result = await client.AddMachineDecisionsAsync(dataset, rows, operation, ct);
            return (result.Taken, result.Refused.Select(r => (r.Index, $"{r.Image}: {r.Reason}")));
        });
        return await import.RunAsync(dataset, file, content, ct);
    }

    private static Command Runs(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var command = new Command("runs", "The runs of machine decisions, with how many each has and how many were taken back.")
        {
            dataset,
        };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var runs = await client.ListMachineRunsAsync(parsed.GetValue(dataset)!, ct);
            Connection.Table(["run", "kind", "source", "decisions", "taken back", "recorded", "until"], runs.Select(r =>
                (IReadOnlyList<string>)
                [
                    r.Run, Words.Of(r.Kind), r.Version is null ? r.Source : $"{r.Source} {r.Version}",
                    r.Decisions.ToString(CultureInfo.InvariantCulture), r.TakenBack.ToString(CultureInfo.InvariantCulture),
                    r.From.ToString("u", CultureInfo.InvariantCulture), r.To.ToString("u", CultureInfo.InvariantCulture),
                ]));
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command TakeBack(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var run = new Option<string?>("--run") { Description = "All that this run decided; with --image what it decided about that." };
        var image = new Option<string?>("--image") { Description = "All that machines decided about this image." };
        var why = new Option<string>("--reason") { Description = "Why; it stays recorded.", Required = true };
        var command = new Command("take-back",
            "Take back what machines decided, of a run or about an image. It stays recorded. An image that stood by it stands by what "
            + "another run decided, or is asked about again. Running it again goes on where it was interrupted.")
        {
            dataset, run, image, why,
        };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            ImageId? of = null;
            if (parsed.GetValue(image) is { } text)
                of = ImageId.TryParse(text, out var id) ? id
                    : throw new ArgumentException($"'{text}' is not an image id: expected 'img-' and 52 characters of base32.");
            var wanted = new TakeBackMachineDecisions(parsed.GetValue(why)!, parsed.GetValue(run), of);
            if (wanted.Check() is { } wrong) throw new ArgumentException(wrong);
            var done = await client.TakeBackMachineDecisionsAsync(parsed.GetValue(dataset)!, wanted, cancellationToken: ct);
            Terminal.Say(string.Create(CultureInfo.InvariantCulture,
                $"{done.TakenBack} decisions taken back; {done.Before} had been before."));
            return ExitCodes.Done;
        });
        return command;
    }
}
