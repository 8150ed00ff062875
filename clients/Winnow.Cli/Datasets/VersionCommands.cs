using System.CommandLine;
using System.Globalization;
using Winnow.Model.Datasets;

namespace Winnow.Cli.Datasets;

internal static class VersionCommands
{
    public static Command Make(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var note = new Option<string?>("--note") { Description = "What to remember about it." };
        var create = new Command("create", "Make an immutable snapshot.") { dataset, note };
        connection.OnRun(create, async (parsed, client, ct) =>
        {
            var made = await client.CreateVersionAsync(parsed.GetValue(dataset)!, new CreateVersion(parsed.GetValue(note)), cancellationToken: ct);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"version {made.Number}: {made.Images} images, {made.Labeled} labelled, manifest {made.ManifestSha256}"));
            return 0;
        });
        var listed = new Argument<string>("dataset");
        var list = new Command("list", "All versions.") { listed };
        connection.OnRun(list, async (parsed, client, ct) =>
        {
            var versions = await client.ListVersionsAsync(parsed.GetValue(listed)!, ct);
            Connection.Table(["version", "images", "labelled", "created", "by", "manifest", "note"], versions.Select(v => (IReadOnlyList<string>)[v.Number.ToString(CultureInfo.InvariantCulture), v.Images.ToString(CultureInfo.InvariantCulture), v.Labeled.ToString(CultureInfo.InvariantCulture), v.CreatedAt.ToString("u"), v.CreatedBy, v.ManifestSha256[..16], v.Note ?? ""]));
            return 0;
        });
        return new Command("versions", "Make and list dataset versions.") { create, list };
    }
}

internal static class ExportCommand
{
    public static Command Make(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var version = new Option<int>("--version-number") { Description = "Which version. Default the latest." };
        var format = new Option<string>("--format") { Description = "imagenet or csv.", DefaultValueFactory = _ => "imagenet" };
        var folder = new Option<string>("--out") { Description = "Folder to write into.", Required = true };
        var command = new Command("export", "Write a dataset version into a folder.") { dataset, version, format, folder };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var name = parsed.GetValue(dataset)!;
            var number = parsed.GetValue(version);
            if (number == 0) number = (await client.ListVersionsAsync(name, ct)).LastOrDefault()?.Number ?? throw new ArgumentException($"Dataset '{name}' has no version yet. Make one with: winnow versions create {name}");
            var files = await client.ExportAsync(name, number, parsed.GetValue(format)!, parsed.GetValue(folder)!, ct);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{files} files of version {number} in {Path.GetFullPath(parsed.GetValue(folder)!)}"));
            return 0;
        });
        return command;
    }
}
