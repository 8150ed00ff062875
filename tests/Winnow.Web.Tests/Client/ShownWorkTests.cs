extern alias cli;

using Advance = cli::Winnow.Shown.Advance;
using ProgressLines = cli::Winnow.Shown.ProgressLines;
using ShownWork = cli::Winnow.Shown.ShownWork;

namespace Winnow.Web.Tests.Client;

/// <summary>What a log gets to see of work that goes on: few lines, none of them twice, and its end.</summary>
public sealed class ShownWorkTests
{
    private readonly List<string> _said = [];

    [Fact]
    public void Where_the_whole_is_known_each_tenth_is_a_line()
    {
        var lines = new ProgressLines("score", null, _said.Add);
        for (var done = 0; done <= 1_000; done++) lines.Report(new Advance(done, 1_000, $"{done} embedded"));
        lines.End();
        Assert.Equal(Enumerable.Range(0, 11).Select(tenth => $"score: {10 * tenth} %  {100 * tenth} embedded"), _said);
    }

    [Fact]
    public void Work_that_ends_before_its_last_tenth_says_that_it_is_done()
    {
        var lines = new ProgressLines("round 1", null, _said.Add);
        lines.Report(new Advance(8, 16, "review"));
        lines.Report(new Advance(8, 16, "train"));
        lines.End();
        Assert.Equal(["round 1: 50 %  review", "round 1: done  train"], _said);
    }

    [Fact]
    public void Where_nobody_knows_the_whole_each_step_is_a_line()
    {
        var lines = new ProgressLines("Importing", 100, _said.Add);
        foreach (var done in new[] { 1, 99, 130, 199, 520, 599 }) lines.Report(new Advance(done, 0, $"{done} images"));
        lines.End();
        Assert.Equal(["Importing: 130 images", "Importing: 520 images"], _said);
    }

    [Fact]
    public async Task Work_that_fails_is_not_said_to_be_done()
    {
        await Assert.ThrowsAsync<IOException>(() => ShownWork.RunAsync<int>("Sending", null, _said.Add, report =>
        {
            report.Report(new Advance(1, 2, "half"));
            throw new IOException();
        }));
        Assert.DoesNotContain(_said, line => line.Contains("done", StringComparison.Ordinal));
    }
}
