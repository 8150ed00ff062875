extern alias cli;

using System.Net;
using System.Text;
using Winnow.Testing;
using CommandLine = cli::Winnow.Cli.CommandLine;
using Durations = cli::Winnow.Cli.Durations;

namespace Winnow.Web.Tests.Client;

/// <summary>A number on the command line is taken as it stands, or refused with the range that it must be in.</summary>
public sealed class NumberOptionTests(Server server) : IClassFixture<Server>
{
    private static readonly string[] Wrong =
        ["-1", "1.5", "1e3", "0x10", "1,000", "99999999999999999999999", "NaN", "Infinity", "many", "", " 5 "];

    public static TheoryData<string, string> Options => new()
    {
        { "datasets create pets --audit", "0 to 1000000" },
        { "datasets create pets --shards", "1 to 1024" },
        { "datasets create pets --tasks-per-person", "1 to 100000" },
        { "datasets create pets --seed", "0 to 18446744073709551615" },
        { "datasets policy set pets --version-known", "1 to 2147483647" },
        { "datasets schema rename pets cat puma --version-known", "1 to 2147483647" },
        { "datasets policy set pets --tasks-per-person", "1 to 100000" },
        { "datasets policy set pets --labels-per-image", "1 to 9" },
        { "export pets --out x --version-number", "1 to 2147483647" },
        { "keys create person:ann --days", "1 to 731" },
        { "access grant pets person:ann viewer --days", "1 to 36500" },
        { "rounds start pets --batch", "1 to 100000" },
        { "rounds end pets --round", "1 to 999999" },
        { "models download pets --out x --round", "1 to 999999" },
        { "import x --dataset pets --concurrency", "1 to 64" },
        { "review simulate pets --seed", "0 to 18446744073709551615" },
        { "review undo pets img-a --entry", "1 to 2147483647" },
        { "datasets list --retries", "0 to 100" },
    };

    private static string[] Errors(params string[] args) => [.. CommandLine.Make(args).Parse(args).Errors.Select(e => e.Message)];

    [Theory]
    [MemberData(nameof(Options))]
    public void What_is_no_whole_number_or_out_of_range_is_refused_with_the_range(string line, string range)
    {
        var words = line.Split(' ');
        foreach (var wrong in Wrong)
            Assert.Equal([$"{words[^1]} must be a whole number from {range}, not '{wrong}'."], Errors([.. words, wrong]));
        var (least, most) = range.Split(" to ") is [var from, var to] ? (from, to) : default;
        Assert.Empty(Errors([.. words, least]));
        Assert.Empty(Errors([.. words, most]));
        Assert.Single(Errors([.. words, (UInt128.Parse(most) + 1).ToString()]));
    }

    public static readonly TheoryData<string> Shares = new("review simulate pets --error-rate", "datasets policy set pets --verify-share",
        "datasets policy set pets --ask-below", "datasets policy set pets --gold-share");

    [Theory]
    [MemberData(nameof(Shares))]
    public void What_is_no_share_is_refused_with_the_range(string line)
    {
        var words = line.Split(' ');
        foreach (var wrong in (string[])["-0.1", "1.1", "NaN", "10%", "x", ""])
            Assert.Equal([$"{words[^1]} must be a number from 0 to 1, such as 0.05, not '{wrong}'."], Errors([.. words, wrong]));
        foreach (var right in (string[])["0", "1", "0.25", "1e-3"]) Assert.Empty(Errors([.. words, right]));
    }

    [Fact]
    public void There_is_no_numeric_option_besides()
    {
        string[] shares = ["--error-rate", "--verify-share", "--ask-below", "--gold-share"];
        var listed = Options.Select(o => ((string)o[0]).Split(' ')[^1]).Concat(shares).ToHashSet();
        var all = CommandLine.Make([]).Subcommands.SelectMany(Below).SelectMany(c => c.Options)
            .Where(o => (Nullable.GetUnderlyingType(o.ValueType) ?? o.ValueType) is { IsPrimitive: true } type && type != typeof(bool));
        Assert.All(all, o => Assert.Contains(o.Name, listed));

        static IEnumerable<System.CommandLine.Command> Below(System.CommandLine.Command command) =>
            command.Subcommands.SelectMany(Below).Prepend(command);
    }

    [Theory]
    [InlineData("0", true)]
    [InlineData("0.05", true)]
    [InlineData("5e-2", true)]
    [InlineData("1", true)]
    [InlineData("1.01", false)]
    [InlineData("-0.1", false)]
    [InlineData("0,1", false)]
    [InlineData("NaN", false)]
    [InlineData("Infinity", false)]
    [InlineData("1e400", false)]
    [InlineData("half", false)]
    public void A_share_is_from_0_to_1(string text, bool taken)
    {
        string[] expected = taken ? [] : [$"--error-rate must be a number from 0 to 1, such as 0.05, not '{text}'."];
        Assert.Equal(expected, Errors("review", "simulate", "pets", "--error-rate", text));
    }

    [Theory]
    [InlineData("NaNs")]
    [InlineData("Infinityd")]
    [InlineData("-Infinityd")]
    [InlineData("-5m")]
    [InlineData("1e3s")]
    [InlineData("99999999999999999999d")]
    public void What_is_no_time_is_refused(string text) => Assert.False(Durations.TryParse(text, out _));

    [Fact]
    public async Task A_seed_is_the_same_in_the_command_line_the_API_and_the_SDK()
    {
        var name = "s" + Guid.NewGuid().ToString("n")[..12];
        var made = await CreateAsync(name, "18446744073709551615");
        Assert.True(made.ExitCode == 0, made.Output);
        Assert.Equal(ulong.MaxValue, (await server.Client.GetDatasetAsync(name)).Settings.Seed);
        using var http = new HttpClient { BaseAddress = server.Address };
        Assert.Contains("\"seed\":18446744073709551615", await http.GetStringAsync($"/api/v1/datasets/{name}"), StringComparison.Ordinal);
        using var body = new StringContent($$$"""
            {"name":"{{{name}}}x","schema":{"classes":[{"name":"a"},{"name":"b"}]},"settings":{"seed":18446744073709551615}}
            """, Encoding.UTF8, "application/json");
        Assert.Equal(HttpStatusCode.OK, (await http.PostAsync("/api/v1/datasets", body)).StatusCode);
        Assert.Equal(ulong.MaxValue, (await server.Client.GetDatasetAsync(name + "x")).Settings.Seed);

        var refused = await CreateAsync(name + "y", "-1");
        Assert.Equal(2, refused.ExitCode);
        const string Why = "--seed must be a whole number from 0 to 18446744073709551615, not '-1'.";
        Assert.Contains(Why, refused.Errors, StringComparison.Ordinal);
    }

    private Task<CliResult> CreateAsync(string name, string seed) =>
        CliProcess.RunAsync(server.Address, [], "datasets", "create", name, "--classes", "a", "b", "--seed", seed);
}
