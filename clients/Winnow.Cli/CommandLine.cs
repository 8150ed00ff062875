using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Winnow.Cli.Datasets;
using Winnow.Cli.Health;
using Winnow.Cli.Images;
using Winnow.Cli.Images.Buckets;
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

    public static async Task<int> RunAsync(string[] args)
    {
        // A folder may be called @photos: nothing is read in the place of an argument.
        var parsed = Make().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var code = await parsed.InvokeAsync(new InvocationConfiguration { Error = Terminal.Errors });
        return parsed.Action is ParseErrorAction ? ExitCodes.Misused : code;
    }

    private static RootCommand Make()
    {
        var connection = new Connection();
        var root = new RootCommand($"{Summary}\n\n{ExitCodes.Told}")
        {
            DatasetCommands.Make(connection),
            ImportCommand.Make(connection),
            SourceCommands.Make(connection),
            ListCommand.Make(connection),
            StatusCommand.Make(connection),
            RoundCommands.Make(connection),
            ReviewCommands.Make(connection),
            VersionCommands.Make(connection),
            ExportCommand.Make(connection),
            BackupCommand.Make(connection),
            RestoreCommand.Make(connection),
            VerifyCommand.Make(connection),
            ModelCommands.Make(connection),
            KeyCommands.Make(connection),
            SetAsideCommands.Make(connection),
            AccessCommands.Make(connection),
            WhoamiCommand.Make(connection),
        };
        // Not /h and /?, which are names of folders.
        foreach (var help in root.Options.OfType<HelpOption>().ToList()) root.Options.Remove(help);
        root.Options.Add(new HelpOption("--help", "-h", "-?"));
        foreach (var option in connection.Options) root.Options.Add(option);
        return root;
    }
}
