using Winnow.Testing;
using Winnow.Web.Tests.Training;
using static Winnow.Web.Tests.Review.Answers;

namespace Winnow.Web.Tests.Review;

/// <summary>What was said is taken back and asked about again from the command line.</summary>
public sealed class AmendCommandTests(Server server) : IClassFixture<Server>
{
    [Fact]
    public async Task The_command_line_undoes_and_asks_again()
    {
        var dataset = await AmendTests.AskingAsync(server, 40, 5);
        using var ann = server.As("ann");
        var task = Assert.Single(await ann.TakeAsync(dataset, 1));
        await ann.SubmitAsync(dataset, [Answer(task, "disc")]);
        var image = task.Image.ToString();
        Task<CliResult> RunAsync(params string[] arguments) => CliProcess.RunAsync(server.Address, [], ["review", .. arguments]);

        var undone = await RunAsync("undo", dataset, image, "--comment", "slipped");
        Assert.Equal((0, "Recorded as entry 2 of its history."), (undone.ExitCode, undone.Output.Trim()));
        var history = (await RunAsync("history", dataset, image)).Output.TrimEnd().Split('\n');
        Assert.Equal(3, history.Length);
        Assert.Contains("\tann\tdecided disc\t", history[0], StringComparison.Ordinal);
        Assert.EndsWith("\ttaken-back 1\tslipped", history[1], StringComparison.Ordinal);
        Assert.Equal("queued: no label", history[2]);

        Assert.Equal(0, (await RunAsync("undo", dataset, image)).ExitCode);
        Assert.EndsWith("labeled: disc", (await RunAsync("history", dataset, image)).Output.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("ask-again", dataset, image)).ExitCode);
        var refused = await RunAsync("ask-again", dataset, image);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("Nothing stands", refused.Errors, StringComparison.Ordinal);
        var wrong = await RunAsync("undo", dataset, "cat.png");
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("'cat.png' is no id of an image", wrong.Errors, StringComparison.Ordinal);
    }
}
