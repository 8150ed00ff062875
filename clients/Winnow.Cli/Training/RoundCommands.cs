using System.CommandLine;
using System.Globalization;
using Winnow.Client;
using Winnow.Model.Training;
using Winnow.Shown;

namespace Winnow.Cli.Training;

internal static class RoundCommands
{
    /// <summary>
    /// How long a start is followed without <c>--wait</c>: refusals that show only when images are chosen come within this.
    /// </summary>
    private static readonly TimeSpan FollowStart = TimeSpan.FromSeconds(10);

    public static Command Make(Connection connection) => new("rounds", "Start, list and end rounds.")
    {
        Start(connection),
        List(connection),
        End(connection),
    };

    private static Option<string> ArmOption() => new("--arm")
    {
        Description = "Arm: main, or control for the random one.",
        DefaultValueFactory = _ => Arms.Main,
    };

    private static Command Start(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var size = Numbers.Whole("--batch", 1, StartRound.MaxBatch, "Images to ask people about.");
        size.Required = true;
        var arm = ArmOption();
        var strategy = new Option<string?>("--strategy")
        {
            Description = "Query strategy. Default as the policies say, and random in arm control.",
        };
        var coldStart = new Option<string?>("--cold-start")
        {
            Description = "Strategy while the arm has no model. Default as the policies say, and random in arm control.",
        };
        var within = Durations.Option("--answer-within",
            "How long it waits for a further answer before it goes on with those it has. Default as the policies say.");
        var trainer = new Option<string?>("--trainer") { Description = "What learns from the labels. Default as the policies say." };
        var promotion = new Option<string?>("--promotion")
        {
            Description = "What decides whether the new model replaces the old one. Default as the policies say.",
        };
        var wait = new Option<bool>("--wait")
        {
            Description = "Return when the round has ended, well or not, and tell meanwhile what it is at.",
        };
        var command = new Command("start",
            "Start the next round of an arm. Ends with 1 when the round is refused or fails at once; with --wait also when it fails later.")
        {
            dataset, size, arm, strategy, coldStart, within, trainer, promotion, wait,
        };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var name = parsed.GetValue(dataset)!;
            var start = new StartRound(parsed.GetValue(size), parsed.GetValue(arm)!, parsed.GetValue(strategy), parsed.GetValue(coldStart))
            {
                AnswerWithin = parsed.GetValue(within),
                Trainer = parsed.GetValue(trainer),
                Promotion = parsed.GetValue(promotion),
            };
            var round = await client.StartRoundAsync(name, start, cancellationToken: ct);
            Terminal.Say($"round {RoundText.NameOf(round)} started");
            round = parsed.GetValue(wait) ? await FollowAsync(client, name, round, ct) : await StartedAsync(client, name, round, ct);
            return await EndedAsync(round);
        });
        return command;
    }

    private static Command List(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var command = new Command("list", "All rounds: what became of their images, what they learned, how they ended.") { dataset };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            foreach (var round in await client.ListRoundsAsync(parsed.GetValue(dataset)!, ct)) Terminal.SayFields(RoundText.Fields(round));
            return 0;
        });
        return command;
    }

    private static Command End(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var arm = ArmOption();
        var number = Numbers.WholeOrNone("--round", 1, Arms.MaxRounds, "Its number. Default the round of the arm that has not ended.");
        var command = new Command(
            "end",
            "End a round by hand and follow it to its end. It learns from what people said. What nobody has answered is asked no "
            + "more, and a "
            + "later round may ask it again; what somebody could not tell stays open for other people, whose answers count from the next "
            + "round on. A round that has asked nobody yet, or that learns already, ends without a model. Labels stay in any case.")
        {
            dataset, arm, number,
        };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var name = parsed.GetValue(dataset)!;
            var line = parsed.GetValue(arm)!;
            var chosen = parsed.GetValue(number)
                ?? (await client.ListRoundsAsync(name, ct)).LastOrDefault(r => r.Arm == line && !r.HasEnded)?.Number;
            if (chosen is not { } which)
            {
                await Terminal.ComplainAsync($"No round of arm '{line}' of dataset '{name}' is under way.");
                return 1;
            }
            var round = await client.EndRoundAsync(name, line, which, cancellationToken: ct);
            round = await FollowAsync(client, name, round, ct);
            // Who ends a round by hand has what was asked for, whether there was enough to learn from or not.
            Terminal.Say(RoundText.Sentence(round));
            if (await client.GetStatusAsync(name, ct) is { OpenTasks: > 0 and var open })
                Terminal.Say(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{open} image{(open == 1 ? " is" : "s are")} still asked about, for another arm or the audit sample, "
                    + $"or because somebody could not tell and others may."));
            return 0;
        });
        return command;
    }

    /// <summary>
    /// Follows a round until it is known what came of its start: it asks people, it waits and says for what, or it has ended.
    /// </summary>
    private static async Task<RoundInfo> StartedAsync(WinnowClient client, string dataset, RoundInfo round,
        CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(FollowStart);
        var seen = round;
        try
        {
            using var known = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
            return await client.WaitForRoundAsync(dataset, round.Arm, round.Number, new InPlace<RoundInfo>(r =>
            {
                seen = r;
                if (r.Step != RoundStep.Select || r.Waiting is not null) known.Cancel();
            }), known.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return seen;
        }
    }

    /// <summary>Follows a round to its end, with a line for whatever is new of it.</summary>
    private static async Task<RoundInfo> FollowAsync(WinnowClient client, string dataset, RoundInfo round,
        CancellationToken cancellationToken)
    {
        var last = "";
        return await client.WaitForRoundAsync(dataset, round.Arm, round.Number, new InPlace<RoundInfo>(r =>
        {
            // One line a step, and one for each reason to wait: not one for every answer.
            var what = $"{r.Step} {(r.Waiting is null ? "" : "waits")}";
            if (r.HasEnded || what == last) return;
            last = what;
            Terminal.Say(RoundText.Sentence(r));
        }), cancellationToken);
    }

    private static async Task<int> EndedAsync(RoundInfo round)
    {
        if (round.Step == RoundStep.Failed)
        {
            await Terminal.ComplainAsync(RoundText.Sentence(round));
            return 1;
        }
        Terminal.Say(RoundText.Sentence(round));
        return 0;
    }
}
