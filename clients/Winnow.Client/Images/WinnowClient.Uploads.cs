using System.Runtime.ExceptionServices;
using Winnow.Model;
using Winnow.Model.Images;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    private const int UploadsAtOnce = 8;

    /// <summary>Links to PUT the bytes of images straight to the object store, past the server.</summary>
    /// <exception cref="WinnowApiException">The server keeps its objects in files (501).</exception>
    public Task<UploadSlots> PrepareUploadsAsync(string dataset, int count, CancellationToken cancellationToken = default) =>
        PostAsync(
            $"{Dataset(dataset)}/uploads", new PrepareUploads(count), ModelJson.Default.PrepareUploads, ModelJson.Default.UploadSlots, null,
            cancellationToken);

    /// <summary>Lets the server take in what was uploaded; one result per image, in order.</summary>
    public Task<IReadOnlyList<IngestResult>> CompleteUploadsAsync(
        string dataset, IReadOnlyList<UploadedImage> images, Guid? operationId = null, CancellationToken cancellationToken = default) =>
        PostAsync(
            $"{Dataset(dataset)}/uploads/complete", images, ModelJson.Default.IReadOnlyListUploadedImage,
            ModelJson.Default.IReadOnlyListIngestResult, operationId ?? Guid.NewGuid(), cancellationToken);

    /// <summary>A link that reads an image straight from the object store, for a while.</summary>
    /// <exception cref="WinnowApiException">The server keeps its objects in files (501), or the dataset does not hold the
    /// image.</exception>
    public Task<ImageUrl> GetImageUrlAsync(string dataset, ImageId image, CancellationToken cancellationToken = default) =>
        GetAsync($"{Dataset(dataset)}/images/{image}/url", ModelJson.Default.ImageUrl, cancellationToken);

    /// <summary>
    /// Sends the bytes of a lot past the server. An upload that fails leaves its image out; where all fail, the store is at fault and not
    /// they.
    /// </summary>
    private async Task<IReadOnlyList<IngestResult>> SendPresignedAsync(string dataset, Lot lot, CancellationToken cancellationToken)
    {
        var slots = (await PrepareUploadsAsync(dataset, lot.Count, cancellationToken)).Slots;
        var failures = new Exception?[lot.Count];
        var many = new ParallelOptions { MaxDegreeOfParallelism = UploadsAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, lot.Count, many, async (i, token) =>
            failures[i] = await UploadAsync(slots[i].Url, lot.Images[i], token));
        var noneWent = failures.All(f => f is not null);
        if (noneWent && (lot.Count > 1 || failures[0] is not WinnowApiException)) ExceptionDispatchInfo.Throw(failures[0]!);

        int[] sent = [.. Enumerable.Range(0, lot.Count).Where(i => failures[i] is null)];
        UploadedImage UploadedAs(int i) => new(slots[i].Id, lot.Entries[i].Name, lot.Entries[i].Label, lot.Entries[i].Partition);
        var taken = noneWent ? [] : await CompleteUploadsAsync(dataset, [.. sent.Select(UploadedAs)], Guid.NewGuid(), cancellationToken);
        var results = new IngestResult[lot.Count];
        for (var k = 0; k < sent.Length; k++) results[sent[k]] = taken[k];
        for (var i = 0; i < results.Length; i++) results[i] ??= LotSender.LeftOut(lot.Entries[i].Name, failures[i]!.Message);
        return results;
    }

    /// <summary>Why the store did not take an upload; null when it did.</summary>
    private async Task<Exception?> UploadAsync(Uri url, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            // The link is all that the store needs: the server's key must not go there.
            using var response = await _retry.ExecuteAsync(async token => await PutAsync(url, bytes, token), cancellationToken);
            if (response.IsSuccessStatusCode) return null;
            var answer = $"{(int)response.StatusCode} {response.ReasonPhrase}";
            return new WinnowApiException(response.StatusCode, $"The object store at {url.Authority} refused the upload: {answer}.");
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException)
        {
            return e;
        }
    }

    private async Task<HttpResponseMessage> PutAsync(Uri url, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, url) { Content = new ReadOnlyMemoryContent(bytes) };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.Timeout);
        try
        {
            return await _http.SendAsync(request, limit.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            var limitText = $"{_options.Timeout.TotalSeconds:0.#} s";
            throw new TimeoutException($"The object store at {url.Authority} did not take an upload within {limitText}.", e);
        }
    }
}
