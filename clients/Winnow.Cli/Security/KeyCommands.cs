using System.CommandLine;
using Winnow.Model.Security;

namespace Winnow.Cli.Security;

internal static class KeyCommands
{
    public static Command Make(Connection connection) =>
        new("keys", "Make, list and revoke API keys. To rotate one: create a new one, then revoke the old.")
    {
        Create(connection),
        List(connection),
        Revoke(connection),
    };

    private static Command Create(Connection connection)
    {
        var principal = new Argument<string>("principal") { Description = Principal.Rule };
        var description = new Option<string>("--description") { Description = "What the key is for.", DefaultValueFactory = _ => "" };
        var days = Numbers.Whole("--days", 1, 731, "Days until it ends.", () => 90);
        var datasets = new Option<string[]>("--datasets")
        {
            Description = "The only datasets that it opens.",
            AllowMultipleArgumentsPerToken = true,
        };
        var permissions = new Option<string[]>("--permissions")
        {
            Description = "The only permissions that it carries, such as import-images; act-for-others must be named here, and its "
                + "principal be an owner.",
            AllowMultipleArgumentsPerToken = true,
        };
        var command = new Command("create", "Make a key. It is printed once, alone on standard output.")
        {
            principal, description, days, datasets, permissions,
        };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var scope = new KeyScope(
                parsed.GetValue(datasets) is { Length: > 0 } only ? only : null,
                parsed.GetValue(permissions) is { Length: > 0 } named ? [.. named.Select(Words.Parse<Permission>)] : null);
            var ends = TimeProvider.System.GetUtcNow().AddDays(parsed.GetValue(days));
            var made = await client.CreateKeyAsync(
                new CreateApiKey(Words.ParsePrincipal(parsed.GetValue(principal)), parsed.GetValue(description)!, scope, ends), ct);
            Terminal.Say(made.Key);
            var info = made.Info;
            await Terminal.ComplainAsync($"key {info.Id} of {info.Principal} until {info.ExpiresAt:u}. It is not shown again.");
            if (made.NotHeld is { Count: > 0 } lacking) await Terminal.ComplainAsync(NoteOf(info.Principal, lacking));
            return 0;
        });
        return command;
    }

    private static string NoteOf(Principal principal, IReadOnlyList<Permission> lacking) =>
        $"note: no role of {principal} gives {string.Join(", ", lacking.Select(Words.NameOf))}, so the key does not carry "
        + $"{(lacking.Count == 1 ? "it" : "them")} until one does"
        + (lacking.Contains(Permission.ActForOthers) ? $"; {Words.NameOf(Permission.ActForOthers)} is held by owners." : ".");

    private static Command List(Connection connection)
    {
        var command = new Command("list", "All keys, without their secrets.");
        connection.OnRun(command, async (_, client, ct) =>
        {
            var keys = await client.ListKeysAsync(ct);
            Connection.Table(["id", "principal", "description", "datasets", "permissions", "created", "by", "expires", "revoked",
                "last used"], keys.Select(k => (IReadOnlyList<string>)
            [
                k.Id, k.Principal.ToString(), k.Description, k.Scope.Datasets is { } d ? string.Join(' ', d) : "all",
                k.Scope.Permissions is { } p ? string.Join(' ', p.Select(Words.NameOf)) : "all",
                k.CreatedAt.ToString("u"), k.CreatedBy, k.ExpiresAt.ToString("u"), k.RevokedAt is { } at ? $"{at:u} by {k.RevokedBy}" : "",
                k.LastUsedAt?.ToString("u") ?? "never",
            ]));
            return 0;
        });
        return command;
    }

    private static Command Revoke(Connection connection)
    {
        var id = new Argument<string>("id") { Description = "The id from 'winnow keys list'; not the key itself." };
        var command = new Command("revoke", "Revoke a key, for good and at once.") { id };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var key = await client.RevokeKeyAsync(parsed.GetValue(id)!, ct);
            Terminal.Say($"key {key.Id} of {key.Principal} was revoked by {key.RevokedBy} at {key.RevokedAt:u}");
            return 0;
        });
        return command;
    }
}
