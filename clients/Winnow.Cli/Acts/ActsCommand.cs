using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Acts;
using Winnow.Model.Images;

namespace Winnow.Cli.Acts;

/// <summary>Who did what.</summary>
internal static class ActsCommand
{
    private static readonly IEnumerable<ActKind> Kinds = Enum.GetValues<ActKind>().Where(k => k != ActKind.Unknown);

    public static Command Make(Connection connection)
    {
        var dataset = new Option<string?>("--dataset") { Description = "The dataset. Without it: what was done to the cluster." };
        var by = new Option<string?>("--by") { Description = "Only acts of this principal, or of whom it acted for." };
        var what = new Option<string?>("--what") { Description = $"Only acts of this kind: {string.Join(", ", Kinds.Select(Words.Of))}." };
        var image = new Option<string?>("--image") { Description = "Only acts on this image of the dataset." };
        var since = Moment("--since", "Only acts from then on.");
        var until = Moment("--until", "Only acts before then.");
        var follow = new Option<bool>("--follow") { Description = "Go on with what is done from now on, until Ctrl+C." };
        var json = new Option<bool>("--json") { Description = "One JSON object a line, with all that is known." };
        var command = new Command("acts",
            "Who did what, oldest first, one line each: stream and number, when, who, from where, what, of what. The number has no gaps.")
        {
            dataset, by, what, image, since, until, follow, json,
        };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            if (parsed.GetValue(image) is not null && parsed.GetValue(dataset) is null)
                throw new ArgumentException("--image is of a dataset: name it with --dataset.");
            var filter = new ActFilter
            {
                Actor = parsed.GetValue(by),
                What = parsed.GetValue(what) is { } word ? KindOf(word) : null,
                Image = parsed.GetValue(image) is { } id ? ImageId.Parse(id) : null,
                Since = parsed.GetValue(since),
                Until = parsed.GetValue(until),
            };
            await foreach (var act in client.ListActsAsync(parsed.GetValue(dataset), filter, parsed.GetValue(follow), ct))
                if (parsed.GetValue(json)) Terminal.SayAsItIs(JsonSerializer.Serialize(act, ModelJson.Default.Act));
                else Terminal.SayFields(FieldsOf(act));
            return ExitCodes.Done;
        });
        return command;
    }

    private static IEnumerable<string> FieldsOf(Act act) =>
    [
        string.Create(CultureInfo.InvariantCulture, $"{act.Stream} {act.Sequence}"), act.At.ToString("u"), act.Actor ?? "(erased)",
        act.Address ?? "", Words.Of(act.What), act.Dataset ?? "", act.Image?.ToString() ?? act.About ?? "", act.Of ?? "",
        act.Outcome == ActOutcome.Done ? "" : Words.Of(act.Outcome),
    ];

    private static ActKind KindOf(string word) => Kinds.Cast<ActKind?>().FirstOrDefault(k => Words.Of(k!.Value) == word)
        ?? throw new ArgumentException($"'{word}' is no act. Known are: {string.Join(", ", Kinds.Select(Words.Of))}.");

    /// <summary>A moment, or how long ago it was.</summary>
    private static Option<DateTimeOffset?> Moment(string name, string description) => new(name)
    {
        Description = $"{description} Such as 2026-03-01, 2026-03-01T12:00Z, or how long ago: 90s, 30m, 2h, 7d.",
        CustomParser = Parse,
    };

    private static DateTimeOffset? Parse(ArgumentResult result)
    {
        var text = result.Tokens is [var token] ? token.Value : "";
        if (Durations.TryParse(text, out var ago) && ago < TimeSpan.FromDays(36_500)) return TimeProvider.System.GetUtcNow() - ago;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)) return at;
        result.AddError($"'{text}' is no time: write 2026-03-01, 2026-03-01T12:00Z, or how long ago it was, such as 2h.");
        return null;
    }
}
