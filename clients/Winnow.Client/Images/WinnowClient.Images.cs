using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Winnow.Model;
using Winnow.Model.Images;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    /// <summary>
    /// Imports images in lots, several on their way at once; results come lot by lot as they are answered. An image whose bytes cannot be used
    /// is answered as quarantined; the import goes on. Running the same import again sends everything again and repeats nothing.
    /// </summary>
    /// <exception cref="WinnowApiException">The server refused a lot.</exception>
    public async IAsyncEnumerable<IngestResult> ImportAsync(string dataset, IAsyncEnumerable<ImageToImport> images, ImportOptions? options = null, IProgress<ImportProgress>? progress = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new ImportOptions();
        if (options.Check() is { } wrong) throw new ArgumentException(wrong, nameof(options));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // Each lot is read only when there is room for it, so memory is bounded by the lots on their way.
        var lots = Channel.CreateBounded<Lot>(1);
        var answers = Channel.CreateBounded<(IReadOnlyList<IngestResult> Results, long Bytes)>(options.Concurrency);
        var work = RunImportAsync(dataset, images, options, lots, answers.Writer, stop);
        var done = new ImportProgress(0, 0, 0, 0, 0);
        try
        {
            await foreach (var (results, bytes) in answers.Reader.ReadAllAsync(cancellationToken))
            {
                done = new ImportProgress(done.Sent + results.Count, done.Bytes + bytes, done.Accepted + Count(results, IngestStatus.Accepted), done.Duplicates + Count(results, IngestStatus.Duplicate), done.Quarantined + Count(results, IngestStatus.Quarantined));
                progress?.Report(done);
                foreach (var result in results) yield return result;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await work;
        }
    }

    private sealed record Lot(List<LotEntry> Entries, List<ReadOnlyMemory<byte>> Images, long Bytes);

    private static int Count(IReadOnlyList<IngestResult> results, IngestStatus status) => results.Count(r => r.Status == status);

    private async Task RunImportAsync(string dataset, IAsyncEnumerable<ImageToImport> images, ImportOptions options, Channel<Lot> lots, ChannelWriter<(IReadOnlyList<IngestResult>, long)> answers, CancellationTokenSource stop)
    {
        var reading = ReadLotsAsync(images, options, lots.Writer, stop.Token);
        var sending = Enumerable.Range(0, options.Concurrency).Select(_ => SendLotsAsync(dataset, options.ViaPresignedUrls, lots.Reader, answers, stop)).ToArray();
        Exception? failure = null;
        foreach (var task in (Task[])[.. sending, reading])
        {
            try
            {
                await task;
            }
            catch (Exception e)
            {
                // The first real failure is what the caller hears of; the cancellations that it causes are not.
                if (failure is null or OperationCanceledException) failure = e;
            }
        }
        answers.TryComplete(failure);
    }

    private static async Task ReadLotsAsync(IAsyncEnumerable<ImageToImport> images, ImportOptions options, ChannelWriter<Lot> lots, CancellationToken cancellationToken)
    {
        Exception? failure = null;
        try
        {
            var lot = new Lot([], [], 0);
            await foreach (var image in images.WithCancellation(cancellationToken))
            {
                var content = await image.Read(cancellationToken);
                if (lot.Entries.Count > 0 && lot.Bytes + content.Length > options.LotBytes)
                {
                    await lots.WriteAsync(lot, cancellationToken);
                    lot = new Lot([], [], 0);
                }
                lot.Entries.Add(new LotEntry(image.Name, image.Label, image.Partition));
                lot.Images.Add(content);
                lot = lot with { Bytes = lot.Bytes + content.Length };
                if (lot.Entries.Count < options.LotSize) continue;
                await lots.WriteAsync(lot, cancellationToken);
                lot = new Lot([], [], 0);
            }
            if (lot.Entries.Count > 0) await lots.WriteAsync(lot, cancellationToken);
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            lots.TryComplete(failure);
        }
    }

    private async Task SendLotsAsync(string dataset, bool presigned, ChannelReader<Lot> lots, ChannelWriter<(IReadOnlyList<IngestResult>, long)> answers, CancellationTokenSource stop)
    {
        try
        {
            await foreach (var lot in lots.ReadAllAsync(stop.Token))
            {
                if (presigned)
                {
                    await answers.WriteAsync((await SendPresignedAsync(dataset, lot, stop.Token), lot.Bytes), stop.Token);
                    continue;
                }
                using var response = await SendAsync(HttpMethod.Post, $"{Dataset(dataset)}/images", () => new LotContent(lot.Entries, lot.Images), Guid.NewGuid(), HttpCompletionOption.ResponseContentRead, stop.Token);
                await answers.WriteAsync((await ReadAsync(response, ModelJson.Default.IReadOnlyListIngestResult, stop.Token), lot.Bytes), stop.Token);
            }
        }
        catch
        {
            await stop.CancelAsync();
            throw;
        }
    }

    /// <summary>All images of a dataset, or those of a stage, in the order of shards and arrival.</summary>
    public async IAsyncEnumerable<ImageSummary> ListImagesAsync(string dataset, Stage? stage = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string? after = null;
        do
        {
            var query = string.Create(CultureInfo.InvariantCulture, $"{Dataset(dataset)}/images?limit=1000{(stage is null ? "" : "&stage=" + System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(stage.Value.ToString()))}{(after is null ? "" : "&after=" + Uri.EscapeDataString(after))}");
            var page = await GetAsync(query, ModelJson.Default.ImagePage, cancellationToken);
            foreach (var image in page.Images) yield return image;
            after = page.Next;
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
        GetBytesAsync(string.Create(CultureInfo.InvariantCulture, $"{Dataset(dataset)}/images/{image}/thumbnail?size={size}"), cancellationToken);

    private async Task<byte[]> GetBytesAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, null, HttpCompletionOption.ResponseContentRead, cancellationToken);
        return await response.Content.ReadAsByteArrayAsync(cancellationToken);
    }
}
