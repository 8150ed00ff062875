using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Winnow.Cli.Review;
using Winnow.Cli.Training;
using Winnow.Model.Overview;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Cli.Datasets;

internal static class StatusCommand
{
    public static Command Make(Connection connection)
    {
        var name = new Argument<string>("dataset");
        var watch = new Option<bool>("--watch") { Description = "Go on until stopped." };
        var command = new Command("status", "Where a dataset stands.") { name, watch };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            if (!parsed.GetValue(watch))
            {
                Print(await client.GetStatusAsync(parsed.GetValue(name)!, ct));
                return 0;
            }
            var last = "";
            await foreach (var status in client.WatchStatusAsync(parsed.GetValue(name)!, ct))
            {
                var line = Line(status);
                if (line == last) continue;
                Terminal.Say(line);
                last = line;
            }
            return 0;
        });
        return command;
    }

    private static string Line(DatasetStatus s) =>
        string.Create(CultureInfo.InvariantCulture,
            $"{s.Images} images, {s.ScoringBacklog} to score, {s.OpenTasks} open tasks{Kinds(s)}, {s.Decided} decided{Machines(s)}, "
            + $"{s.ActiveRounds.Count} rounds under way{(s.ScoringStalled is null ? "" : $"; scoring stalled: {s.ScoringStalled}")}");

    private static string Machines(DatasetStatus s) => string.Create(CultureInfo.InvariantCulture,
        $"{(s.AutoAccepted > 0 ? $", {s.AutoAccepted} auto-accepted" : "")}{(s.Pseudo > 0 ? $", {s.Pseudo} guessed" : "")}");

    private static string Kinds(DatasetStatus status)
    {
        var others = status.TasksByKind.Where(t => t.Key != TaskKind.Label && t.Value > 0).ToArray();
        return others.Length == 0 ? "" : $" ({string.Join(", ", others.Select(t => string.Create(
            CultureInfo.InvariantCulture, $"{t.Value} to {Words.Of(t.Key)}")))})";
    }

    private static bool OnlySkippedLeft(RoundInfo r) =>
        r is { Step: RoundStep.Review, Outcomes.Unanswered: 0, AuditOutcomes: null or { Unanswered: 0 } };

    private static void Print(DatasetStatus status)
    {
        Terminal.Say(Line(status));
        foreach (var (stage, count) in status.Stages.Where(s => s.Value > 0))
            Terminal.Say($"  {JsonNamingPolicy.KebabCaseLower.ConvertName(stage.ToString()),-14} {count}");
        var doubled = status.Split is { } split ? $", being doubled: {split.Copied} of {split.Total} rows copied" : "";
        Terminal.Say($"  {"shards",-14} {status.Shards}{doubled}");
        if (status.Backbones.Count > 1)
            foreach (var backbone in status.Backbones) Terminal.Say($"  {"backbone",-14} {BackboneCommands.Line(backbone)}");
        if (status.Restored is { } restored)
            Terminal.Say(
                $"  {"restored",-14} {DatasetCommands.Words(restored)} (a backup of {restored.Origin}, begun {restored.StartedAt:u})");
        foreach (var r in status.ActiveRounds) Terminal.Say($"  {RoundText.Sentence(r)}");
        var labels = status.TasksByKind.GetValueOrDefault(TaskKind.Label, status.OpenTasks);
        if (labels > 0 && status.ActiveRounds.Count == 0)
            Terminal.Say("  What is to be labelled is of no round under way: of the audit sample, asked by the policy, or skipped by "
                + "somebody. Answers count for the next one.");
        else if (status.OpenTasks > 0 && status.ActiveRounds.Count == 0)
            Terminal.Say("  What is open waits for somebody who has not answered it, and may verify labels or settle what people differ "
                + "about.");
        else if (status.OpenTasks > 0 && status.ActiveRounds.All(OnlySkippedLeft))
            Terminal.Say($"  Whoever was asked skipped all that is open. {WayOn.Of(status)}");
        foreach (var m in status.Champions)
            Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"  model {m.Name}: {m.Labels} labels, {RoundText.Audit(m.Metrics)}"));
    }
}
