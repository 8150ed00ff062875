using System.CommandLine;
using Winnow.Cli.Lines;
using Winnow.Client;
using Winnow.Model.Prelabels;

namespace Winnow.Cli.Prelabels;

internal static class PrelabelCommands
{
    public static Command Make(Connection connection) => new("prelabels", "What machines propose for images.") { Import(connection) };

    private static Command Import(Connection connection)
    {
        var file = new Argument<string>("file")
        {
            Description = "JSON lines in UTF-8: image (its id) or name (its path below the folder that was imported), source, "
                + "annotations, madeAt; where known version and confidence.",
        };
        var dataset = new Option<string>("--dataset") { Description = "The dataset that holds the images.", Required = true };
        var command = new Command("import",
            "Import prelabels from a file. Of each image and source the newest is kept. Lines that cannot be taken are named and left out, "
            + "and the others are taken; the command then ends with 3. Running it again changes nothing.") { file, dataset };
        connection.OnRun(command, (parsed, client, ct) =>
            RunAsync(client, parsed.GetValue(dataset)!, parsed.GetValue(file)!, ct));
        return command;
    }

    private static async Task<int> RunAsync(WinnowClient client, string dataset, string file, CancellationToken ct)
    {
        await using var content = NamedFile.Open(file, "file of prelabels");
        await client.GetDatasetAsync(dataset, ct);
        var import = new LotImport<ImagePrelabel>(client, "prelabels", PrelabelLines.Form, async (rows, operation) =>
        {
            var result = await client.AddPrelabelsAsync(dataset, rows, operation, ct);
            return (result.Taken, result.Refused.Select(r => (r.Index, $"{r.Image} by {r.Source}: {r.Reason}")));
        });
        return await import.RunAsync(dataset, file, content, ct);
    }
}
