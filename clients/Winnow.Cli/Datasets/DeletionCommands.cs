using System.CommandLine;
using System.Globalization;
using Winnow.Model.Datasets;

namespace Winnow.Cli.Datasets;

internal static class DeletionCommands
{
    public static Command Delete(Connection connection)
    {
        var name = new Argument<string>("name");
        var yes = new Option<bool>("--yes") { Description = "Do it. Without this, nothing is deleted." };
        var command = new Command(
            "delete", "Delete a dataset for good, with its images, labels, models and versions, and follow that to its end. "
                + "Interrupting this ends the following alone.")
        {
            name, yes,
        };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var dataset = parsed.GetValue(name)!;
            if (!parsed.GetValue(yes))
            {
                Terminal.Complain(
                    $"Dataset {dataset} would be deleted for good, with all that people said in it. Take a backup if in doubt "
                    + $"('winnow backup {dataset}'); say that you want it with --yes.");
                return ExitCodes.Misused;
            }
            var deletion = await client.DeleteDatasetAsync(dataset, ct);
            Terminal.Say($"{dataset}: deleted by {deletion.DeletedBy}, seen by nobody any more");
            var last = "";
            var told = await client.WaitForDeletionAsync(deletion, new Told(now =>
            {
                var line = Line(now);
                if (line != last) Terminal.Say(line);
                last = line;
            }), ct);
            Terminal.Say($"{told.Dataset} is gone, and its name is free.");
            return 0;
        });
        return command;
    }

    public static Command List(Connection connection)
    {
        var command = new Command("deletions", "Every dataset that was deleted, by whom and when.");
        connection.OnRun(command, async (_, client, ct) =>
        {
            var all = await client.ListDeletionsAsync(ct);
            Connection.Table(["name", "deleted", "by", "objects", "rows", "gone"], all.Select(d => (IReadOnlyList<string>)
            [
                d.Dataset, d.DeletedAt.ToString("u"), d.DeletedBy, d.Objects.ToString(CultureInfo.InvariantCulture),
                d.Rows.ToString(CultureInfo.InvariantCulture), d.EndedAt?.ToString("u") ?? "not yet",
            ]));
            return 0;
        });
        return command;
    }

    private static string Line(DatasetDeletion deletion) => string.Create(CultureInfo.InvariantCulture,
        $"{deletion.Dataset}: {deletion.Objects} objects and {deletion.Rows} rows removed"
        + $"{(deletion.Stalled is null ? "" : $"; stalled: {deletion.Stalled}")}");

    /// <summary>Told at once and in order, where <see cref="Progress{T}"/> posts.</summary>
    private sealed class Told(Action<DatasetDeletion> tell) : IProgress<DatasetDeletion>
    {
        public void Report(DatasetDeletion value) => tell(value);
    }
}
