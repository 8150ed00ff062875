using System.CommandLine;
using System.Globalization;

namespace Winnow.Cli.Review;

/// <summary>Who did how much, and how far others agree.</summary>
internal static class PeopleCommand
{
    public static Command Make(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var command = new Command("people",
            "What each person did, and how far others agree: those who verified, labelled the same or arbitrated; and of images whose "
            + "label is known ('review gold') how many they got right.") { dataset };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var all = await client.ListPeopleAsync(parsed.GetValue(dataset)!, ct);
            Connection.Table(
                ["person", "answers", "skips", "corrected", "verified", "settled", "compared", "agreed", "gold", "right"],
                all.Select(p => (IReadOnlyList<string>)
                [
                    p.Person, Number(p.Answers), Number(p.Skips), Number(p.Corrected), Number(p.Verified), Number(p.Settled),
                    Number(p.Compared), Share(p.Agreed, p.Compared), Number(p.Gold), Share(p.GoldRight, p.Gold),
                ]));
            return ExitCodes.Done;
        });
        return command;
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Share(long part, long whole) =>
        whole == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{part} ({100.0 * part / whole:0} %)");
}
