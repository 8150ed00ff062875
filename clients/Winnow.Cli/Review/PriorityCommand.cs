using System.CommandLine;
using System.Globalization;
using Winnow.Model.Review;

namespace Winnow.Cli.Review;

/// <summary>What is asked before all else.</summary>
internal static class PriorityCommand
{
    public static Command Make(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var images = new Argument<string[]>("images")
        {
            Description = "Ids of images, as 'winnow list' shows them.",
            Arity = ArgumentArity.OneOrMore,
        };
        var last = new Option<bool>("--last") { Description = "After all others instead." };
        var command = new Command("first", "Have people asked about these images before all others that they may be asked about.")
        {
            dataset, images, last,
        };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var place = parsed.GetValue(last) ? -1e6 : 1e6;
            TaskPriority[] wanted = [.. parsed.GetValue(images)!.Select(i => new TaskPriority(AmendCommands.Parse(i), place))];
            var changed = 0;
            foreach (var some in wanted.Chunk(TaskPriority.MostAtOnce))
                changed += await client.PrioritizeAsync(parsed.GetValue(dataset)!, some, ct);
            Terminal.Say(string.Create(CultureInfo.InvariantCulture,
                $"{changed} of {wanted.Length} images are asked about, and come so now."));
            return changed == wanted.Length ? ExitCodes.Done : ExitCodes.Incomplete;
        });
        return command;
    }
}
