extern alias cli;

using Winnow.Model.Training;
using Winnow.Testing;
using Winnow.Web.Tests.Training;
using RoundText = cli::Winnow.Cli.Training.RoundText;

namespace Winnow.Web.Tests.Client;

/// <summary>A figure that there is not is told in words, never as a gap in a sentence.</summary>
public sealed class MissingFigureTests(Server server) : IClassFixture<Server>
{
    private static RoundInfo Ended(ModelMetrics? metrics) => new()
    {
        Arm = Arms.Main,
        Number = 1,
        Step = RoundStep.Done,
        Strategy = "random",
        BatchSize = 10,
        Model = metrics is null ? null : new ModelVersion
        {
            Arm = Arms.Main,
            Round = 1,
            Backbone = "mobilenetv3-small",
            ProjectionSha256 = new string('0', 64),
            DataSha256 = new string('0', 64),
            HeadSha256 = new string('0', 64),
            Labels = 10,
            Metrics = metrics,
        },
    };

    [Fact]
    public void An_audit_accuracy_is_told_with_what_is_known_of_it()
    {
        Assert.Equal("no audit sample", RoundText.Audit(new ModelMetrics()));
        Assert.Equal("audit accuracy 50.0 %", RoundText.Audit(new ModelMetrics { AuditAccuracy = 0.5 }));
        Assert.Equal("audit accuracy 50.0 % (40.0 % to 60.0 %)",
            RoundText.Audit(new ModelMetrics { AuditAccuracy = 0.5, AuditAccuracyLower = 0.4, AuditAccuracyUpper = 0.6 }));
        Assert.Contains(", no audit sample, ", RoundText.Sentence(Ended(new ModelMetrics())), StringComparison.Ordinal);
        Assert.Contains("no audit sample", RoundText.Fields(Ended(new ModelMetrics())));
        // A round without a model was measured by nothing.
        Assert.DoesNotContain("audit", RoundText.Sentence(Ended(null)), StringComparison.Ordinal);
        Assert.DoesNotContain("no audit sample", RoundText.Fields(Ended(null)));
    }

    [Fact]
    public async Task The_status_of_a_dataset_without_an_audit_sample_says_so()
    {
        var dataset = await server.Client.DatasetAsync(20);
        await using (server.Client.Reviewing(dataset))
        {
            await server.Client.StartRoundAsync(dataset, new StartRound(10));
            await server.Client.EndOfAsync(dataset);
        }
        var status = await CliProcess.RunAsync(server.Address, [], "status", dataset);
        Assert.Contains(": 10 labels, no audit sample\n", status.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("( to )", status.Output, StringComparison.Ordinal);
        var rounds = await CliProcess.RunAsync(server.Address, [], "rounds", "list", dataset);
        Assert.Contains("\tno audit sample\t", rounds.Output, StringComparison.Ordinal);
    }
}
