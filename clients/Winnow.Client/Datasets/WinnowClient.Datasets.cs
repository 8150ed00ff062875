using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Overview;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    private const string EventStream = "text/event-stream";
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Creates a dataset. The same request again is answered with the dataset.</summary>
    /// <exception cref="WinnowApiException">A name or setting is not sound, or the name is taken.</exception>
    public Task<DatasetInfo> CreateDatasetAsync(CreateDataset command, CancellationToken cancellationToken = default) =>
        PostAsync("/api/v1/datasets", command, ModelJson.Default.CreateDataset, ModelJson.Default.DatasetInfo, null, cancellationToken);

    /// <summary>All datasets, by name.</summary>
    public Task<IReadOnlyList<DatasetInfo>> ListDatasetsAsync(CancellationToken cancellationToken = default) =>
        GetAllAsync("/api/v1/datasets", ModelJson.Default.IReadOnlyListDatasetInfo, cancellationToken);

    /// <summary>One dataset.</summary>
    /// <exception cref="WinnowApiException">There is none of that name.</exception>
    public Task<DatasetInfo> GetDatasetAsync(string dataset, CancellationToken cancellationToken = default) =>
        GetAsync(Dataset(dataset), ModelJson.Default.DatasetInfo, cancellationToken);

    /// <summary>Where a dataset stands.</summary>
    public Task<DatasetStatus> GetStatusAsync(string dataset, CancellationToken cancellationToken = default) =>
        GetAsync($"{Dataset(dataset)}/status", ModelJson.Default.DatasetStatus, cancellationToken);

    /// <summary>Where a dataset stands, again and again until cancelled.</summary>
    public async IAsyncEnumerable<DatasetStatus> WatchStatusAsync(string dataset,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            yield return await GetStatusAsync(dataset, cancellationToken);
            await Task.Delay(WatchInterval, _options.TimeProvider, cancellationToken);
        }
    }

    /// <summary>
    /// Where a dataset stands, now and whenever that changes, as the server tells it: nothing is asked meanwhile. It ends when the server
    /// ends it, after a quarter of an hour at the latest, or once the caller may not listen any more: then listen again, or ask.
    /// </summary>
    /// <exception cref="WinnowApiException">The server does not let the caller listen, or knows no such dataset.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="TimeoutException">Nothing came, not even word that nothing is new.</exception>
    public async IAsyncEnumerable<DatasetStatus> ListenStatusAsync(string dataset,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var body = await OpenAsync(
            HttpMethod.Get, $"{Dataset(dataset)}/events", "The stream of events", cancellationToken, EventStream).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            var parser = SseParser.Create(body, (_, data) => JsonSerializer.Deserialize(data, ModelJson.Default.DatasetStatus));
            await foreach (var item in parser.EnumerateAsync(cancellationToken).ConfigureAwait(false))
                if (item is { EventType: "status", Data: { } status }) yield return status;
        }
    }

    /// <summary>Returns when every image has its embedding.</summary>
    public async Task<DatasetStatus> WaitForScoringAsync(string dataset, IProgress<DatasetStatus>? progress = null,
        CancellationToken cancellationToken = default)
    {
        await foreach (var status in WatchStatusAsync(dataset, cancellationToken))
        {
            progress?.Report(status);
            if (status.ScoringBacklog == 0) return status;
        }
        throw new OperationCanceledException(cancellationToken);
    }

    /// <summary>
    /// Doubles the shards of a dataset while it is worked with. Returns when that has begun, or at once where it has so many;
    /// <see cref="DatasetStatus.Split"/> follows it to its end.
    /// </summary>
    /// <param name="dataset">Its name.</param>
    /// <param name="shards">Shards that there shall be: twice as many as there are.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="WinnowApiException">It is another number, there are as many as there can be, or the caller may not.</exception>
    public Task<DatasetInfo> SplitAsync(string dataset, int shards, CancellationToken cancellationToken = default) =>
        PostAsync($"{Dataset(dataset)}/split", new SplitDataset(shards), ModelJson.Default.SplitDataset, ModelJson.Default.DatasetInfo,
        null, cancellationToken);

    /// <summary>
    /// Deletes a dataset for good, with all that people said in it. It is gone for everybody when this returns; the rest goes by itself,
    /// and its name is free when that has ended. While it goes on, the same call again is answered alike.
    /// </summary>
    /// <exception cref="WinnowApiException">There is none of that name, or the caller may not.</exception>
    public async Task<DatasetDeletion> DeleteDatasetAsync(string dataset, CancellationToken cancellationToken = default)
    {
        using var response = await SendAsync(
            HttpMethod.Delete, Dataset(dataset), null, null, HttpCompletionOption.ResponseContentRead, cancellationToken);
        return await ReadAsync(response, ModelJson.Default.DatasetDeletion, cancellationToken);
    }

    /// <summary>How far the deletion of a dataset has come.</summary>
    /// <exception cref="WinnowApiException">
    /// None of that name is being deleted; or it is gone, and with it the access of whoever has none to the whole cluster.
    /// </exception>
    public Task<DatasetDeletion> GetDeletionAsync(string dataset, CancellationToken cancellationToken = default) =>
        GetAsync($"{Dataset(dataset)}/deletion", ModelJson.Default.DatasetDeletion, cancellationToken);

    /// <summary>Follows a deletion until nothing is left of the dataset and its name is free.</summary>
    /// <returns>The deletion as it was last told.</returns>
    public async Task<DatasetDeletion> WaitForDeletionAsync(
        DatasetDeletion deletion, IProgress<DatasetDeletion>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(deletion);
        while (deletion.EndedAt is null)
        {
            await Task.Delay(WatchInterval, _options.TimeProvider, cancellationToken);
            try
            {
                deletion = await GetDeletionAsync(deletion.Dataset, cancellationToken);
            }
            catch (WinnowApiException gone) when (gone.Status == System.Net.HttpStatusCode.NotFound)
            {
                // Access goes last, and its end is this answer.
                return deletion;
            }
            progress?.Report(deletion);
        }
        return deletion;
    }

    /// <summary>Every dataset that was deleted, by whom and when, oldest first.</summary>
    public Task<IReadOnlyList<DatasetDeletion>> ListDeletionsAsync(CancellationToken cancellationToken = default) =>
        GetAllAsync("/api/v1/deletions", ModelJson.Default.IReadOnlyListDatasetDeletion, cancellationToken);

    /// <summary>Makes an immutable snapshot.</summary>
    public Task<DatasetVersion> CreateVersionAsync(string dataset, CreateVersion command, Guid? operationId = null,
        CancellationToken cancellationToken = default) =>
        PostAsync($"{Dataset(dataset)}/versions", command, ModelJson.Default.CreateVersion, ModelJson.Default.DatasetVersion,
            operationId ?? Guid.NewGuid(), cancellationToken);

    /// <summary>All versions, oldest first.</summary>
    public Task<IReadOnlyList<DatasetVersion>> ListVersionsAsync(string dataset, CancellationToken cancellationToken = default) =>
        GetAllAsync($"{Dataset(dataset)}/versions", ModelJson.Default.IReadOnlyListDatasetVersion, cancellationToken);
}
