using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Winnow.Model.Datasets;
using Winnow.Shown;

namespace Winnow.Cli.Datasets;

internal static class BackboneCommands
{
    public static Command Make(Connection connection) => new("backbones", "Add, compare, switch and drop the backbones of a dataset.")
    {
        List(connection), Add(connection), Compare(connection), Switch(connection), Drop(connection),
    };

    private static Argument<string> Dataset() => new("dataset");

    private static Argument<string> Name() => new("name") { Description = "The backbone." };

    private static Command List(Connection connection)
    {
        var dataset = Dataset();
        var command = new Command("list", "The backbone that serves, and those that are made and kept beside it.") { dataset };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            foreach (var backbone in await client.ListBackbonesAsync(parsed.GetValue(dataset)!, ct)) Terminal.Say(Line(backbone));
            return 0;
        });
        return command;
    }

    private static Command Add(Connection connection)
    {
        var (dataset, name) = (Dataset(), Name());
        var command = new Command(
            "add",
            "Make the embeddings of a further backbone and their projection, beside those that serve, and follow that to its "
            + "end. New images "
            + "and people go first. Interrupting this ends the following alone.") { dataset, name };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var (of, wanted) = (parsed.GetValue(dataset)!, parsed.GetValue(name)!);
            await client.AddBackboneAsync(of, wanted, cancellationToken: ct);
            var last = "";
            var made = await client.WaitForBackboneAsync(of, wanted, new InPlace<BackboneInfo>(b =>
            {
                var line = Line(b);
                if (line != last) Terminal.Say(line);
                last = line;
            }), ct);
            if (made.Stage != BackboneStage.Dropped) return 0;
            await Terminal.ComplainAsync($"Backbone '{wanted}' was dropped meanwhile.");
            return 1;
        });
        return command;
    }

    private static Command Compare(Connection connection)
    {
        var dataset = Dataset();
        var command = new Command(
            "compare",
            "What each backbone is worth on the labels that are there, by heads that were trained on the other folds, and what it costs. "
            + "Chosen images are harder than the pool: the figures compare, and promise no accuracy.") { dataset };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var compared = await client.CompareBackbonesAsync(parsed.GetValue(dataset)!, ct);
            Terminal.Say(string.Create(
                CultureInfo.InvariantCulture, $"{compared.Labels} labelled images, {compared.Folds} folds, the same for each"));
            Connection.Table(
                ["backbone", "accuracy", "95 %", "log-loss", "better", "worse", "p", "images/s", "bytes/image", "unusable"],
                compared.Backbones.Select(Fields));
            foreach (var (name, reason) in compared.LeftOut) Terminal.Say($"Left out: {name}. {reason}");
            return 0;
        });
        return command;
    }

    private static Command Switch(Connection connection)
    {
        var (dataset, name) = (Dataset(), Name());
        var command = new Command(
            "switch",
            "Turn to another backbone that is ready. The next round trains its head on its vectors; the one before is kept with its model, "
            + "and switching back is as quick. Refused while a round is under way.") { dataset, name };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            Terminal.Say(Line(await client.SwitchBackboneAsync(parsed.GetValue(dataset)!, parsed.GetValue(name)!, cancellationToken: ct)));
            return 0;
        });
        return command;
    }

    private static Command Drop(Connection connection)
    {
        var (dataset, name) = (Dataset(), Name());
        var command = new Command("drop", "Give up a backbone that does not serve, and remove what it made. Labels stay.")
        {
            dataset, name,
        };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            Terminal.Say(Line(await client.DropBackboneAsync(parsed.GetValue(dataset)!, parsed.GetValue(name)!, cancellationToken: ct)));
            return 0;
        });
        return command;
    }

    /// <summary>How far a backbone has come, as one line.</summary>
    public static string Line(BackboneInfo b)
    {
        var stage = JsonNamingPolicy.KebabCaseLower.ConvertName(b.Stage.ToString());
        var model = b.Model is null ? "" : string.Create(CultureInfo.InvariantCulture, $", {b.Scored} scored by {b.Model}");
        var rows = string.Create(CultureInfo.InvariantCulture, $"{b.Embedded} of {b.Images} images embedded, {b.Projected} projected");
        return $"{b.Name}: {stage}, {rows}{model}{(b.Stalled is null ? "" : $"; stalled: {b.Stalled}")}";
    }

    private static IReadOnlyList<string> Fields(BackboneFigures f)
    {
        static string Shown(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";
        static string Count(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";
        var interval = f.Accuracy is null ? "too few labels" : $"{Shown(f.AccuracyLower, "P1")} to {Shown(f.AccuracyUpper, "P1")}";
        return
        [
            f.Serves ? $"{f.Name} (serves)" : f.Name, Shown(f.Accuracy, "P1"), interval, Shown(f.LogLoss, "F3"), Count(f.Better),
            Count(f.Worse),
            Shown(f.PValue, "F3"), Shown(f.ImagesPerSecond, "F0"), f.BytesPerImage.ToString(CultureInfo.InvariantCulture),
            f.Unusable.ToString(CultureInfo.InvariantCulture),
        ];
    }
}
