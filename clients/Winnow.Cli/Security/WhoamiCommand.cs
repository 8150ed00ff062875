using System.CommandLine;

namespace Winnow.Cli.Security;

internal static class WhoamiCommand
{
    public static Command Make(Connection connection)
    {
        var command = new Command("whoami", "How the server knows you, and the roles that you hold.");
        connection.OnRun(command, async (_, client, ct) =>
        {
            var me = await client.WhoamiAsync(ct);
            Terminal.Say(me.Principal?.ToString()
                ?? "nobody in particular: this server has no keys, and everybody on its machine may do everything");
            if (me.KeyId is not null) Terminal.Say($"  key {me.KeyId} until {me.ExpiresAt:u}");
            if (me.Scope?.Datasets is { } datasets) Terminal.Say($"  for these datasets only: {string.Join(' ', datasets)}");
            if (me.Scope?.Permissions is { } permissions)
                Terminal.Say($"  with these permissions only: {string.Join(' ', permissions.Select(Words.NameOf))}");
            foreach (var held in me.Roles) Terminal.Say($"  {Words.NameOf(held.Role)} of {held.Scope}");
            return 0;
        });
        return command;
    }
}
