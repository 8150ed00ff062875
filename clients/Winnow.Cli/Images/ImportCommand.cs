using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using Winnow.Client;
using Winnow.Model.Images;

namespace Winnow.Cli.Images;

internal static class ImportCommand
{
    private const int ReasonsShown = 10;

    public static Command Make(Connection connection)
    {
        var folder = new Argument<string>("folder") { Description = "Folder of images, with all below it." };
        var dataset = new Option<string>("--dataset") { Description = "Dataset to import into.", Required = true };
        var labels = new Option<bool>("--labels-from-folders") { Description = "Take the name of each image's own folder as its known label." };
        var holdout = new Option<bool>("--holdout") { Description = "Import for evaluation alone: never asked about, never trained on." };
        var concurrency = new Option<int>("--concurrency") { Description = "Requests on their way at once.", DefaultValueFactory = _ => new ImportOptions().Concurrency };
        var presigned = new Option<bool>("--presigned") { Description = "Send bytes straight to the server's object store. Only where that is S3." };
        var command = new Command("import", "Import a folder. An import that was stopped is resumed by running it again: what is there already is not stored twice.") { folder, dataset, labels, holdout, concurrency, presigned };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var images = ImageFolder.EnumerateAsync(parsed.GetValue(folder)!, parsed.GetValue(labels), parsed.GetValue(holdout) ? Partition.Holdout : Partition.Pool);
            return await RunAsync(client, parsed.GetValue(dataset)!, images, new ImportOptions { Concurrency = parsed.GetValue(concurrency), ViaPresignedUrls = parsed.GetValue(presigned) }, ct);
        });
        return command;
    }

    private static async Task<int> RunAsync(WinnowClient client, string dataset, IAsyncEnumerable<ImageToImport> images, ImportOptions options, CancellationToken ct)
    {
        await client.GetDatasetAsync(dataset, ct);
        var started = Stopwatch.GetTimestamp();
        var noted = new List<IngestResult>();
        var done = new ImportProgress(0, 0, 0, 0, 0);
        async Task ImportAsync(Action<ImportProgress> show)
        {
            await foreach (var result in client.ImportAsync(dataset, images, options, new Reporter(p => show(done = p)), ct))
                if (result.Reason is not null && noted.Count < ReasonsShown) noted.Add(result);
        }

        string Line(ImportProgress p) => string.Create(CultureInfo.InvariantCulture, $"{p.Sent:N0} images, {p.Bytes / 1e6:N1} MB, {p.Sent / Stopwatch.GetElapsedTime(started).TotalSeconds:N0} images/s");
        if (Connection.Live) await AnsiConsole.Status().StartAsync("Importing", context => ImportAsync(p => context.Status(Line(p))));
        else
        {
            var next = 10_000L;
            await ImportAsync(p =>
            {
                if (p.Sent < next) return;
                next = p.Sent + 10_000;
                Console.WriteLine(Line(p));
            });
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Line(done)}: {done.Accepted} accepted, {done.Duplicates} there already, {done.Quarantined} quarantined"));
        foreach (var result in noted) Console.WriteLine($"  {result.Name}: {result.Reason}");
        if (done.Quarantined > 0) Console.WriteLine($"All quarantined images with their reasons: winnow list {dataset} --stage quarantined");
        return 0;
    }

    private sealed class Reporter(Action<ImportProgress> report) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => report(value);
    }
}

internal static class ListCommand
{
    public static Command Make(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var stage = new Option<string?>("--stage") { Description = "Only images at this stage, such as quarantined." };
        var command = new Command("list", "Images of a dataset, one line each: id, stage, label, name, reason.") { dataset, stage };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            Stage? wanted = null;
            if (parsed.GetValue(stage) is { } text)
                wanted = Enum.GetValues<Stage>().Cast<Stage?>().FirstOrDefault(s => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(s!.Value.ToString()) == text)
                    ?? throw new ArgumentException($"'{text}' is not a stage.");
            await foreach (var image in client.ListImagesAsync(parsed.GetValue(dataset)!, wanted, ct))
                Console.WriteLine(string.Join('\t', image.Id, System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(image.Stage.ToString()), image.Label ?? "", image.Name, image.Reason ?? ""));
            return 0;
        });
        return command;
    }
}
