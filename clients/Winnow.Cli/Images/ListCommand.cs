using System.CommandLine;
using Winnow.Model.Images;

namespace Winnow.Cli.Images;

internal static class ListCommand
{
    public static Command Make(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var stage = new Option<string?>("--stage") { Description = $"Only images at this stage: {Stages}." };
        var command = new Command("list", "Images of a dataset, one line each: id, stage, label, name, reason.") { dataset, stage };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            Stage? wanted = null;
            if (parsed.GetValue(stage) is { } text)
                wanted = Enum.GetValues<Stage>().Cast<Stage?>().FirstOrDefault(s => Words.Of(s!.Value) == text)
                    ?? throw new ArgumentException($"'{text}' is not a stage. Known are: {Stages}.");
            await foreach (var image in client.ListImagesAsync(parsed.GetValue(dataset)!, wanted, ct))
                Terminal.SayFields(image.Id.ToString(), Words.Of(image.Stage), Labelled(image), image.Name, image.Reason ?? "");
            return ExitCodes.Done;
        });
        return command;
    }

    private static string Labelled(ImageSummary image) =>
        image.Label ?? (image.Classes is not { } classes ? "" : classes.Count == 0 ? "(nothing)" : string.Join(" + ", classes));

    private static string Stages => string.Join(", ", Enum.GetValues<Stage>().Select(Words.Of));
}
