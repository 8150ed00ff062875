using System.CommandLine;
using System.Text.Json;
using Winnow.Model.Health;
using Winnow.Model.Names;

namespace Winnow.Cli.Health;

internal static class SetAsideCommands
{
    public static Command Make(Connection connection) =>
        new("set-aside", "What a server has set aside because what is stored of it cannot be read.")
        {
            List(connection), Discard(connection),
        };

    private static Command List(Connection connection)
    {
        var command = new Command("list", "All of it: what, why, and what to do.");
        connection.OnRun(command, async (_, client, ct) =>
        {
            var items = await client.ListSetAsideAsync(ct);
            if (items.Count == 0) Terminal.Say("Nothing is set aside.");
            foreach (var item in items)
            {
                Terminal.Say($"{WordOf(item.Kind)} {Shown(item.Name)}: {item.Problem}");
                Terminal.Say($"  {item.WhatToDo}");
            }
            return 0;
        });
        return command;
    }

    private static Command Discard(Connection connection)
    {
        string[] kinds = [.. Enum.GetValues<SetAsideKind>().Select(WordOf)];
        var kind = new Argument<SetAsideKind>("kind") { Description = $"As 'set-aside list' has it: {string.Join(", ", kinds)}." };
        // By itself the library takes any number for a kind.
        kind.AcceptOnlyFromAmong(kinds);
        var name = new Argument<string>("name") { Description = "As 'set-aside list' has it." };
        var yes = new Option<bool>("--yes") { Description = "Do it. Without this, nothing is deleted." };
        var command = new Command("discard", "Delete something that is set aside, for good; a dataset with all its images and labels.")
        {
            kind, name, yes,
        };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var (what, which) = (parsed.GetValue(kind), parsed.GetValue(name)!);
            if (!parsed.GetValue(yes))
            {
                Terminal.Complain($"{WordOf(what)} {which} would be deleted for good. Say so with --yes.");
                return ExitCodes.Misused;
            }
            var items = await client.ListSetAsideAsync(ct);
            // As it is, or as the list shows it: what is not shown cannot be typed.
            var meant = items.FirstOrDefault(i => i.Kind == what && i.Name == which)
                ?? items.FirstOrDefault(i => i.Kind == what && Shown(i.Name) == which);
            var gone = await client.DiscardSetAsideAsync(what, meant?.Name ?? which, ct);
            Terminal.Say($"{WordOf(what)} {which} is deleted. It had been set aside: {gone.Problem}");
            return 0;
        });
        return command;
    }

    private static string Shown(string name) => name.Length == 0 ? "''" : ShownText.Escaped(name);

    private static string WordOf(SetAsideKind kind) => JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString());
}
