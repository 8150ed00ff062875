using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Winnow.Model.Datasets;
using Winnow.Model.Policies;
using Winnow.Model.Review;

namespace Winnow.Cli.Datasets;

internal static class PolicyCommands
{
    public static Command Make(Connection connection) =>
        new("policy", "Show and change what the rounds and people of a dataset follow.")
        {
            Show(connection),
            History(connection),
            Set(connection),
        };

    private static Command Show(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var command = new Command("show", "The policies that hold.") { dataset };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            Say(await client.GetPoliciesAsync(parsed.GetValue(dataset)!, ct));
            return 0;
        });
        return command;
    }

    private static Command History(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var command = new Command("history", "All policies that ever held, with who changed them, oldest first.") { dataset };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var all = await client.ListPoliciesAsync(parsed.GetValue(dataset)!, ct);
            Connection.Table(
                ["version", "changed", "by", "answer within", "tasks per person", "strategy", "cold start", "trainer", "promotion",
                    "labels per image", "verify share", "verifier settles", "ask below", "gold share"],
                all.Select(p => (IReadOnlyList<string>)
                [
                    p.Version.ToString(CultureInfo.InvariantCulture), p.ChangedAt.ToString("u", CultureInfo.InvariantCulture), p.ChangedBy,
                    p.AnswerWithin.ToString("c"), p.TasksPerPerson.ToString(CultureInfo.InvariantCulture), p.Strategy, p.ColdStart,
                    p.Trainer, p.Promotion, p.LabelsPerImage.ToString(CultureInfo.InvariantCulture),
                    p.VerifyShare.ToString(CultureInfo.InvariantCulture), p.VerifierSettles ? "yes" : "no",
                    p.AskBelow.ToString(CultureInfo.InvariantCulture), p.GoldShare.ToString(CultureInfo.InvariantCulture),
                ]));
            return 0;
        });
        return command;
    }

    private static Command Set(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var version = Numbers.WholeOrNone("--version-known", 1, int.MaxValue,
            "Change these and no others: refused where another version holds by now.");
        var within = Durations.Option("--answer-within",
            "How long rounds wait for a further answer before they go on with those they have.");
        var perPerson = Numbers.WholeOrNone(
            "--tasks-per-person", 1, DatasetSettings.MostTasksPerPerson, "Review tasks that one person holds at a time.");
        var strategy = new Option<string?>("--strategy") { Description = "What chooses a round's images, but in arm control." };
        var coldStart = new Option<string?>("--cold-start") { Description = "What chooses them while an arm has no model." };
        var trainer = new Option<string?>("--trainer") { Description = "What learns from the labels." };
        var promotion = new Option<string?>("--promotion")
        {
            Description = "What decides whether a new model replaces the old one: unless-worse or only-better.",
        };
        var labels = Numbers.WholeOrNone("--labels-per-image", 1, TaskTerms.MostLabels,
            "How many people label an image, each without knowing of the others; what more than half of them say stands.");
        var verify = Numbers.ShareOrNone("--verify-share",
            "Of the images that one person labelled, the share that somebody else verifies.");
        var settles = new Option<bool?>("--verifier-settles")
        {
            Description = "Whether the word of a verifier who differs stands (true), or an arbitrator is asked (false).",
            CustomParser = ReadSettles,
        };
        var below = Numbers.ShareOrNone("--ask-below",
            "Ask about every image of which the model, or where there is none a prelabel, is less sure, without a round. 0: none.");
        var gold = Numbers.ShareOrNone("--gold-share",
            "How often an image whose label is known ('review gold') comes beside a task to label; more than 0.5 is refused.");
        var command = new Command("set", "Change policies. What is left out stays; rounds that were started keep what held.")
        {
            dataset, version, within, perPerson, strategy, coldStart, trainer, promotion, labels, verify, settles, below, gold,
        };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var change = new ChangePolicies
            {
                Version = parsed.GetValue(version),
                AnswerWithin = parsed.GetValue(within),
                TasksPerPerson = parsed.GetValue(perPerson),
                Strategy = parsed.GetValue(strategy),
                ColdStart = parsed.GetValue(coldStart),
                Trainer = parsed.GetValue(trainer),
                Promotion = parsed.GetValue(promotion),
                LabelsPerImage = parsed.GetValue(labels),
                VerifyShare = parsed.GetValue(verify),
                VerifierSettles = parsed.GetValue(settles),
                AskBelow = parsed.GetValue(below),
                GoldShare = parsed.GetValue(gold),
            };
            Say(await client.ChangePoliciesAsync(parsed.GetValue(dataset)!, change, ct));
            return 0;
        });
        return command;
    }

    private static bool? ReadSettles(ArgumentResult result)
    {
        if (bool.TryParse(result.Tokens[0].Value, out var settles)) return settles;
        result.AddError($"--verifier-settles must be true or false, not '{result.Tokens[0].Value}'.");
        return null;
    }

    private static void Say(DatasetPolicies p)
    {
        Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"version {p.Version}, by {p.ChangedBy} at {p.ChangedAt:u}"));
        Terminal.Say($"  answer within     {p.AnswerWithin:c}");
        Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"  tasks per person  {p.TasksPerPerson}"));
        Terminal.Say($"  strategy          {p.Strategy}");
        Terminal.Say($"  cold start        {p.ColdStart}");
        Terminal.Say($"  trainer           {p.Trainer}");
        Terminal.Say($"  promotion         {p.Promotion}");
        Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"  labels per image  {p.LabelsPerImage}"));
        Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"  verify share      {p.VerifyShare}"));
        Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"  ask below         {p.AskBelow}"));
        Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"  gold share        {p.GoldShare}"));
        Terminal.Say($"  where they differ {(p.VerifierSettles ? "the verifier's word stands" : "an arbitrator is asked")}");
    }
}
