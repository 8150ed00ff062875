using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Review;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    /// <summary>What the server takes in: formats, and how large an image and a request may be.</summary>
    public Task<IntakeLimits> GetIntakeLimitsAsync(CancellationToken cancellationToken = default) =>
        GetAsync("/api/v1/intake", ModelJson.Default.IntakeLimits, cancellationToken);

    /// <summary>
    /// Imports images in lots, several on their way at once; results come lot by lot as they are answered, one for each image. One whose
    /// bytes cannot be used is answered as quarantined; one that cannot be read, is too large or is refused as left out; the import goes
    /// on. Running the same import again sends everything again and repeats nothing.
    /// </summary>
    /// <exception cref="WinnowApiException">The server refuses whatever is sent, such as for want of permission.</exception>
    public async IAsyncEnumerable<IngestResult> ImportAsync(
        string dataset, IAsyncEnumerable<ImageToImport> images, ImportOptions? options = null, IProgress<ImportProgress>? progress = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new ImportOptions();
        if (options.Check() is { } wrong) throw new ArgumentException(wrong, nameof(options));
        var limits = await FindIntakeLimitsAsync(cancellationToken);
        var run = new ImportRun(options, limits, (lot, ct) =>
            options.ViaPresignedUrls ? SendPresignedAsync(dataset, lot, ct) : SendLotAsync(dataset, lot, ct));
        await foreach (var result in run.RunAsync(images, progress, cancellationToken)) yield return result;
    }

    private async Task<IntakeLimits?> FindIntakeLimitsAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await GetIntakeLimitsAsync(cancellationToken);
        }
        catch (WinnowApiException e) when (e.Status == HttpStatusCode.NotFound)
        {
            // A server of an earlier release does not say; it judges what it gets.
            return null;
        }
    }

    private async Task<IReadOnlyList<IngestResult>> SendLotAsync(string dataset, Lot lot, CancellationToken cancellationToken)
    {
        var path = $"{Dataset(dataset)}/images";
        HttpContent Content() => new LotContent(lot.Entries, lot.Images);
        using var response = await SendAsync(
            HttpMethod.Post, path, Content, Guid.NewGuid(), HttpCompletionOption.ResponseContentRead, cancellationToken);
        return await ReadAsync(response, ModelJson.Default.IReadOnlyListIngestResult, cancellationToken);
    }

    /// <summary>All images of a dataset, or those of a stage, in the order of shards and arrival.</summary>
    public async IAsyncEnumerable<ImageSummary> ListImagesAsync(
        string dataset, Stage? stage = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string? after = null;
        var seen = new PagesSeen();
        do
        {
            var query = $"{Dataset(dataset)}/images?limit=1000";
            if (stage is { } wanted) query += $"&stage={JsonNamingPolicy.KebabCaseLower.ConvertName(wanted.ToString())}";
            if (after is not null) query += $"&after={Uri.EscapeDataString(after)}";
            var page = await GetAsync(query, ModelJson.Default.ImagePage, cancellationToken);
            foreach (var image in page.Images) yield return image;
            after = page.Next is { } next ? seen.Next($"{Dataset(dataset)}/images", next) : null;
        }
        while (after is not null);
    }

    /// <summary>All that is known of one image.</summary>
    /// <exception cref="WinnowApiException">The dataset does not hold it.</exception>
    public Task<ImageDetail> GetImageAsync(string dataset, ImageId image, CancellationToken cancellationToken = default) =>
        GetAsync($"{Dataset(dataset)}/images/{image}", ModelJson.Default.ImageDetail, cancellationToken);

    /// <summary>The original bytes of an image.</summary>
    public Task<byte[]> GetImageContentAsync(string dataset, ImageId image, CancellationToken cancellationToken = default) =>
        GetBytesAsync($"{Dataset(dataset)}/images/{image}/content", cancellationToken);

    /// <summary>A smaller copy of an image, as JPEG, its longer side at most about <paramref name="size"/> pixels.</summary>
    public Task<byte[]> GetThumbnailAsync(string dataset, ImageId image, int size = 256, CancellationToken cancellationToken = default) =>
        GetBytesAsync(
            string.Create(CultureInfo.InvariantCulture, $"{Dataset(dataset)}/images/{image}/thumbnail?size={size}"), cancellationToken);

    private async Task<byte[]> GetBytesAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, null, HttpCompletionOption.ResponseContentRead, cancellationToken);
        return await response.Content.ReadAsByteArrayAsync(cancellationToken);
    }
}
