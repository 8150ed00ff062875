using System.CommandLine;
using System.Globalization;
using Winnow.Model.Training;

namespace Winnow.Cli.Training;

internal static class RoundCommands
{
    public static Command Make(Connection connection) => new("rounds", "Start and list rounds.") { Start(connection), List(connection) };

    private static Command Start(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var size = new Option<int>("--batch") { Description = "Images to ask people about.", Required = true };
        var arm = new Option<string>("--arm") { Description = "Arm: main, or control for the random one.", DefaultValueFactory = _ => Arms.Main };
        var strategy = new Option<string?>("--strategy") { Description = "Query strategy. Default herding, and random in arm control." };
        var wait = new Option<bool>("--wait") { Description = "Return when the round has ended." };
        var command = new Command("start", "Start the next round of an arm.") { dataset, size, arm, strategy, wait };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var name = parsed.GetValue(dataset)!;
            var round = await client.StartRoundAsync(name, new StartRound(parsed.GetValue(size), parsed.GetValue(arm)!, parsed.GetValue(strategy)), cancellationToken: ct);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round.Arm}/{round.Number} started"));
            if (!parsed.GetValue(wait)) return 0;
            round = await client.WaitForRoundAsync(name, round.Arm, round.Number, cancellationToken: ct);
            Console.WriteLine(Describe(round));
            return round.Step == RoundStep.Done ? 0 : 1;
        });
        return command;
    }

    private static Command List(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var command = new Command("list", "All rounds.") { dataset };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            foreach (var round in await client.ListRoundsAsync(parsed.GetValue(dataset)!, ct)) Console.WriteLine(Describe(round));
            return 0;
        });
        return command;
    }

    private static string Unlabelled(RoundInfo r) => r.Model?.Metrics is { AuditUnlabelled: > 0 } m
        ? string.Create(CultureInfo.InvariantCulture, $" ({m.AuditUnlabelled} of {m.AuditCount} without a label)")
        : "";

    private static string Describe(RoundInfo r) => string.Create(CultureInfo.InvariantCulture, $"{r.Arm}/{r.Number}\t{r.Step.ToString().ToLowerInvariant()}\t{r.Strategy}\t{r.Decided}/{r.Selected} decided\t{r.Labels} labels\taudit {r.Model?.Metrics.AuditAccuracy:P1}{Unlabelled(r)}\t{(r.Promoted is null ? "" : r.Promoted.Value ? "promoted" : "kept")}\t{r.Reason}");
}
