using Winnow.Testing;

namespace Winnow.Web.Tests.Client;

/// <summary>What a command says may find no reader or no room, and its folder may be gone: it ends as programs do.</summary>
public sealed class LostOutputTests(Server server) : IClassFixture<Server>
{
    private static readonly string[][] Commands = [["datasets", "list"], ["whoami"], ["--help"], ["datasets", "create", "--help"]];

    public static TheoryData<string> Lines => [.. Commands.Select(c => string.Join(' ', c))];

    private Task<CliResult> RunAsync(string script, string line) =>
        CliProcess.RunAsync(server.Address, ["bash", "-c", script], line.Split(' '));

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task A_reader_that_has_gone_ends_a_command_quietly(string line)
    {
        var done = await RunAsync("\"$0\" \"$@\" | true; exit ${PIPESTATUS[0]}", line);
        Assert.Equal((141, ""), (done.ExitCode, done.Output));
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task A_closed_output_ends_a_command_quietly(string line)
    {
        var done = await RunAsync("exec \"$0\" \"$@\" >&-", line);
        Assert.Equal((141, ""), (done.ExitCode, done.Output));
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task A_full_device_is_told_in_a_sentence(string line)
    {
        var done = await RunAsync("exec \"$0\" \"$@\" > /dev/full", line);
        Assert.Equal(1, done.ExitCode);
        Assert.StartsWith("Standard output cannot be written: No space left on device", done.Errors, StringComparison.Ordinal);
        Assert.Equal(1, done.Errors.Count(c => c == '\n'));
    }

    [Theory]
    [InlineData("2>&-", "datasets show nowhere", 1)]
    [InlineData("2> /dev/full", "datasets show nowhere", 1)]
    [InlineData("2>&-", "no-such-command", 2)]
    [InlineData("2> /dev/full", "no-such-command", 2)]
    [InlineData(">&- 2>&-", "datasets list", 141)]
    [InlineData("> /dev/full 2>&1", "datasets list", 1)]
    [InlineData("<&- >&- 2>&-", "datasets list", 141)]
    [InlineData("<&-", "whoami", 0)]
    public async Task Where_complaints_find_no_place_the_code_says_what_there_is_to_say(string redirected, string line, int code)
    {
        var done = await RunAsync($"exec \"$0\" \"$@\" {redirected}", line);
        Assert.Equal(code, done.ExitCode);
    }

    [Fact]
    public async Task What_goes_into_one_file_from_several_commands_stands_there_one_behind_the_other()
    {
        var file = Path.Combine(Path.GetTempPath(), $"winnow-output-{Guid.NewGuid():n}");
        try
        {
            await RunAsync($"{{ echo before; \"$0\" \"$@\"; \"$0\" \"$@\"; echo behind; }} > {file}", "whoami");
            var lines = await File.ReadAllLinesAsync(file);
            // It says two lines.
            Assert.Equal(("before", "behind", 6), (lines[0], lines[^1], lines.Length));
            Assert.Equal(lines[1..3], lines[3..5]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("import . --dataset there")]
    [InlineData("import pictures --dataset nowhere")]
    [InlineData("restore backup.tar")]
    [InlineData("datasets create gone --classes-from .")]
    public async Task A_folder_that_is_gone_is_told(string line)
    {
        if (line.EndsWith("there", StringComparison.Ordinal)) await RunAsync("exec \"$0\" \"$@\"", "datasets create there --classes a b");
        var done = await RunAsync("cd \"$(mktemp -d)\" && rmdir \"$PWD\" && exec \"$0\" \"$@\"", line);
        Assert.Equal(1, done.ExitCode);
        Assert.StartsWith("The folder in which winnow was started is not there any more", done.Errors, StringComparison.Ordinal);
        Assert.Equal(1, done.Errors.Count(c => c == '\n'));
    }
}
