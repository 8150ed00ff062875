using System.CommandLine;
using Winnow.Model.Security;

namespace Winnow.Cli.Security;

internal static class AccessCommands
{
    /// <summary>A hundred years: whoever wants more wants no end.</summary>
    private const int MostDays = 36_500;

    public static Command Make(Connection connection) => new("access", "Who has which role in a dataset, or in the cluster.")
    {
        Grant(connection), List(connection), Changes(connection),
        Change(connection, "vet", "Record that a person was vetted: the role is in force from now on.",
            (client, scope, grant, ct) => client.VetAccessAsync(scope, grant, ct)),
        Change(connection, "revoke", "Take a role back, at once.",
            (client, scope, grant, ct) => client.RevokeAccessAsync(scope, grant, ct)),
    };

    private static Argument<string> Scope() => new("scope") { Description = "A dataset, or '*' for the cluster with all its datasets." };

    private static Argument<string> Who() => new("principal") { Description = Principal.Rule };

    private static Argument<string> Which() => new("role") { Description = string.Join(", ", Enum.GetValues<Role>().Select(Words.NameOf)) };

    private static Command Grant(Connection connection)
    {
        var (scope, who, which) = (Scope(), Who(), Which());
        var days = Numbers.WholeOrNone("--days", 1, MostDays, "Days until the role ends by itself. Default never.");
        var command = new Command("grant", "Give a role, or move its end. A service has it at once, a person after 'winnow access vet'.")
        {
            scope, who, which, days,
        };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            DateTimeOffset? ends = parsed.GetValue(days) is { } d ? TimeProvider.System.GetUtcNow().AddDays(d) : null;
            Print(await client.GrantAccessAsync(parsed.GetValue(scope)!,
                new GrantAccess(Words.ParsePrincipal(parsed.GetValue(who)), Words.Parse<Role>(parsed.GetValue(which)!), ends), ct));
            return 0;
        });
        return command;
    }

    private static Command Change(Connection connection, string name, string description,
        Func<Client.WinnowClient, string, GrantName, CancellationToken, Task<AccessGrant>> change)
    {
        var (scope, who, which) = (Scope(), Who(), Which());
        var command = new Command(name, description) { scope, who, which };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            Print(await change(client, parsed.GetValue(scope)!,
                new GrantName(Words.ParsePrincipal(parsed.GetValue(who)), Words.Parse<Role>(parsed.GetValue(which)!)), ct));
            return 0;
        });
        return command;
    }

    private static Command List(Connection connection)
    {
        var scope = Scope();
        var command = new Command("list", "Who has which role; those that ended too.") { scope };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var grants = await client.ListAccessAsync(parsed.GetValue(scope)!, ct);
            Connection.Table(["principal", "role", "state", "expires", "granted", "by", "vetted by"],
                grants.Select(g => (IReadOnlyList<string>)
                [g.Principal.ToString(), Words.NameOf(g.Role), Words.NameOf(g.State), g.ExpiresAt?.ToString("u") ?? "never",
                    g.GrantedAt.ToString("u"), g.GrantedBy, g.VettedBy ?? ""]));
            return 0;
        });
        return command;
    }

    private static Command Changes(Connection connection)
    {
        var scope = Scope();
        var command = new Command("changes", "Who changed access, and when.") { scope };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var changes = await client.ListAccessChangesAsync(parsed.GetValue(scope)!, ct);
            Connection.Table(["at", "by", "act", "principal", "role", "expires"], changes.Select(c => (IReadOnlyList<string>)
                [c.At.ToString("u"), c.Actor, Words.NameOf(c.Act), c.Principal.ToString(), Words.NameOf(c.Role),
                    c.ExpiresAt?.ToString("u") ?? "never"]));
            return 0;
        });
        return command;
    }

    private static void Print(AccessGrant g)
    {
        var until = g.ExpiresAt is { } ends ? $", until {ends:u}" : "";
        Terminal.Say($"{g.Principal} is {Words.NameOf(g.Role)} of {g.Scope}: {Words.NameOf(g.State)}{until}");
    }
}
