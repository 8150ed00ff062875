using System.CommandLine;
using Winnow.Cli;
using Winnow.Cli.Datasets;
using Winnow.Cli.Images;
using Winnow.Cli.Images.Buckets;
using Winnow.Cli.Review;
using Winnow.Cli.Security;
using Winnow.Cli.Training;
using Winnow.Cli.Weights;

var connection = new Connection();
var root = new RootCommand("Winnow: labels images with as few human decisions as it can. Talks to a server; start one with 'dotnet run --project silos/Winnow.Silo'.")
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
    AccessCommands.Make(connection),
    WhoamiCommand.Make(connection),
};
foreach (var option in connection.Options) root.Options.Add(option);
return await root.Parse(args).InvokeAsync();
