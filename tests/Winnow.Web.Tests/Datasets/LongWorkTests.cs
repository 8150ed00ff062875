using Microsoft.Extensions.DependencyInjection;
using Winnow.Abstractions.Datasets;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Web.Tests.Datasets;

/// <summary>What takes long keeps nobody else waiting, is done once, and goes on when its caller has gone.</summary>
public sealed class LongWorkTests
{
    private static readonly LabelSchema Schema = new() { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static async Task<OwnServer> StartAsync(Hold hold)
    {
        var server = await OwnServer.StartAsync(hold.Into);
        await server.Client.CreateDatasetAsync(
            new CreateDataset("shapes", Schema, new DatasetSettings { Shards = 2, AuditSample = 5, ProjectionDimensions = 16 }));
        await foreach (var _ in server.Client.ImportAsync("shapes", DrawnImages.EnumerateAsync(60)))
        {
        }
        await server.Client.WaitForScoringAsync("shapes");
        return server;
    }

    [Fact]
    public async Task A_second_arm_starts_and_a_version_is_made_while_the_first_arm_prepares()
    {
        var hold = new Hold("/projections/");
        await using var server = await StartAsync(hold);
        await server.Client.StartRoundAsync("shapes", new StartRound(5));
        await hold.Reached.WaitAsync(Patience);
        // Each would be refused after ten seconds if it had to wait for the projection.
        Assert.Equal(1, (await server.Client.StartRoundAsync("shapes", new StartRound(5, Arms.Control))).Number);
        Assert.Equal(60, (await server.Client.CreateVersionAsync("shapes", new CreateVersion())).Images);
        var dataset = server.Services.GetRequiredService<IGrainFactory>().GetGrain<IDatasetGrain>("shapes");
        var preparing = Enumerable.Range(0, 3).Select(_ => dataset.PrepareLearningAsync(CancellationToken.None)).ToArray();
        Assert.Null((await dataset.GetLearningAsync(CancellationToken.None)).ProjectionKey);
        hold.LetGo();
        var prepared = await Task.WhenAll(preparing);
        Assert.NotNull(prepared[0].ProjectionKey);
        Assert.All(prepared, p => Assert.Equal(prepared[0], p));
        Assert.Equal(1, hold.Puts);
        foreach (var arm in new[] { Arms.Main, Arms.Control })
            await Until.TrueAsync(async () =>
                (await server.Client.GetRoundAsync("shapes", arm, 1)) is { Step: RoundStep.Review, Selected: 5 }, Patience, () =>
                $"arm {arm} asks people");
    }

    [Fact]
    public async Task A_version_is_made_once_though_its_caller_left_and_came_again_and_rounds_start_meanwhile()
    {
        var hold = new Hold("/versions/");
        await using var server = await StartAsync(hold);
        var operation = Guid.NewGuid();
        using (var leaving = new CancellationTokenSource())
        {
            var first = server.Client.CreateVersionAsync("shapes", new CreateVersion("first"), operation, leaving.Token);
            await hold.Reached.WaitAsync(Patience);
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        }
        var again = Enumerable.Range(0, 2).Select(_ => server.Client.CreateVersionAsync("shapes", new CreateVersion("first"), operation))
            .ToArray();
        var other = server.Client.CreateVersionAsync("shapes", new CreateVersion("second"));
        Assert.Equal(1, (await server.Client.StartRoundAsync("shapes", new StartRound(5))).Number);
        Assert.Empty(await server.Client.ListVersionsAsync("shapes"));
        Assert.Equal(1, hold.Puts);
        hold.LetGo();
        var made = await Task.WhenAll(again);
        Assert.Equal((1, "first", made[0]), (made[0].Number, made[0].Note, made[1]));
        // By now the round may have drawn its audit sample, which the second one marks.
        Assert.Equal((2, 60), ((await other).Number, (await other).Images));
        Assert.Equal(made[0], await server.Client.CreateVersionAsync("shapes", new CreateVersion("first"), operation));
        Assert.Equal([1, 2], (await server.Client.ListVersionsAsync("shapes")).Select(v => v.Number));
        Assert.Equal(2, hold.Puts);
    }
}
