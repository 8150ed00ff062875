using System.Net;
using Winnow.Model;
using Winnow.Model.Images;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    private const int UploadsAtOnce = 8;

    /// <summary>Links to PUT the bytes of images straight to the object store, past the server.</summary>
    /// <exception cref="WinnowApiException">The server keeps its objects in files (501).</exception>
    public Task<UploadSlots> PrepareUploadsAsync(string dataset, int count, CancellationToken cancellationToken = default) =>
        PostAsync($"{Dataset(dataset)}/uploads", new PrepareUploads(count), ModelJson.Default.PrepareUploads, ModelJson.Default.UploadSlots, null, cancellationToken);

    /// <summary>Lets the server take in what was uploaded; one result per image, in order.</summary>
    public Task<IReadOnlyList<IngestResult>> CompleteUploadsAsync(string dataset, IReadOnlyList<UploadedImage> images, Guid? operationId = null, CancellationToken cancellationToken = default) =>
        PostAsync($"{Dataset(dataset)}/uploads/complete", images, ModelJson.Default.IReadOnlyListUploadedImage, ModelJson.Default.IReadOnlyListIngestResult, operationId ?? Guid.NewGuid(), cancellationToken);

    /// <summary>A link that reads an image straight from the object store, for a while.</summary>
    /// <exception cref="WinnowApiException">The server keeps its objects in files (501), or the dataset does not hold the image.</exception>
    public Task<ImageUrl> GetImageUrlAsync(string dataset, ImageId image, CancellationToken cancellationToken = default) =>
        GetAsync($"{Dataset(dataset)}/images/{image}/url", ModelJson.Default.ImageUrl, cancellationToken);

    private async Task<IReadOnlyList<IngestResult>> SendPresignedAsync(string dataset, Lot lot, CancellationToken cancellationToken)
    {
        var slots = (await PrepareUploadsAsync(dataset, lot.Images.Count, cancellationToken)).Slots;
        await Parallel.ForAsync(0, slots.Count, new ParallelOptions { MaxDegreeOfParallelism = UploadsAtOnce, CancellationToken = cancellationToken }, async (i, token) => await UploadAsync(slots[i].Url, lot.Images[i], token));
        return await CompleteUploadsAsync(dataset, [.. lot.Entries.Select((e, i) => new UploadedImage(slots[i].Id, e.Name, e.Label, e.Partition))], Guid.NewGuid(), cancellationToken);
    }

    private async Task UploadAsync(Uri url, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        // The link is all that the store needs: the server's key must not go there.
        using var response = await _retry.ExecuteAsync(async token =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, url) { Content = new ReadOnlyMemoryContent(bytes) };
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(token);
            limit.CancelAfter(_options.Timeout);
            try
            {
                return await _http.SendAsync(request, limit.Token);
            }
            catch (OperationCanceledException e) when (!token.IsCancellationRequested)
            {
                throw new TimeoutException($"The object store at {url.Authority} did not take an upload within {_options.Timeout.TotalSeconds:0.#} s.", e);
            }
        }, cancellationToken);
        if (response.StatusCode == HttpStatusCode.OK) return;
        throw new WinnowApiException(response.StatusCode, $"The object store at {url.Authority} refused an upload: {(int)response.StatusCode} {response.ReasonPhrase}.");
    }
}
