using System.Text.Json;
using Winnow.Model;
using Winnow.Testing;
using Winnow.Web.Tests.Images;
using static Winnow.Web.Tests.MachineDecisions.Deciding;

namespace Winnow.Web.Tests.MachineDecisions;

/// <summary>The command line imports decisions, counts and shows them, and takes them back.</summary>
public sealed class MachineCommandTests(Server server) : IClassFixture<Server>
{
    [Fact]
    public async Task A_file_is_recorded_counted_shown_and_taken_back()
    {
        var (dataset, images) = await server.Client.DatasetAsync(4);
        using var folder = new BadFolder();
        var file = folder.PathOf("night.jsonl");
        var lines = images.Select(i => JsonSerializer.Serialize(Of(i, "disc"), ModelJson.Default.ImageMachineDecision)).ToList();
        lines.Insert(2, """{"image":"nothing"}""");
        lines[4] = lines[4].Replace("disc", "no such class", StringComparison.Ordinal);
        await File.WriteAllLinesAsync(file, lines);
        async Task<string> RunAsync(int code, params string[] arguments)
        {
            var done = await CliProcess.RunAsync(server.Address, [], arguments);
            Assert.True(done.ExitCode == code, done.Output + done.Errors);
            return done.Output + done.Errors;
        }

        for (var time = 0; time < 2; time++)
        {
            var told = await RunAsync(3, "machine-decisions", "import", file, "--dataset", dataset);
            Assert.Contains("3 machine decisions taken, 2 left out.", told, StringComparison.Ordinal);
            Assert.Contains("line 3: The decision is wrong at $", told, StringComparison.Ordinal);
            Assert.Contains("no such class", told, StringComparison.Ordinal);
        }
        Assert.Contains("3 auto-accepted", await RunAsync(0, "status", dataset), StringComparison.Ordinal);
        Assert.Matches(@"night\s+auto-accepted\s+yolo 8n\s+3\s+0\s", await RunAsync(0, "machine-decisions", "runs", dataset));
        var shown = await RunAsync(0, "review", "history", dataset, $"{images[1]}");
        Assert.Contains("stands, as people have said nothing", shown, StringComparison.Ordinal);
        Assert.Contains("2 by machines", (await RunAsync(0, "machine-decisions", "take-back", dataset, "--image", $"{images[0]}",
            "--reason", "blurred")) + await RunAsync(0, "versions", "create", dataset), StringComparison.Ordinal);
        Assert.DoesNotContain("by machines", await RunAsync(0, "versions", "create", dataset, "--people-only"), StringComparison.Ordinal);
        var back = await RunAsync(0, "machine-decisions", "take-back", dataset, "--run", "night", "--reason", "too many wrong");
        Assert.Contains("2 decisions taken back; 1 had been before.", back, StringComparison.Ordinal);
        Assert.Contains("taken back by", await RunAsync(0, "review", "history", dataset, $"{images[1]}"), StringComparison.Ordinal);
        var wrong = await RunAsync(2, "machine-decisions", "take-back", dataset, "--reason", "nothing is named");
        Assert.Contains("needs a run, an image, or both", wrong, StringComparison.Ordinal);
    }
}
