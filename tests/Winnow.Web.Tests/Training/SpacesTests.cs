using Microsoft.Extensions.DependencyInjection;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Training;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Web.Tests.Training;

/// <summary>Heads of one space of vectors never meet vectors of another, whoever brings them and however late.</summary>
public sealed class SpacesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Who_still_goes_by_the_space_before_a_switch_is_refused_and_none_of_its_models_is_promoted()
    {
        var files = Directory.CreateTempSubdirectory("winnow-spaces-");
        try
        {
            await using var server =
                await OwnServer.StartAsync(further: TinyBackbone.Write(Path.Combine(files.FullName, "wide.onnx"), "wide"));
            var dataset = new SmallLearning(server);
            await dataset.CreateAsync();
            var first = await dataset.RoundAsync();
            var grain = server.Services.GetRequiredService<IGrainFactory>().GetGrain<IDatasetGrain>(SmallLearning.Name);
            var before = await grain.GetLearningAsync(CancellationToken.None);
            var head = (await server.Services.GetRequiredService<IObjectStore>()
                .GetAsync(before.HeadKey!, CancellationToken.None))!.Value.ToArray();
            Task<HoldoutResult> MeasureAsync(int shard, LearningState learning) =>
                dataset.Shard<IShardLearning>(shard).EvaluateHoldoutAsync(head, learning, CancellationToken.None);
            for (var shard = 0; shard < SmallLearning.Shards; shard++) Assert.True((await MeasureAsync(shard, before)).Count > 0);

            await server.Client.AddBackboneAsync(SmallLearning.Name, "wide");
            using var limit = new CancellationTokenSource(Patience);
            await server.Client.WaitForBackboneAsync(SmallLearning.Name, "wide", cancellationToken: limit.Token);
            var compared = await server.Client.CompareBackbonesAsync(SmallLearning.Name, limit.Token);
            Assert.Equal((30, 5, 0), (compared.Labels, compared.Folds, compared.LeftOut.Count));
            // Drawn shapes are easy for a backbone that has learned to see, and hard for one of random filters.
            var (good, poor) = (compared.Backbones[0], compared.Backbones[1]);
            Assert.Equal((true, false, "wide"), (good.Serves, poor.Serves, poor.Name));
            Assert.InRange(good.Accuracy!.Value, 0.8, 1);
            Assert.InRange(poor.Accuracy!.Value, 0, good.Accuracy.Value);
            Assert.Equal(poor.Better - poor.Worse, (int?)Math.Round((poor.Accuracy.Value - good.Accuracy.Value) * 30));
            await server.Client.SwitchBackboneAsync(SmallLearning.Name, "wide");

            foreach (var reopened in new[] { false, true })
            {
                // One that has just opened knows no state yet, and would take any.
                if (reopened) await dataset.ReopenAsync();
                for (var shard = 0; shard < SmallLearning.Shards; shard++)
                {
                    var refused = await Assert.ThrowsAsync<RefusedException>(() => MeasureAsync(shard, before));
                    Assert.Contains("turned to another backbone", refused.Message, StringComparison.Ordinal);
                }
            }
            var now = await grain.GetLearningAsync(CancellationToken.None);
            Assert.Equal(("wide", null, null), (now.Backbone, now.HeadKey, now.ModelName));
            Assert.NotEqual(before.ProjectionKey, now.ProjectionKey);
            Assert.Null(await grain.GetChampionAsync(Arms.Main, CancellationToken.None));

            // A round that a lost silo began before, and that goes on after, promotes nothing.
            var late = await server.Client.StartRoundAsync(SmallLearning.Name, new StartRound(5));
            var model = first.Model! with { Round = late.Number };
            await Assert.ThrowsAsync<RefusedException>(() =>
                grain.SettleRoundAsync(new SettleRound(model, before.HeadKey!, true), CancellationToken.None));
            await server.Client.EndRoundAsync(SmallLearning.Name, late.Arm, late.Number);
            await server.Client.WaitForRoundAsync(SmallLearning.Name, late.Arm, late.Number, cancellationToken: limit.Token);
            var next = await dataset.RoundAsync();
            Assert.Equal((RoundStep.Done, "wide", true), (next.Step, next.Model!.Backbone, next.Promoted));
            Assert.Equal(BackboneStage.Serving,
                (await server.Client.ListBackbonesAsync(SmallLearning.Name)).Single(b => b.Name == "wide").Stage);
        }
        finally
        {
            files.Delete(recursive: true);
        }
    }
}
