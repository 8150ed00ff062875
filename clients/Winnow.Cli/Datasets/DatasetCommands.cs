using System.CommandLine;
using System.Text.Json;
using Winnow.Model;
using Winnow.Model.Datasets;

namespace Winnow.Cli.Datasets;

internal static class DatasetCommands
{
    public static Command Make(Connection connection) => new("datasets", "Create, list and show datasets.") { Create(connection), List(connection), Show(connection) };

    private static Command Create(Connection connection)
    {
        var name = new Argument<string>("name") { Description = DatasetName.Rule };
        var classes = new Option<string[]>("--classes") { Description = "Class names, in the order of the model's outputs.", AllowMultipleArgumentsPerToken = true };
        var folder = new Option<string?>("--classes-from") { Description = "Take the names of a folder's sub-folders as classes." };
        var audit = new Option<int>("--audit") { Description = "Images of the random audit sample.", DefaultValueFactory = _ => new DatasetSettings().AuditSample };
        var shards = new Option<int>("--shards") { Description = "Units of bulk work, a power of two.", DefaultValueFactory = _ => new DatasetSettings().Shards };
        var backbone = new Option<string>("--backbone") { Description = "Backbone whose embeddings the dataset lives on.", DefaultValueFactory = _ => new DatasetSettings().Backbone };
        var seed = new Option<int>("--seed") { Description = "Seeds every random draw." };
        var command = new Command("create", "Create a dataset.") { name, classes, folder, audit, shards, backbone, seed };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var names = parsed.GetValue(folder) is { } from
                ? [.. Directory.EnumerateDirectories(from).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal)]
                : parsed.GetValue(classes) ?? [];
            var settings = new DatasetSettings { AuditSample = parsed.GetValue(audit), Shards = parsed.GetValue(shards), Backbone = parsed.GetValue(backbone)!, Seed = (ulong)Math.Max(0, parsed.GetValue(seed)) };
            var made = await client.CreateDatasetAsync(new CreateDataset(parsed.GetValue(name)!, new LabelSchema { Classes = [.. names.Select(n => new LabelClass(n))] }, settings), ct);
            Console.WriteLine($"{made.Name}: {made.Schema.Classes.Count} classes, {made.Settings.Shards} shards, backbone {made.Settings.Backbone}");
            return 0;
        });
        return command;
    }

    private static Command List(Connection connection)
    {
        var command = new Command("list", "All datasets.");
        connection.OnRun(command, async (_, client, ct) =>
        {
            var datasets = await client.ListDatasetsAsync(ct);
            Connection.Table(["name", "classes", "backbone", "created"], datasets.Select(d => (IReadOnlyList<string>)[d.Name, d.Schema.Classes.Count.ToString(), d.Settings.Backbone, d.CreatedAt.ToString("u")]));
            return 0;
        });
        return command;
    }

    private static Command Show(Connection connection)
    {
        var name = new Argument<string>("name");
        var command = new Command("show", "One dataset with its schema and settings, as JSON.") { name };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var dataset = await client.GetDatasetAsync(parsed.GetValue(name)!, ct);
            Console.WriteLine(JsonSerializer.Serialize(dataset, new JsonSerializerOptions(ModelJson.Default.Options) { WriteIndented = true }));
            return 0;
        });
        return command;
    }
}
