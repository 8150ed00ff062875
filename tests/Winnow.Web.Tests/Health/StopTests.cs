using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Web.Tests.Health;

/// <summary>An end in good order is nothing that a log calls an error: whoever reads one must be able to trust it.</summary>
public sealed class StopTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_server_that_is_stopped_while_a_round_runs_logs_no_error()
    {
        var log = new ErrorLog();
        await using var server = await OwnServer.StartAsync(services => services.AddSingleton<ILoggerProvider>(log));
        await server.Client.CreateDatasetAsync(
            new CreateDataset("shapes", new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] },
                new DatasetSettings { Shards = 2, AuditSample = 0, ProjectionDimensions = 16 }));
        await foreach (var _ in server.Client.ImportAsync("shapes", DrawnImages.EnumerateAsync(40)))
        {
        }
        await server.Client.WaitForScoringAsync("shapes");
        await server.Client.StartRoundAsync("shapes", new StartRound(5));
        await Until.TrueAsync(async () => (await server.Client.GetRoundAsync("shapes", Arms.Main, 1)).Step == RoundStep.Review, Patience,
            () => "the round asks people");
        await server.StopAsync();
        Assert.True(log.Lines.IsEmpty, string.Join("\n", log.Lines));
    }
}
