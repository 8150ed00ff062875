using System.CommandLine;
using System.Globalization;
using System.Net;
using Winnow.Client;
using Winnow.Model.Datasets;

namespace Winnow.Cli.Datasets;

internal static class BackupCommand
{
    public static Command Make(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var file = new Argument<string>("file")
        {
            Description = "File to write: a tar archive. There must be none of that name, unless it is replaced.",
        };
        var replace = new Option<bool>("--replace") { Description = "Take the place of a file that is there, once the backup is whole." };
        const string What = "Write a whole dataset into a file while it is worked with: rows, history, rounds, models, versions and all "
            + "bytes. Access and bucket sources are left out. Ends with 3 when objects were missing.";
        var command = new Command("backup", What) { dataset, file, replace };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var path = parsed.GetValue(file)!;
            var end = await ByteProgress.RunAsync("Writing", null,
                report => client.BackupAsync(parsed.GetValue(dataset)!, path, report, parsed.GetValue(replace), ct));
            Terminal.Say(string.Create(CultureInfo.InvariantCulture,
                $"{path}: {end.Images} images, {end.History} entries of history, {end.Objects} objects, {end.Bytes / 1e6:N1} MB; ")
                + $"read back and whole, SHA-256 {end.Sha256}");
            if (end.Missing == 0) return ExitCodes.Done;
            await MissingNotes.PrintAsync(end.Missing, end.Named,
                "are not in it, because the store has lost them, holds them damaged or cannot read them; "
                + $"see winnow verify {parsed.GetValue(dataset)}");
            return ExitCodes.Incomplete;
        });
        return command;
    }
}

internal static class RestoreCommand
{
    public static Command Make(Connection connection)
    {
        var file = new Argument<string>("file") { Description = "A file that 'winnow backup' wrote." };
        var name = new Option<string?>("--as")
        {
            Description = "Name of the dataset, which must not exist yet. Default the one that it had.",
        };
        var alike = new Option<bool>("--alike-classes")
        {
            Description = "Take classes that differ only in case or Unicode form, as older datasets may have them.",
        };
        const string What = "Bring a backup back as a dataset. It appears when it is whole, and not before; "
            + "a restore that failed is repeated by running it again. Ends with 3 when objects were missing.";
        var command = new Command("restore", What) { file, name, alike };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var path = parsed.GetValue(file)!;
            if (FileFacts.Of(path) is { Kind: not FileKind.File } facts)
            {
                throw new FileNotFoundException(facts.Kind == FileKind.Missing
                    ? $"There is no file {path}. Name one that 'winnow backup' wrote."
                    : $"{path} is no backup. {FolderFile.Explain(facts.Kind, path)} Name a file that 'winnow backup' wrote.");
            }
            var restored = await RestoreAsync(client, path, parsed.GetValue(name), parsed.GetValue(alike), ct);
            Terminal.Say(string.Create(CultureInfo.InvariantCulture,
                $"{restored.Dataset.Name}: {restored.Images} images, {restored.History} entries of history, {restored.Rounds} rounds, ")
                + $"{restored.Versions} versions, {restored.Objects} objects, as of {restored.StartedAt:u}");
            if (restored.Cleaned > 0)
                Terminal.Say(string.Create(
                    CultureInfo.InvariantCulture, $"{restored.Cleaned} texts were taken over without characters that cannot be shown."));
            Terminal.Say("Who acted in it, and when, is as the backup tells it; history says so.");
            if (restored.Missing == 0) return ExitCodes.Done;
            await MissingNotes.PrintAsync(restored.Missing, restored.MissingObjects ?? [],
                "were not in the backup, or could not be used; what machines made is made again. "
                + $"See winnow verify {restored.Dataset.Name}");
            return ExitCodes.Incomplete;
        });
        return command;
    }

    /// <summary>The server knows what is wrong with a backup, and not what it is called here.</summary>
    private static async Task<RestoredDataset> RestoreAsync(
        WinnowClient client, string path, string? name, bool alike, CancellationToken cancellationToken)
    {
        var bytes = new FileInfo(path).Length;
        if (bytes == 0) throw new InvalidDataException($"{path} is empty, so it is no backup. Name a file that 'winnow backup' wrote.");
        try
        {
            return await ByteProgress.RunAsync(
                "Sending", bytes, report => client.RestoreAsync(path, name, report, alike, cancellationToken));
        }
        catch (WinnowApiException e) when (e.Status == HttpStatusCode.BadRequest)
        {
            throw new InvalidDataException($"{path} cannot be restored. {e.Message}", e);
        }
    }
}
