using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Cli.Datasets;

internal static class DatasetCommands
{
    public static Command Make(Connection connection) =>
        new("datasets", "Create, list, show, split and delete datasets, and change their policies and label schemas.")
    {
        Create(connection), List(connection), Show(connection), Split(connection),
        PolicyCommands.Make(connection), SchemaCommands.Make(connection),
        DeletionCommands.Delete(connection), DeletionCommands.List(connection),
    };

    private const int MostNamed = 20;

    private static readonly (string Name, Geometry Geometry, bool Several)[] Tasks =
    [
        ("class", Geometry.Class, false), ("classes", Geometry.Class, true),
        ("boxes", Geometry.Box, false), ("polygons", Geometry.Polygon, false), ("masks", Geometry.Mask, false),
        ("polylines", Geometry.Polyline, false), ("keypoints", Geometry.Keypoints, false), ("text", Geometry.Text, false),
    ];

    private static Command Create(Connection connection)
    {
        var name = new Argument<string>("name") { Description = DatasetName.Rule };
        var classes = new Option<string[]>("--classes")
        {
            Description = "Class names, in the order of the model's outputs.",
            AllowMultipleArgumentsPerToken = true,
        };
        var folder = new Option<string?>("--classes-from")
        {
            Description = "Take the names of a folder's sub-folders as classes. "
                + "Hidden ones, links and names that are not UTF-8 are none, as in an import; names that an export encoded are decoded.",
        };
        var audit = Numbers.Whole("--audit", 0, 1_000_000, "Images of the random audit sample.", () => new DatasetSettings().AuditSample);
        var shards = Numbers.Whole("--shards", 1, ShardLayout.MaxCount,
            "Units of bulk work, a power of two; 'datasets split' doubles them.", () => new DatasetSettings().Shards);
        var backbone = new Option<string>("--backbone")
        {
            Description = "Backbone whose embeddings the dataset lives on.",
            DefaultValueFactory = _ => new DatasetSettings().Backbone,
        };
        var within = Durations.Option("--answer-within",
            "How long its rounds wait for a further answer before they go on with those they have. Default 7d; 'datasets policy "
            + "set' changes it.");
        var perPerson = Numbers.Whole("--tasks-per-person", 1, DatasetSettings.MostTasksPerPerson,
            "Review tasks that one person holds at a time; 'datasets policy set' changes it.", () => new DatasetSettings().TasksPerPerson);
        var seed = Numbers.Whole("--seed", ulong.MinValue, ulong.MaxValue, "Seeds every random draw.");
        var task = new Option<string[]>("--task")
        {
            Description = "What people say of an image: class, its one class; classes, any number of them; or the shapes of what it shows, "
                + "any number of each. Several may be named: boxes polygons.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [Tasks[0].Name],
        };
        task.AcceptOnlyFromAmong([.. Tasks.Select(t => t.Name)]);
        var schemaFile = new Option<string?>("--schema")
        {
            Description = "The whole label schema from a JSON file: classes with titles, colours and keypoints, geometries, multiLabel, "
                + "attributes. Member 'schema' of what 'datasets show' prints is one; what it tells of earlier versions is left out.",
        };
        var command = new Command("create", "Create a dataset.")
        {
            name, classes, folder, audit, shards, backbone, within, perPerson, seed, task, schemaFile,
        };
        command.NotBoth(classes, folder, "both name the classes.");
        command.NotBoth(classes, schemaFile, "both name the classes.");
        command.NotBoth(folder, schemaFile, "both name the classes.");
        command.NotBoth(task, schemaFile, "both say what people are asked.");
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var names = parsed.GetValue(folder) is { } from ? ClassesOf(from) : parsed.GetValue(classes) ?? [];
            var settings = new DatasetSettings
            {
                AuditSample = parsed.GetValue(audit),
                Shards = parsed.GetValue(shards),
                Backbone = parsed.GetValue(backbone)!,
                TasksPerPerson = parsed.GetValue(perPerson),
                Seed = parsed.GetValue(seed),
            };
            if (parsed.GetValue(within) is { } time) settings.AnswerWithin = time;
            var schema = parsed.GetValue(schemaFile) is { } file ? await SchemaFile.ReadAsync(file, ct)
                : SchemaOf(names, parsed.GetValue(task)!);
            var made = await client.CreateDatasetAsync(new CreateDataset(parsed.GetValue(name)!, schema, settings), ct);
            var (shardsMade, onBackbone) = (made.Settings.Shards, made.Settings.Backbone);
            Terminal.Say($"{made.Name}: {made.Schema.Classes.Count} classes, {shardsMade} shards, backbone {onBackbone}");
            if (!made.Schema.IsOneClass && !made.Schema.IsTags)
                Terminal.Say("Its labels are sets of annotations, which no model is trained from yet: rounds choose by diversity alone, "
                    + "and ask for no audit sample.");
            return 0;
        });
        return command;
    }

    private static LabelSchema SchemaOf(IReadOnlyList<string> classes, string[] tasks)
    {
        var wanted = Tasks.Where(t => tasks.Contains(t.Name)).ToArray();
        return new LabelSchema
        {
            Classes = [.. classes.Select(c => new LabelClass(c))],
            Geometries = [.. wanted.Select(t => t.Geometry).Distinct()],
            MultiLabel = wanted.Any(t => t.Several),
        };
    }

    private static IReadOnlyList<string> ClassesOf(string folder)
    {
        var found = ClassFolders.Of(folder);
        foreach (var (name, why) in found.LeftOut.Take(MostNamed)) Terminal.Say($"No class: {ShownText.Named(name)}: {why}.");
        if (found.LeftOut.Count > MostNamed) Terminal.Say($"  and {found.LeftOut.Count - MostNamed} more folders that are no classes");
        return found.Classes;
    }

    private static Command List(Connection connection)
    {
        var command = new Command("list", "All datasets.");
        connection.OnRun(command, async (_, client, ct) =>
        {
            var datasets = await client.ListDatasetsAsync(ct);
            Connection.Table(["name", "classes", "backbone", "created", "restored"], datasets.Select(d => (IReadOnlyList<string>)
                [d.Name, d.Schema.Open.ToString(CultureInfo.InvariantCulture), d.Settings.Backbone, d.CreatedAt.ToString("u"),
                    Words(d.Restored.LastOrDefault())]));
            return 0;
        });
        return command;
    }

    /// <summary>When a dataset was restored, by whom and from what; nothing where it was made here.</summary>
    public static string Words(Restoration? restored) => restored is null ? ""
        : $"{restored.At:u} by {restored.By} from {restored.Sha256[..12]}";

    private static Command Show(Connection connection)
    {
        var name = new Argument<string>("name");
        var command = new Command("show", "One dataset with its schema and settings, as JSON.") { name };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var dataset = await client.GetDatasetAsync(parsed.GetValue(name)!, ct);
            var written = new JsonSerializerOptions(ModelJson.Default.Options) { WriteIndented = true };
            Terminal.SayAsItIs(JsonSerializer.Serialize(dataset, written));
            return 0;
        });
        return command;
    }

    private static Command Split(Connection connection)
    {
        var name = new Argument<string>("name");
        var command = new Command("split",
            "Double the shards of a dataset while it is worked with, and follow that to its end. Interrupting this ends the "
            + "following alone.")
        {
            name,
        };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var dataset = parsed.GetValue(name)!;
            var wanted = (await client.GetDatasetAsync(dataset, ct)).Shards.Count * 2;
            await client.SplitAsync(dataset, wanted, ct);
            var last = "";
            await foreach (var status in client.WatchStatusAsync(dataset, ct))
            {
                var line = status.Split is { } split ? Line(split)
                    : string.Create(CultureInfo.InvariantCulture, $"{dataset}: {status.Shards} shards hold {status.Images} images");
                if (line != last) Terminal.Say(line);
                last = line;
                if (status.Split is null && status.Shards >= wanted) return 0;
            }
            return 1;
        });
        return command;
    }

    private static string Line(ShardSplitProgress split) => string.Create(CultureInfo.InvariantCulture,
        $"{split.From} to {split.To} shards: {(split.Step == ShardSplitStep.Copying ? "copying" : "handing over")}, {split.Copied} of "
        + $"{split.Total} rows{(split.Stalled is null ? "" : $"; stalled: {split.Stalled}")}");
}
