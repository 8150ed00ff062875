extern alias cli;

using System.CommandLine;
using CommandLine = cli::Winnow.Cli.CommandLine;
using Connection = cli::Winnow.Cli.Connection;

namespace Winnow.Web.Tests.Client;

/// <summary>A line that names a command makes that one alone. Nobody can tell.</summary>
public sealed class CommandTableTests
{
    public static TheoryData<string> Names => [.. CommandLine.Commands.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_command_made_alone_is_the_one_that_stands_among_all(string name)
    {
        var alone = CommandLine.Make([name, "--help"]);
        Assert.Equal(name, Assert.Single(alone.Subcommands).Name);
        Assert.Equal(Help(CommandLine.Make([]), name), Help(alone, name));
    }

    [Theory]
    [InlineData]
    [InlineData("--help")]
    [InlineData("data")]
    [InlineData("--actor", "import", "datasets", "list")]
    public void Where_no_command_stands_first_there_are_all(params string[] args) =>
        Assert.Equal(CommandLine.Commands.Select(c => c.Name), CommandLine.Make(args).Subcommands.Select(c => c.Name));

    [Fact]
    public void Each_command_is_made_under_the_name_that_it_is_found_by() =>
        Assert.All(CommandLine.Commands, c => Assert.Equal(c.Name, c.Make(new Connection()).Name));

    private static string Help(RootCommand root, string name)
    {
        using var output = new StringWriter();
        Assert.Equal(0, root.Parse([name, "--help"]).Invoke(new InvocationConfiguration { Output = output }));
        return output.ToString();
    }
}
