using System.CommandLine;
using System.Globalization;
using Winnow.Client;
using Winnow.Model.Datasets;

namespace Winnow.Cli.Datasets;

internal static class VersionCommands
{
    public static Command Make(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var note = new Option<string?>("--note") { Description = "What to remember about it." };
        var people = new Option<bool>("--people-only") { Description = "Leave out what machines decided and was accepted." };
        var pseudo = new Option<bool>("--pseudo") { Description = "Take in the guesses of machines too, where nothing else stands." };
        var create = new Command("create",
            "Make an immutable snapshot. Labels by machines that were accepted are in it, and told apart from people's; guesses are not.")
        {
            dataset, note, people, pseudo,
        };
        connection.OnRun(create, async (parsed, client, ct) =>
        {
            var wanted = new CreateVersion(parsed.GetValue(note))
            {
                AutoAccepted = !parsed.GetValue(people),
                Pseudo = parsed.GetValue(pseudo),
            };
            var made = await client.CreateVersionAsync(parsed.GetValue(dataset)!, wanted, cancellationToken: ct);
            var machines = (made.AutoAccepted > 0 ? $", {made.AutoAccepted} by machines" : "")
                + (made.Pseudo > 0 ? $", {made.Pseudo} guessed" : "");
            Terminal.Say(
                $"version {made.Number}: {made.Images} images, {made.Labeled} labelled{machines}, manifest {made.ManifestSha256}");
            return 0;
        });
        var listed = new Argument<string>("dataset");
        var list = new Command("list", "All versions.") { listed };
        connection.OnRun(list, async (parsed, client, ct) =>
        {
            var versions = await client.ListVersionsAsync(parsed.GetValue(listed)!, ct);
            Connection.Table(["version", "images", "labelled", "created", "by", "manifest", "note"],
                versions.Select(v =>
                    (IReadOnlyList<string>)[v.Number.ToString(CultureInfo.InvariantCulture),
                        v.Images.ToString(CultureInfo.InvariantCulture), v.Labeled.ToString(CultureInfo.InvariantCulture),
                        v.CreatedAt.ToString("u"), v.CreatedBy, v.ManifestSha256[..16], v.Note ?? ""]));
            return 0;
        });
        return new Command("versions", "Make, list and compare dataset versions.") { create, list, Diff(connection) };
    }

    private static Command Diff(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var from = Numbers.WholeArgument("from", 0, int.MaxValue, "The earlier version; 0: nothing, so that all images are added.");
        var to = Numbers.WholeArgument("to", 1, int.MaxValue, "The later version.");
        var images = new Option<bool>("--images")
        {
            Description = "Each image that is not the same instead, one line each: id, what became of it, label before, label now, name.",
        };
        var command = new Command("diff",
            "What is different between two versions: images added, removed, labelled, relabelled, by class and by whose word it is.")
        {
            dataset, from, to, images,
        };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var (name, earlier, later) = (parsed.GetValue(dataset)!, parsed.GetValue(from), parsed.GetValue(to));
            if (parsed.GetValue(images))
            {
                await foreach (var change in client.ListVersionChangesAsync(name, earlier, later, ct))
                    Terminal.SayFields(
                        change.Id.ToString(), Words.Of(change.Kind), Word(change.From, change.FromSource),
                        Word(change.To, change.ToSource), change.Name);
                return ExitCodes.Done;
            }
            var diff = await client.DiffVersionsAsync(name, earlier, later, ct);
            if (diff.Moves.Count > 0)
                Connection.Table(["change", "from", "to", "images"], diff.Moves.Select(m => (IReadOnlyList<string>)
                [
                    Words.Of(m.Kind), Word(m.From, m.FromSource), Word(m.To, m.ToSource), m.Images.ToString(CultureInfo.InvariantCulture),
                ]));
            Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{diff.Same} images are the same in versions {earlier} and {later}"));
            return ExitCodes.Done;
        });
        return command;
    }

    private static string Word(string? label, LabelSource? source) =>
        label is null ? "" : source is { } whose ? $"{label} ({Words.Of(whose)})" : label;
}

internal static class ExportCommand
{
    public static Command Make(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var version = Numbers.WholeOrNone("--version-number", 1, int.MaxValue, "Which version. Default the latest.");
        var format = new Option<string?>("--format")
        {
            Description = "imagenet, csv or jsonl. Default imagenet; jsonl where labels are sets of annotations, which only it can hold.",
        };
        var folder = new Option<string>("--out")
        {
            Description = "Folder to write into: a new or an empty one, unless it is replaced.",
            Required = true,
        };
        var replace = new Option<bool>("--replace")
        {
            Description = "Take the place of an earlier export in the folder: what the version has not is removed. "
                + "What no export wrote, or was changed since, is left alone.",
        };
        const string What = "Write a dataset version into a folder, all of it or nothing. "
            + "Ends with 3 when images of it could not be read: those are named, and left out.";
        var command = new Command("export", What) { dataset, version, format, folder, replace };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var (name, target) = (parsed.GetValue(dataset)!, parsed.GetValue(folder)!);
            ExportFolder.Check(target);
            var number = parsed.GetValue(version);
            var versions = await client.ListVersionsAsync(name, ct);
            var wanted = number is null ? versions.LastOrDefault() : versions.FirstOrDefault(v => v.Number == number);
            if (wanted is null)
            {
                throw new ArgumentException(versions.Count == 0
                    ? $"Dataset '{name}' has no version yet. Make one with: winnow versions create {name}"
                    : string.Create(CultureInfo.InvariantCulture,
                        $"Dataset '{name}' has no version {number}; its latest is {versions[^1].Number}."));
            }
            var options = new ExportOptions { Replace = parsed.GetValue(replace) };
            var form = parsed.GetValue(format)
                ?? ((await client.GetDatasetAsync(name, ct)).Schema.IsOneClass ? "imagenet" : "jsonl");
            var written = await client.WriteExportAsync(name, wanted.Number, form, target, options, ct);
            Terminal.Say(string.Create(CultureInfo.InvariantCulture,
                $"{written.Files} files of version {wanted.Number} in {Path.GetFullPath(target)}"));
            if (written.Removed > 0)
                Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{written.Removed} files of an earlier export removed"));
            if (form == "imagenet") SayWhatIsLeftOut(wanted, written.Files + written.Missing.Count);
            if (written.Missing.Count == 0) return ExitCodes.Done;
            await MissingNotes.PrintAsync(written.Missing.Count, written.Missing,
                $"of the version could not be read and are not in the folder; see winnow verify {name} --hash");
            return ExitCodes.Incomplete;
        });
        return command;
    }

    /// <summary>Images without a class have no folder.</summary>
    private static void SayWhatIsLeftOut(DatasetVersion version, int files)
    {
        if (version.Images <= files) return;
        var what = version.Labeled == 0 ? "None of its images has a label, so there is nothing to export"
            : string.Create(CultureInfo.InvariantCulture,
                $"{version.Images - files} of its {version.Images} images have no label, or cannot be used, and are left out");
        Terminal.Say($"{what}; --format csv lists all.");
    }
}
