using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Winnow.Client;
using Winnow.Inference.Images;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Names;
using Winnow.Shown;

namespace Winnow.Cli.Images;

internal static class ImportCommand
{
    private const int MostClasses = 10;

    private sealed record Plan(string Dataset, string Folder, ImageFolderOptions Files, ImportOptions Options, bool Strict, string? Report);

    public static Command Make(Connection connection)
    {
        var folder = new Argument<string>("folder")
        {
            Description = "Folder of images, with all below it. Links to files are followed; hidden files and folders are passed over.",
        };
        var dataset = new Option<string>("--dataset") { Description = "Dataset to import into.", Required = true };
        var labels = new Option<bool>("--labels-from-folders")
        {
            Description = "Take the name of each image's folder as its known label. "
                + "Refused where no image lies in the folder of a class; those in no folder are named.",
        };
        var holdout = new Option<bool>("--holdout")
        {
            Description = "Import for evaluation alone: never asked about, never trained on. What the pool has stays there, and is named.",
        };
        var concurrency = Numbers.Whole("--concurrency", 1, ImportOptions.MostAtOnce, "Requests on their way at once.",
            () => new ImportOptions().Concurrency);
        var presigned = new Option<bool>("--presigned") { Description = "Send bytes straight to the object store. Only where that is S3." };
        var links = new Option<bool>("--follow-folder-links") { Description = "Follow links to folders too. A loop of them ends." };
        var strict = new Option<bool>("--strict")
        {
            Description = "Stop at the first image that cannot be taken as it is given. What was sent before stays in the dataset.",
        };
        var report = new Option<string?>("--report")
        {
            Description = "File to write, one line of JSON for each image that was not taken as it was given, or is stored under "
                + "another name: name, id, status and reason, storedAs.",
        };
        var command = new Command("import",
            $"Import a folder of images: {ImageDecoder.FormatNames}, told by their content and not by their names. "
            + "What cannot be read is named and left out, what is no usable image is named and put aside, and the others are taken; "
            + "the command then ends with 3. "
            + "An import that was stopped is resumed by running it again: what is there already is not stored twice.")
        {
            folder, dataset, labels, holdout, concurrency, presigned, links, strict, report,
        };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var files = new ImageFolderOptions
            {
                LabelsFromFolders = parsed.GetValue(labels),
                Partition = parsed.GetValue(holdout) ? Partition.Holdout : Partition.Pool,
                FollowFolderLinks = parsed.GetValue(links),
                Except = parsed.GetValue(report),
            };
            var options = new ImportOptions { Concurrency = parsed.GetValue(concurrency), ViaPresignedUrls = parsed.GetValue(presigned) };
            var plan = new Plan(
                parsed.GetValue(dataset)!, parsed.GetValue(folder)!, files, options, parsed.GetValue(strict), parsed.GetValue(report));
            return await RunAsync(client, plan, ct);
        });
        return command;
    }

    private static async Task<int> RunAsync(WinnowClient client, Plan plan, CancellationToken ct)
    {
        if (ImageFolder.Check(plan.Folder) is { } wrong) throw new ArgumentException(wrong);
        ImportNotes.Check(plan.Report);
        var dataset = await client.GetDatasetAsync(plan.Dataset, ct);
        if (plan.Files.LabelsFromFolders) CheckClassFolders(plan, dataset.Schema);
        var met = new ImageFolderReport();
        using var noted = new ImportNotes(plan.Dataset, plan.Files.Partition, plan.Report);
        var done = new ImportProgress(0, 0, 0, 0, 0);
        var answered = 0L;
        var started = Stopwatch.GetTimestamp();
        string Line(ImportProgress p) => string.Create(CultureInfo.InvariantCulture,
            $"{p.Sent + p.LeftOut:N0} images, {p.Bytes / 1e6:N1} MB, ") + string.Create(CultureInfo.InvariantCulture,
            $"{p.Sent / Stopwatch.GetElapsedTime(started).TotalSeconds:N0} images/s");
        bool AllAsGiven() => noted.IsEmpty && met.WithoutFolder == 0;
        async Task<bool> ImportAsync(IProgress<Advance> shown)
        {
            var progress = new InPlace<ImportProgress>(p => shown.Report(new Advance(p.Sent, 0, Line(done = p))));
            var images = ImageFolder.EnumerateAsync(plan.Folder, plan.Files, met);
            await foreach (var result in client.ImportAsync(plan.Dataset, images, plan.Options, progress, ct))
            {
                answered++;
                noted.Add(result);
                // The rest of what was answered with it is counted, and so it is named too.
                if (plan.Strict && !AllAsGiven() && answered >= done.Sent + done.LeftOut) break;
            }
            return true;
        }

        try
        {
            await ShownWork.RunAsync("Importing", 10_000, Terminal.Say, ImportAsync);
        }
        finally
        {
            // Also where it was cut short: what was left out until then is known to nobody else.
            Terminal.Say($"{Line(done)}: {ImportNotes.Counts(done)}");
            noted.Print(met);
            // A header is read when an image comes, its pixels when it is scored: half a picture is found out then.
            if (done.Accepted > 0)
                Terminal.Say("Pixels are looked at when images are scored, and what proves damaged then is put aside: "
                    + $"'winnow status {plan.Dataset}' tells how many wait and how many that is, "
                    + $"'winnow list {plan.Dataset} --stage quarantined' which.");
        }
        if (plan.Strict && !AllAsGiven())
            Terminal.Say("Stopped there (--strict). What was sent before is in the dataset; run the import again when it is mended.");
        return AllAsGiven() ? ExitCodes.Done : ExitCodes.Incomplete;
    }

    /// <summary>Where labels are wanted and none can come nothing is taken in: that they lack would be found out much later.</summary>
    private static void CheckClassFolders(Plan plan, LabelSchema schema)
    {
        if (ImageFolder.FindUnclassed(plan.Folder, plan.Files, new ClassIndex(schema)) is not { } other) return;
        var classes = string.Join(", ", schema.Classes.Take(MostClasses).Select(c => c.Name));
        throw new ArgumentException($"No file of {plan.Folder} lies in a folder that is called like a class of {plan.Dataset}: files are "
            + $"named like '{ShownText.Named(other)}', classes are {classes}{(schema.Classes.Count > MostClasses ? ", …" : "")}. "
            + "Name the folder that holds those of the classes, or leave out --labels-from-folders. Nothing was sent.");
    }
}
