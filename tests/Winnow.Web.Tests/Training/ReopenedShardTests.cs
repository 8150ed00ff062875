using Microsoft.Extensions.DependencyInjection;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Training;
using Winnow.Grains.Columns;
using Winnow.Grains.Ports;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Web.Tests.Training;

/// <summary>
/// A shard that has just opened answers as it did before it closed, however long any part of its opening takes: what its dataset tells it
/// of learning, what the object store holds, what has to be made again.
/// </summary>
public sealed class ReopenedShardTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly HeldCalls _learning = new(caller: "shard", method: nameof(IDatasetGrain.GetLearningAsync));
    private readonly HeldCalls _embedding = new(caller: "shard", method: "EmbedAsync");
    private readonly Hold _segments = new("/segments/", reads: true);
    private readonly Hold _projection = new("/projections/", reads: true);
    private readonly Hold _head = new("/models/", reads: true);

    private async Task<(OwnServer Server, SmallLearning Dataset)> StartAsync(params string[] options)
    {
        var server = await OwnServer.StartAsync(services =>
        {
            _learning.Into(services);
            _embedding.Into(services);
            foreach (var hold in new[] { _segments, _projection, _head }) hold.Into(services);
            // Each shard reads for itself: what another has in memory would not be asked for.
            services.AddTransient<LearnedParts>();
        }, further: options);
        var dataset = new SmallLearning(server);
        await dataset.CreateAsync();
        return (server, dataset);
    }

    /// <summary>Whatever comes of a test, nothing is kept when its server ends.</summary>
    private async Task LettingGoAsync(Func<Task> test)
    {
        try
        {
            await test();
        }
        finally
        {
            foreach (var held in new[] { _learning, _embedding }) held.LetGo();
            foreach (var hold in new[] { _segments, _projection, _head }) hold.LetGo();
        }
    }

    private static async Task<(LearningState Learning, byte[] Head)> LearnedAsync(OwnServer server)
    {
        var dataset = server.Services.GetRequiredService<IGrainFactory>().GetGrain<IDatasetGrain>(SmallLearning.Name);
        var learning = await dataset.GetLearningAsync(CancellationToken.None);
        var head = await server.Services.GetRequiredService<IObjectStore>().GetAsync(learning.HeadKey!, CancellationToken.None);
        return (learning, head!.Value.ToArray());
    }

    private static async Task<Dictionary<string, string>> AnswersAsync(IReadOnlyDictionary<string, Func<Task<string>>> questions)
    {
        // All at once, as they would come.
        var answers = questions.Select(q => (q.Key, Answer: q.Value())).ToArray();
        await Task.WhenAll(answers.Select(a => a.Answer));
        return answers.ToDictionary(a => a.Key, a => a.Answer.Result);
    }

    [Fact]
    public async Task Every_entry_answers_as_before_whichever_part_of_the_opening_takes_long()
    {
        var (server, dataset) = await StartAsync();
        await using var _ = server;
        Assert.Equal(SmallLearning.Audit, (await dataset.RoundAsync()).Model!.Metrics.AuditCount);
        var (learning, head) = await LearnedAsync(server);
        await LettingGoAsync(async () =>
        {
            var before = new List<Dictionary<string, string>>();
            for (var shard = 0; shard < SmallLearning.Shards; shard++)
            {
                before.Add(await AnswersAsync(ShardAnswers.AtAnyTime(dataset, shard, learning)));
                before.Add(await AnswersAsync(ShardAnswers.OnceReady(dataset, shard, learning, head)));
            }
            var marked = before.Where(b => b.ContainsKey("manifest")).Sum(b => b["manifest"].Split("\"Audit\":true").Length - 1);
            Assert.Equal(SmallLearning.Audit, marked);

            (string Name, Action Close, Func<int> Kept, Action LetGo)[] parts =
            [
                ("what the dataset tells", _learning.Close, () => _learning.Kept, _learning.LetGo),
                ("the segments", _segments.Close, () => _segments.Kept, _segments.LetGo),
                ("the projection", _projection.Close, () => _projection.Kept, _projection.LetGo),
                ("the head", _head.Close, () => _head.Kept, _head.LetGo),
            ];
            foreach (var (name, close, kept, letGo) in parts)
                foreach (var told in new[] { learning, null })
                {
                    var waited = kept();
                    close();
                    await dataset.ReopenAsync();
                    var waiting = new List<Task<Dictionary<string, string>>>();
                    for (var shard = 0; shard < SmallLearning.Shards; shard++)
                    {
                        var atOnce = AnswersAsync(ShardAnswers.AtAnyTime(dataset, shard, learning));
                        Assert.Equal(before[2 * shard], await atOnce.WaitAsync(Patience));
                        waiting.Add(AnswersAsync(ShardAnswers.OnceReady(dataset, shard, told, head)));
                    }
                    await Until.TrueAsync(() => Task.FromResult(kept() > waited), Patience, () => $"{name} took long");
                    letGo();
                    for (var shard = 0; shard < SmallLearning.Shards; shard++)
                        Assert.Equal(before[2 * shard + 1], await waiting[shard].WaitAsync(Patience));
                }
        });
    }

    [Fact]
    public async Task A_version_marks_the_audit_sample_while_its_shards_open_and_after_they_were_doubled()
    {
        var (server, dataset) = await StartAsync();
        await using var _ = server;
        await dataset.RoundAsync();
        var before = await dataset.VersionAsync();
        Assert.Equal(SmallLearning.Audit, before.Audit);
        await LettingGoAsync(async () =>
        {
            _learning.Close();
            await dataset.ReopenAsync();
            Assert.Equal(before, await dataset.VersionAsync());
            await server.Client.SplitAsync(SmallLearning.Name, 2 * SmallLearning.Shards);
            const int Doubled = 2 * SmallLearning.Shards;
            async Task<bool> AreDoubledAsync() =>
                await server.Client.GetStatusAsync(SmallLearning.Name) is { Split: null, Shards: Doubled };
            await Until.TrueAsync(AreDoubledAsync, Patience, () => "the shards are doubled");
            Assert.Equal(before, await dataset.VersionAsync());
        });
    }

    [Fact]
    public async Task A_round_is_measured_on_the_whole_sample_though_its_shards_open_meanwhile()
    {
        var (server, dataset) = await StartAsync();
        await using var _ = server;
        await LettingGoAsync(async () =>
        {
            var rejected = 0;
            Decision? Reject(ReviewTask task) =>
                SmallLearning.IsAudit(task) && rejected++ < 3 ? new Decision { Kind = DecisionKind.Reject } : null;
            var first = await dataset.RoundAsync(Reject, async () =>
            {
                _learning.Close();
                await dataset.ReopenAsync();
            });
            Assert.Equal((RoundStep.Done, 10), (first.Step, first.Labels));
            var metrics = first.Model!.Metrics;
            Assert.Equal((SmallLearning.Audit, 3), (metrics.AuditCount, metrics.AuditUnlabelled));
            // Wrong under any model.
            Assert.InRange(metrics.AuditAccuracy!.Value, 0, 1 - 3.0 / SmallLearning.Audit);

            _learning.LetGo();
            _learning.Close();
            await dataset.ReopenAsync();
            var second = await dataset.RoundAsync(beforeAnswers: () => dataset.ReopenAsync());
            Assert.Equal((RoundStep.Done, 20), (second.Step, second.Labels));
            metrics = second.Model!.Metrics;
            Assert.Equal((SmallLearning.Audit, 3), (metrics.AuditCount, metrics.AuditUnlabelled));
        });
    }

    [Fact]
    public async Task What_was_lost_is_waited_for_and_not_left_out()
    {
        var (server, dataset) = await StartAsync();
        await using var _ = server;
        await dataset.RoundAsync();
        var (learning, head) = await LearnedAsync(server);
        Task<LabelledRows> AuditAsync() =>
            dataset.Shard<IShardLearning>(0).GetLabelledAsync(Arms.Audit, int.MaxValue, learning, CancellationToken.None);
        var before = await AuditAsync();
        Assert.NotEmpty(before.Images);
        await LettingGoAsync(async () =>
        {
            _embedding.Close();
            var files = Directory.GetFiles(server.Folder, "*", SearchOption.AllDirectories);
            foreach (var file in files.Where(f => f.Contains("/segments/0000/embedding/", StringComparison.Ordinal))) File.Delete(file);
            await dataset.ReopenAsync();
            foreach (var (_, ask) in ShardAnswers.OnceReady(dataset, 0, learning, head))
            {
                var refused = await Assert.ThrowsAsync<OrleansException>(() => ask().WaitAsync(Patience));
                Assert.Contains("again", refused.Message, StringComparison.Ordinal);
            }
            _embedding.LetGo();
            LabelledRows? after = null;
            await Until.TrueAsync(async () =>
            {
                try
                {
                    after = await AuditAsync();
                    return true;
                }
                catch (OrleansException)
                {
                    return false;
                }
            }, Patience, () => "they are made again");
            Assert.Equal(before.Images, after!.Images);
            Assert.Equal(before.Labels, after.Labels);
            Assert.Equal(before.Audit, after.Audit);
        });
    }
}
