using Winnow.Model;
using Winnow.Model.Datasets;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    /// <summary>The backbone that serves a dataset, and those that are made and kept beside it.</summary>
    public Task<IReadOnlyList<BackboneInfo>> ListBackbonesAsync(string dataset, CancellationToken cancellationToken = default) =>
        GetAsync($"{Dataset(dataset)}/backbones", ModelJson.Default.IReadOnlyListBackboneInfo, cancellationToken);

    /// <summary>
    /// Has a further backbone made in the background, beside the one that serves. Returns when that has begun;
    /// <see cref="WaitForBackboneAsync"/> follows it to its end. The same operation id begins it once.
    /// </summary>
    /// <exception cref="WinnowApiException">No silo knows it, or the caller may not.</exception>
    public Task<BackboneInfo> AddBackboneAsync(
        string dataset, string backbone, Guid? operationId = null, CancellationToken cancellationToken = default) =>
        PostAsync($"{Dataset(dataset)}/backbones", new AddBackbone(backbone), ModelJson.Default.AddBackbone, ModelJson.Default.BackboneInfo,
            operationId ?? Guid.NewGuid(), cancellationToken);

    /// <summary>Returns when a backbone can be switched to, or serves; or when it has been dropped.</summary>
    public async Task<BackboneInfo> WaitForBackboneAsync(
        string dataset, string backbone, IProgress<BackboneInfo>? progress = null, CancellationToken cancellationToken = default)
    {
        await foreach (var status in WatchStatusAsync(dataset, cancellationToken))
        {
            var made = status.Backbones.FirstOrDefault(b => b.Name == backbone)
                ?? new BackboneInfo { Name = backbone, Stage = BackboneStage.Dropped };
            progress?.Report(made);
            if (made.Stage != BackboneStage.Making) return made;
        }
        throw new OperationCanceledException(cancellationToken);
    }

    /// <summary>
    /// Turns to another backbone that is ready: from the next round on, heads and strategies work on its vectors. The one before is kept
    /// with its model. The same operation id switches once.
    /// </summary>
    /// <exception cref="WinnowApiException">It is not ready, a round is under way, or the caller may not.</exception>
    public Task<BackboneInfo> SwitchBackboneAsync(
        string dataset, string backbone, Guid? operationId = null, CancellationToken cancellationToken = default) =>
        SendBackboneAsync(HttpMethod.Post, $"{Backbone(dataset, backbone)}/switch", operationId, cancellationToken);

    /// <summary>
    /// Drops a backbone that does not serve; what it made is removed in the background. The same operation id drops it once.
    /// </summary>
    /// <exception cref="WinnowApiException">It serves, there is none of that name, or the caller may not.</exception>
    public Task<BackboneInfo> DropBackboneAsync(
        string dataset, string backbone, Guid? operationId = null, CancellationToken cancellationToken = default) =>
        SendBackboneAsync(HttpMethod.Delete, Backbone(dataset, backbone), operationId, cancellationToken);

    /// <summary>What each backbone is worth on the labels that are there, and what it costs. It may take a minute.</summary>
    public async Task<BackboneComparison> CompareBackbonesAsync(string dataset, CancellationToken cancellationToken = default)
    {
        using var response = await SendAsync(
            HttpMethod.Post, $"{Dataset(dataset)}/backbones/compare", null, null, HttpCompletionOption.ResponseContentRead,
            cancellationToken);
        return await ReadAsync(response, ModelJson.Default.BackboneComparison, cancellationToken);
    }

    private static string Backbone(string dataset, string backbone) => $"{Dataset(dataset)}/backbones/{Segment(backbone)}";

    private async Task<BackboneInfo> SendBackboneAsync(HttpMethod method, string path, Guid? operationId,
        CancellationToken cancellationToken)
    {
        using var response = await SendAsync(
            method, path, null, operationId ?? Guid.NewGuid(), HttpCompletionOption.ResponseContentRead, cancellationToken);
        return await ReadAsync(response, ModelJson.Default.BackboneInfo, cancellationToken);
    }
}
