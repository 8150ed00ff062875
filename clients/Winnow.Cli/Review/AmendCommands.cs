using System.CommandLine;
using System.Globalization;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.MachineDecisions;
using Winnow.Model.Review;

namespace Winnow.Cli.Review;

/// <summary>What was said of an image, and how it is taken back or asked about again.</summary>
internal static class AmendCommands
{
    public static Command History(Connection connection)
    {
        var (dataset, image) = (new Argument<string>("dataset"), ImageOf());
        var command = new Command("history",
            "What people said of an image, oldest first: entry, when, who, what; below it what machines decided. The last line is what "
            + "stands by people.") { dataset, image };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var detail = await client.GetImageAsync(parsed.GetValue(dataset)!, Parse(parsed.GetValue(image)!), ct);
            foreach (var entry in detail.History)
                Terminal.SayFields(
                    entry.Version.ToString(CultureInfo.InvariantCulture), entry.At.ToString("u", CultureInfo.InvariantCulture),
                    entry.Actor, SayAll(entry), entry.Decision.Comment ?? "");
            foreach (var decided in detail.MachineDecisions)
                Terminal.SayFields(
                    Words.Of(decided.Kind), decided.At.ToString("u", CultureInfo.InvariantCulture), decided.Source,
                    AnnotationWords.Of(decided.Annotations), $"run {decided.Run}", StateOf(decided));
            var stands = detail.Annotations.Count > 0 ? AnnotationWords.Of(detail.Annotations)
                : detail.Labelled ? "nothing of it" : "no label";
            Terminal.Say($"{Words.Of(detail.Stage)}: {stands}");
            return ExitCodes.Done;
        });
        return command;
    }

    private static string StateOf(MachineDecision decided) => decided switch
    {
        { TakenBack: { } back } => $"taken back by {back.By}: {back.Reason}",
        { Outdated: true } => "cannot be said by the label schema as it is now",
        { Stands: true } => "stands, as people have said nothing",
        _ => "does not stand",
    };

    public static Command Label(Connection connection)
    {
        var (dataset, image, why) = (new Argument<string>("dataset"), ImageOf(), Why());
        var annotations = new Argument<string>("annotations")
        {
            Description = "All that it shows, as a JSON array: [{\"type\": \"class\", \"class\": \"cat\"}], "
                + "[{\"type\": \"box\", \"class\": \"cat\", \"box\": {\"x\": 3, \"y\": 4, \"width\": 50, \"height\": 60}}]; "
                + "'@' and a name: from that file; []: nothing of it.",
        };
        var command = new Command("label",
            "Say what an image shows: a correction of what stands, or the first word. Others' words need correct-decisions.")
        {
            dataset, image, annotations, why,
        };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var said = await AnnotationText.ReadAsync(parsed.GetValue(annotations)!, ct);
            return await AmendAsync(
                client.CorrectAsync(parsed.GetValue(dataset)!, Parse(parsed.GetValue(image)!), said, parsed.GetValue(why), ct));
        });
        return command;
    }

    public static Command Undo(Connection connection)
    {
        var (dataset, image) = (new Argument<string>("dataset"), ImageOf());
        var entry = Numbers.WholeOrNone("--entry", 1, int.MaxValue, "Which entry of its history ('review history'). Default the last.");
        var why = Why();
        var command = new Command("undo",
            "Take back what was said of an image. Your own words you may always take back; others' need correct-decisions. "
            + "The entry stays in the history, and undoing the undoing brings it back.") { dataset, image, entry, why };
        connection.OnRun(command, (parsed, client, ct) =>
            AmendAsync(client.TakeBackAsync(
                parsed.GetValue(dataset)!, Parse(parsed.GetValue(image)!), parsed.GetValue(entry), parsed.GetValue(why), ct)));
        return command;
    }

    public static Command AskAgain(Connection connection)
    {
        var (dataset, image, why) = (new Argument<string>("dataset"), ImageOf(), Why());
        var command = new Command("ask-again",
            "Have people asked about an image again; what stands of it does not count until somebody answers.") { dataset, image, why };
        connection.OnRun(command, (parsed, client, ct) =>
            AmendAsync(client.AskAgainAsync(parsed.GetValue(dataset)!, Parse(parsed.GetValue(image)!), parsed.GetValue(why), ct)));
        return command;
    }

    public static Command Gold(Connection connection)
    {
        var (dataset, image, why) = (new Argument<string>("dataset"), ImageOf(), Why());
        var classes = new Option<string[]>("--class")
        {
            Description = "What the image shows, where it is not what stands of it; may be given again.",
        };
        var command = new Command("gold",
            "Say that what stands of an image, or what --class says, is known for certain. Nobody is asked about it but to be checked "
            + "('datasets policy set --gold-share'); undo takes it back.") { dataset, image, classes, why };
        connection.OnRun(command, (parsed, client, ct) =>
        {
            Annotation[]? shows = parsed.GetValue(classes) is { Length: > 0 } named ? [.. named.Select(c => new ClassTag(c))] : null;
            return AmendAsync(client.MarkGoldAsync(
                parsed.GetValue(dataset)!, Parse(parsed.GetValue(image)!), shows, parsed.GetValue(why), ct));
        });
        return command;
    }

    private static Argument<string> ImageOf() => new("image") { Description = "Id of the image, as 'winnow list' shows it." };

    private static Option<string?> Why() => new("--comment") { Description = "Why, for whoever reads the history." };

    internal static ImageId Parse(string text) => ImageId.TryParse(text, out var image) ? image
        : throw new ArgumentException($"'{text}' is no id of an image. Take one from 'winnow list': it begins with 'img-'.");

    private static async Task<int> AmendAsync(Task<SubmitResult> sent)
    {
        var result = await sent;
        if (result.Status is SubmitStatus.Recorded or SubmitStatus.AlreadyRecorded)
        {
            Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"Recorded as entry {result.Version} of its history."));
            if (result.Reason is { } note) Terminal.Say(note);
            return ExitCodes.Done;
        }
        Terminal.Complain(result.Reason ?? Words.Of(result.Status));
        return ExitCodes.Failed;
    }

    private static string Say(HistoryEntry entry) => entry.Decision switch
    {
        { Kind: DecisionKind.Gold, Annotations: var known } =>
            $"gold {(known.Count == 0 ? "nothing of it" : AnnotationWords.Of(known))}",
        { Kind: DecisionKind.Label, Annotations: var said } =>
            $"{Words.Of(entry.Kind)} {(said.Count == 0 ? "nothing of it" : AnnotationWords.Of(said))}",
        { Kind: DecisionKind.TakeBack, Of: var of } => string.Create(CultureInfo.InvariantCulture, $"{Words.Of(entry.Kind)} {of}"),
        { Kind: DecisionKind.AskAgain } => Words.Of(entry.Kind),
        var other => $"{Words.Of(entry.Kind)} {Words.Of(other.Kind)}",
    };

    /// <summary>The same, with what was asked where that was no first label.</summary>
    private static string SayAll(HistoryEntry entry) => entry.Terms is { Kind: not TaskKind.Label and var asked }
        ? $"{Say(entry)} (asked to {Words.Of(asked)})" : Say(entry);
}
