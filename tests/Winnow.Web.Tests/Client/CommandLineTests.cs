using System.Globalization;
using Winnow.Testing;

namespace Winnow.Web.Tests.Client;

/// <summary>
/// The command line as people start it: under users without a name, behind proxies, with whatever their shells put into variables.
/// </summary>
public sealed class CommandLineTests(Server server) : IClassFixture<Server>
{
    private const string Secret = "wnk_0123456789abcdef_secret";

    private Task<CliResult> RunAsync(params string[] arguments) => CliProcess.RunAsync(server.Address, [], arguments);

    private Task<CliResult> RunWithAsync(string variable, string value, params string[] arguments) => CliProcess.RunWithAsync(variables =>
    {
        variables["WINNOW_SERVER"] = server.Address.ToString();
        variables[variable] = value;
    }, arguments);

    [RootFact]
    public async Task A_user_without_a_name_and_without_a_home_runs_every_command()
    {
        string[] nobody = ["setpriv", "--reuid", "123456", "--regid", "0", "--clear-groups", "env", "-u", "HOME", "-u", "USER", "-u",
            "LOGNAME", "-u", "XDG_CACHE_HOME"];
        foreach (var command in new string[][] { ["datasets", "list"], ["whoami"], ["keys", "list"], ["--help"] })
        {
            var result = await CliProcess.RunAsync(server.Address, nobody, command);
            Assert.True(result.ExitCode == 0, result.Output);
            Assert.Empty(result.Errors);
        }
    }

    [Theory]
    [InlineData("http_proxy")]
    [InlineData("HTTP_PROXY")]
    [InlineData("all_proxy")]
    public async Task A_proxy_in_the_environment_is_not_asked_for_this_machine(string variable)
    {
        var result = await RunWithAsync(variable, $"http://127.0.0.1:{Server.FreePort()}", "datasets", "list", "--retries", "0");
        Assert.True(result.ExitCode == 0, result.Output);
    }

    [Theory]
    [InlineData("http", "http_proxy", "http://ann:secret@proxy.example:port")]
    [InlineData("http", "HTTP_PROXY", "http://:3128")]
    [InlineData("http", "all_proxy", "http://proxy.example:99999")]
    [InlineData("https", "https_proxy", "proxy.example:")]
    [InlineData("https", "ALL_PROXY", "http://pro xy:3128")]
    public async Task A_proxy_that_cannot_be_one_is_told_and_not_passed_over_in_silence(string scheme, string variable, string value)
    {
        var result = await RunWithAsync(variable, value, "datasets", "list", "--retries", "0", "--server",
            scheme + "://winnow.invalid:5080");
        Assert.StartsWith($"{variable} is no address of a proxy, so winnow.invalid:5080 is asked without one: ", result.Errors);
        Assert.DoesNotContain("secret", result.Output);
        Assert.Equal((1, 2), (result.ExitCode, result.Errors.Count(c => c == '\n')));
    }

    [Theory]
    [InlineData("http_proxy", "proxy.invalid:3128", "The proxy proxy.invalid:3128, which the environment names")]
    [InlineData("no_proxy", "winnow.invalid", "The name winnow.invalid of the server")]
    [InlineData("https_proxy", "http://:3128", "The name winnow.invalid of the server")]
    [InlineData("http_proxy", "", "The name winnow.invalid of the server")]
    public async Task Nothing_is_said_of_a_proxy_that_is_one_or_is_not_asked(string variable, string value, string told)
    {
        var result = await RunWithAsync(variable, value, "datasets", "list", "--retries", "0", "--server", "http://winnow.invalid:5080");
        Assert.StartsWith(told, result.Errors);
    }

    [Theory]
    [InlineData(Secret + "\r", 1)]
    [InlineData(Secret + "\n", 1)]
    [InlineData("\t " + Secret + " \r\n", 1)]
    [InlineData("wnk_0123456789abcdef\n_secret", 2)]
    [InlineData("wnk_0123456789abcdef _secret", 2)]
    [InlineData("wnk_schlüssel_secret", 2)]
    [InlineData("", 0)]
    [InlineData(" \n", 0)]
    public async Task A_key_is_trimmed_or_refused_in_one_sentence_that_does_not_show_it(string key, int code)
    {
        var result = await RunWithAsync("WINNOW_KEY", key, "datasets", "list");
        Assert.Equal(code, result.ExitCode);
        Assert.Equal(code == 0 ? 0 : 1, result.Errors.Count(c => c == '\n'));
        Assert.DoesNotContain("secret", result.Output);
        if (code == 2) Assert.StartsWith("WINNOW_KEY has a", result.Errors);
    }

    [Theory]
    [InlineData("--classes and --classes-from", "datasets create pets --classes-from . --classes a b")]
    [InlineData("--patience and --until-stopped", "review simulate pets --until-stopped --patience 5s")]
    public async Task Of_two_options_that_say_the_same_none_is_lost_in_silence(string both, string line)
    {
        var result = await RunAsync(line.Split(' '));
        Assert.Equal(2, result.ExitCode);
        Assert.Contains($"{both} do not go together: ", result.Errors, StringComparison.Ordinal);
        Assert.Empty(await server.Client.ListDatasetsAsync());
    }

    [Fact]
    public async Task What_is_no_stage_is_told_with_those_that_there_are()
    {
        var result = await RunAsync("list", "pets", "--stage", "open");
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("'open' is not a stage. Known are: received, ", result.Errors, StringComparison.Ordinal);
        Assert.Contains("auto-accepted, quarantined, disputed.", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_shows_no_key_and_how_commands_end()
    {
        var result = await RunWithAsync("WINNOW_KEY", Secret, "--help");
        Assert.Equal(0, result.ExitCode);
        Assert.DoesNotContain(Secret, result.Output);
        Assert.Contains("Exit codes: 0 ", result.Output);
    }

    [Theory]
    [InlineData(2, "@photos", "import", "@photos", "--dataset", "nowhere")]
    [InlineData(2, "/h", "import", "/h", "--dataset", "nowhere")]
    [InlineData(2, "/?", "import", "/?", "--dataset", "nowhere")]
    [InlineData(1, "nowhere", "datasets", "show", "@nowhere")]
    [InlineData(1, "nowhere", "versions", "create", "nowhere", "--note", "@home")]
    public async Task Arguments_mean_what_they_say(int code, string told, params string[] arguments)
    {
        // None of them is read from a file or taken for a question: there is no such folder, and the server has no such dataset.
        var result = await RunAsync(arguments);
        Assert.Equal(code, result.ExitCode);
        Assert.Contains(told, result.Errors);
    }

    [Theory]
    [InlineData("no-such-command")]
    [InlineData("datasets", "create")]
    [InlineData("datasets", "list", "--no-such-option")]
    [InlineData("datasets", "list", "--retries", "many")]
    [InlineData("datasets", "list", "--retries", "101")]
    [InlineData("datasets", "list", "--server", "localhost:5080")]
    [InlineData("datasets", "list", "--server", "ftp://localhost")]
    [InlineData("datasets", "list", "--server", "http://somebody:secret@localhost")]
    [InlineData("datasets", "list", "--key", "a", "--key-file", "b")]
    [InlineData("datasets", "list", "--key-file", "/no/such/file")]
    [InlineData("datasets", "list", "--actor", "bell\a")]
    [InlineData("access", "list")]
    public async Task Misuse_ends_with_2(params string[] arguments)
    {
        var result = await RunAsync(arguments);
        Assert.True(result.ExitCode == 2, result.Output);
        Assert.DoesNotContain("   at ", result.Output);
        Assert.DoesNotContain("Parameter '", result.Output);
        Assert.DoesNotContain("secret", result.Output);
    }

    [Fact]
    public async Task A_server_that_is_away_is_named_while_it_is_waited_for_and_Ctrl_C_ends_the_waiting()
    {
        var away = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Server.FreePort()}");
        var result = await CliProcess.RunAsync(new Uri(away), [], "datasets", "list", "--retries", "1");
        Assert.Equal(1, result.ExitCode);
        Assert.Matches($@"^Nothing listens at {away}: start the server there, or correct the address\. Next try in 0\.\d s \(1 of 1\)\.\r?\nNothing listens at [^\n]+\n$", result.Errors);

        using var waiting = CliProcess.Start(variables => variables["WINNOW_SERVER"] = away, [], "datasets", "list", "--retries", "100");
        await Until.TrueAsync(() => Task.FromResult(waiting.Output.Contains("(2 of 100)", StringComparison.Ordinal)),
            TimeSpan.FromMinutes(1), () => $"it is tried again: {waiting.Output}");
        waiting.Interrupt();
        var stopped = await waiting.EndAsync();
        Assert.Equal(130, stopped.ExitCode);
        Assert.EndsWith("Stopped.", stopped.Errors.TrimEnd());
    }
}

/// <summary>A test that takes root, to become another user.</summary>
internal sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root") Skip = "Becoming another user takes root on Linux.";
    }
}
