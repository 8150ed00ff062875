using Winnow.Model;
using Winnow.Model.Images.Buckets;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    /// <summary>
    /// Lets a dataset take in what is in a bucket, now and from now on. The answer tells once where the bucket's notifications are to be
    /// sent; without them new objects are found at every interval.
    /// </summary>
    /// <exception cref="WinnowApiException">The bucket cannot or may not be read, or the name is taken.</exception>
    public Task<AddedSource> AddSourceAsync(string dataset, BucketSource source, CancellationToken cancellationToken = default) =>
        PostAsync($"{Dataset(dataset)}/sources", source, ModelJson.Default.BucketSource, ModelJson.Default.AddedSource, null,
        cancellationToken);

    /// <summary>All sources of a dataset, with where they stand.</summary>
    public Task<IReadOnlyList<SourceStatus>> ListSourcesAsync(string dataset, CancellationToken cancellationToken = default) =>
        GetAsync($"{Dataset(dataset)}/sources", ModelJson.Default.IReadOnlyListSourceStatus, cancellationToken);

    /// <summary>Where one source stands.</summary>
    /// <exception cref="WinnowApiException">There is none of that name.</exception>
    public Task<SourceStatus> GetSourceAsync(string dataset, string source, CancellationToken cancellationToken = default) =>
        GetAsync(Source(dataset, source), ModelJson.Default.SourceStatus, cancellationToken);

    /// <summary>Stops reading a bucket. The images that it gave stay.</summary>
    /// <exception cref="WinnowApiException">There is none of that name.</exception>
    public async Task RemoveSourceAsync(string dataset, string source, CancellationToken cancellationToken = default)
    {
        using var response =
            await SendAsync(HttpMethod.Delete, Source(dataset, source), null, null, HttpCompletionOption.ResponseContentRead,
                cancellationToken);
    }

    /// <summary>Reads the bucket now; the answer comes at once, its progress with <see cref="GetSourceAsync"/>.</summary>
    public async Task<SourceStatus> SyncSourceAsync(string dataset, string source, CancellationToken cancellationToken = default)
    {
        using var response =
            await SendAsync(HttpMethod.Post, $"{Source(dataset, source)}/sync", null, null, HttpCompletionOption.ResponseContentRead,
                cancellationToken);
        return await ReadAsync(response, ModelJson.Default.SourceStatus, cancellationToken);
    }

    /// <summary>Gives a source a new secret path for notifications; the old one is good for nothing from then on.</summary>
    public async Task<AddedSource> RenewNotificationPathAsync(string dataset, string source, CancellationToken cancellationToken = default)
    {
        using var response =
            await SendAsync(HttpMethod.Post, $"{Source(dataset, source)}/notification-path", null, null,
                HttpCompletionOption.ResponseContentRead, cancellationToken);
        return await ReadAsync(response, ModelJson.Default.AddedSource, cancellationToken);
    }

    private static string Source(string dataset, string source) => $"{Dataset(dataset)}/sources/{Segment(source)}";
}
