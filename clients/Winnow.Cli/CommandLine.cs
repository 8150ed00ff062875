using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Winnow.Cli.Acts;
using Winnow.Cli.Datasets;
using Winnow.Cli.Health;
using Winnow.Cli.Images;
using Winnow.Cli.Images.Buckets;
using Winnow.Cli.MachineDecisions;
using Winnow.Cli.Prelabels;
using Winnow.Cli.Review;
using Winnow.Cli.Security;
using Winnow.Cli.Training;
using Winnow.Cli.Weights;

namespace Winnow.Cli;

/// <summary>All commands, and how their line is read: each argument is what it says, whatever it begins with.</summary>
internal static class CommandLine
{
    private const string Summary =
        "Winnow: labels images with as few human decisions as it can. Talks to a server; "
        + "start one with 'dotnet run --project silos/Winnow.Silo'.";

    /// <summary>
    /// All commands by their names. Only the one that a line names is made: each costs time at the start, and none needs the others.
    /// </summary>
    internal static readonly (string Name, Func<Connection, Command> Make)[] Commands =
    [
        ("datasets", DatasetCommands.Make),
        ("import", ImportCommand.Make),
        ("sources", SourceCommands.Make),
        ("list", ListCommand.Make),
        ("status", StatusCommand.Make),
        ("rounds", RoundCommands.Make),
        ("backbones", BackboneCommands.Make),
        ("review", ReviewCommands.Make),
        ("prelabels", PrelabelCommands.Make),
        ("machine-decisions", MachineDecisionCommands.Make),
        ("versions", VersionCommands.Make),
        ("export", ExportCommand.Make),
        ("backup", BackupCommand.Make),
        ("restore", RestoreCommand.Make),
        ("verify", VerifyCommand.Make),
        ("models", ModelCommands.Make),
        ("keys", KeyCommands.Make),
        ("set-aside", SetAsideCommands.Make),
        ("access", AccessCommands.Make),
        ("acts", ActsCommand.Make),
        ("whoami", WhoamiCommand.Make),
    ];

    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            StandardOutput.Install();
            // A folder may be called @photos: nothing is read in the place of an argument.
            var parsed = Make(args).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
            var how = new InvocationConfiguration { Error = Terminal.Errors, EnableDefaultExceptionHandler = false };
            var code = await parsed.InvokeAsync(how);
            return parsed.Action is ParseErrorAction ? ExitCodes.Misused : code;
        }
        catch (Exception e)
        {
            // Of help and of what is wrong with the line: commands end by themselves.
            return await Endings.EndAsync(e);
        }
    }

    internal static RootCommand Make(string[] args)
    {
        var connection = new Connection();
        var root = new RootCommand($"{Summary}\n\n{ExitCodes.Told}");
        // What stands first is a command or an option: behind an option the same word may be a value.
        var named = Array.FindIndex(Commands, c => args.Length > 0 && c.Name == args[0]);
        foreach (var (_, make) in named < 0 ? Commands : Commands.AsSpan(named, 1)) root.Subcommands.Add(make(connection));
        // Not /h and /?, which are names of folders.
        var standard = root.Options.First(o => o is HelpOption);
        root.Options.Remove(standard);
        root.Options.Add(new HelpOption("--help", "-h", "-?"));
        foreach (var option in connection.Options) root.Options.Add(option);
        return root;
    }
}
