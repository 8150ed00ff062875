using System.Text.Json;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Training;
using Winnow.Model.Datasets;
using Winnow.Model.Training;

namespace Winnow.Web.Tests.Training;

/// <summary>Whatever a shard answers that rests on its columns or on the audit sample, as text.</summary>
internal static class ShardAnswers
{
    private const int AtOnce = 200;
    private static readonly string Backbone = new DatasetSettings().Backbone;

    /// <summary>What is answered from memory: it waits for nothing.</summary>
    public static IReadOnlyDictionary<string, Func<Task<string>>> AtAnyTime(SmallLearning dataset, int shard, LearningState learning)
    {
        var images = dataset.Shard<IShardIngest>(shard);
        var manifest = new ListImages(0, AtOnce, null, ById: true, null, learning.AuditThreshold);
        var rows = dataset.Shard<IShardLearning>(shard);
        return new Dictionary<string, Func<Task<string>>>
        {
            ["manifest"] = () => TextAsync(images.ListAsync(manifest, CancellationToken.None)),
            ["list"] = () => TextAsync(images.ListAsync(new ListImages(0, AtOnce, null), CancellationToken.None)),
            ["holds"] = () => TextAsync(images.HoldsAsync(default, CancellationToken.None)),
            ["summary"] = () => TextAsync(images.GetSummaryAsync(CancellationToken.None)),
            ["progress"] = () => TextAsync(rows.GetProgressAsync(Arms.Main, 1, CancellationToken.None)),
        };
    }

    /// <summary>What waits until the shard is where its caller believes it to be. Callers of the last release do not say where.</summary>
    public static IReadOnlyDictionary<string, Func<Task<string>>> OnceReady(
        SmallLearning dataset, int shard, LearningState? learning, byte[] head)
    {
        var rows = dataset.Shard<IShardLearning>(shard);
        var spaces = dataset.Shard<IShardSpaces>(shard);
        var random = new GatherCandidates(Arms.Control, "random", 100, 1, 7, learning);
        var uncertain = new GatherCandidates(Arms.Main, "margin", 100, 2, 7, learning);
        return new Dictionary<string, Func<Task<string>>>
        {
            ["unasked"] = () => TextAsync(rows.GetUnaskedAuditAsync(learning, CancellationToken.None)),
            ["labels of the arm"] = () => TextAsync(rows.GetLabelledAsync(Arms.Main, 1, learning, CancellationToken.None)),
            ["labels of the audit"] = () => TextAsync(rows.GetLabelledAsync(Arms.Audit, int.MaxValue, learning, CancellationToken.None)),
            ["candidates"] = () => TextAsync(rows.GatherCandidatesAsync(random, CancellationToken.None)),
            ["uncertain candidates"] = () => TextAsync(rows.GatherCandidatesAsync(uncertain, CancellationToken.None)),
            ["vectors"] = () => TextAsync(rows.GetVectorsAsync([0, 3], learning, CancellationToken.None)),
            ["holdout"] = () => TextAsync(rows.EvaluateHoldoutAsync(head, learning, CancellationToken.None)),
            ["hashes"] = () => TextAsync(rows.GetSmallestAuditHashesAsync(AtOnce, CancellationToken.None)),
            ["embeddings"] = () => TextAsync(rows.SampleEmbeddingsAsync(10, null, CancellationToken.None)),
            ["a sample of labels"] = () => TextAsync(spaces.SampleLabelledAsync(Backbone, AtOnce, CancellationToken.None)),
            ["what is unusable"] = () => TextAsync(spaces.CountUnusableAsync(Backbone, CancellationToken.None)),
        };
    }

    private static async Task<string> TextAsync<T>(Task<T> answer) => JsonSerializer.Serialize(await answer);
}
