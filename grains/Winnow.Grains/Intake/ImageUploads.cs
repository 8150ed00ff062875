using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Winnow.Abstractions.Acts;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Acts;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Grains.Intake;

/// <summary>
/// Uploads and downloads past the gateway. Bytes are put under a name that nobody can guess; when they are complete they are taken in like
/// any others, their result is kept in their place, and so a repeated completion is answered alike.
/// </summary>
internal sealed class ImageUploads(
    IObjectStore objects, IImageIntake intake, ILotSpaces spaces, IActBook acts, TimeProvider time,
    IPresignedUrls? urls = null) : IImageUploads
{
    private const int MaxImages = 1_000;
    private const int IdBytes = 16;
    private const int ReadsAtOnce = 8;
    private const long BytesAtOnce = 64L << 20;
    private static readonly TimeSpan UploadExpiry = TimeSpan.FromHours(1);
    private static readonly TimeSpan LinkExpiry = TimeSpan.FromMinutes(15);

    public async Task<UploadSlots> PrepareAsync(DatasetInfo dataset, int count, CancellationToken cancellationToken)
    {
        var links = Links();
        if (count is < 1 or > MaxImages) throw new RefusedException($"count must be 1 to {MaxImages}, not {count}.");
        var expires = time.GetUtcNow() + UploadExpiry;
        var slots = new UploadSlot[count];
        for (var i = 0; i < count; i++)
        {
            var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes));
            slots[i] = new UploadSlot(id, await links.PutAsync(ObjectKeys.Upload(dataset.Name, id), UploadExpiry, cancellationToken));
        }
        return new UploadSlots(slots, expires);
    }

    public async Task<ImageUrl> LinkAsync(
        string dataset, ImageId image, ContentCaller caller, CancellationToken cancellationToken)
    {
        var links = Links();
        var pass = await ContentPass.ForOneAsync(acts, ActKind.OriginalLinked, dataset, image, caller, cancellationToken);
        var expires = time.GetUtcNow() + LinkExpiry;
        return new ImageUrl(await StoredImage.LinkAsync(links, pass, image, LinkExpiry, cancellationToken), expires);
    }

    public async Task<IReadOnlyList<IngestResult>> CompleteAsync(
        DatasetInfo dataset, Guid operationId, string actor, string principal, IReadOnlyList<UploadedImage> images,
        CancellationToken cancellationToken)
    {
        Links();
        if (images.Count > MaxImages) throw new RefusedException($"At most {MaxImages} uploads at once, not {images.Count}.");
        foreach (var image in images)
        {
            if (image.Id is not { Length: 2 * IdBytes } || !image.Id.All(char.IsAsciiHexDigitLower))
                throw new RefusedException($"'{image.Id}' is not the id of an upload.");
        }
        if (images.DistinctBy(i => i.Id).Count() != images.Count) throw new RefusedException("An upload is named twice.");
        var results = new IngestResult?[images.Count];
        var content = OperationStamp.ContentOf(images.SelectMany(i => new[] { i.Id, i.Name, i.Label, i.Partition.ToString() }));
        // Parts of bounded size: only what one holds takes room.
        for (var from = 0; from < images.Count;)
        {
            await using var room = new LotSpaceSet(spaces, principal);
            var part = new ReadOnlyMemory<byte>[images.Count - from];
            var (count, bytes) = (0, 0L);
            while (from + count < images.Count && bytes < BytesAtOnce)
            {
                var (first, many) = (count, Math.Min(ReadsAtOnce, images.Count - from - count));
                await Parallel.ForAsync(0, many, cancellationToken, async (i, token) =>
                    (part[first + i], results[from + first + i]) = await ReadAsync(dataset.Name, images[from + first + i], room, token));
                for (var i = 0; i < many; i++) bytes += part[count + i].Length;
                count += many;
            }
            // Every part is of the one operation, whichever parts it falls into when it is repeated.
            var operation = new IngestOperation(PartOf(operationId, from), actor, content);
            await TakeAsync(dataset, operation, images, results, part, from, count, cancellationToken);
            from += count;
        }
        return results!;
    }

    private async Task TakeAsync(
        DatasetInfo dataset, IngestOperation operation, IReadOnlyList<UploadedImage> images, IngestResult?[] results,
        ReadOnlyMemory<byte>[] part, int from, int count, CancellationToken cancellationToken)
    {
        var here = Enumerable.Range(0, count).Where(i => results[from + i] is null).ToArray();
        if (here.Length == 0) return;
        ArrivedImage ToArrived(int i) => new(images[from + i].Name, part[i], images[from + i].Label, images[from + i].Partition);
        var taken = await intake.TakeAsync(dataset, operation, [.. here.Select(ToArrived)], cancellationToken);
        await Parallel.ForAsync(0, here.Length,
            new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancellationToken }, async (k, token) =>
        {
            var key = ObjectKeys.Upload(dataset.Name, images[from + here[k]].Id);
            results[from + here[k]] = taken[k];
            // What the store could not keep stays uploaded: who completes it again once that is mended has it taken in.
            if (taken[k] is { Status: IngestStatus.LeftOut } && part[here[k]].Length <= intake.MaxImageBytes) return;
            await objects.PutAsync(ResultKey(key), JsonSerializer.SerializeToUtf8Bytes(Kept(taken[k]), ModelJson.Default.IngestResult),
                token);
            await objects.DeleteAsync(key, token);
        });
    }

    /// <summary>
    /// What was uploaded, or how it was answered before, or that there is nothing. No more is read than an image may have, and a byte.
    /// </summary>
    private async Task<(ReadOnlyMemory<byte> Bytes, IngestResult? Result)> ReadAsync(
        string dataset, UploadedImage image, LotSpaceSet room, CancellationToken cancellationToken)
    {
        var key = ObjectKeys.Upload(dataset, image.Id);
        try
        {
            if (await objects.GetAsync(ResultKey(key), cancellationToken) is { } before)
                return (default, Answered(before.Span, image.Name));
            return await ReadUploadAsync(key, image, room, cancellationToken);
        }
        catch (ObjectUnreadableException e)
        {
            return LeftOut(image, $"What was uploaded for '{image.Id}' cannot be read: {FailureText.Told(e)} Upload it again.");
        }
    }

    private async Task<(ReadOnlyMemory<byte> Bytes, IngestResult? Result)> ReadUploadAsync(
        string key, UploadedImage image, LotSpaceSet room, CancellationToken cancellationToken)
    {
        await using var stream = await objects.OpenReadAsync(key, cancellationToken);
        if (stream is null)
            return LeftOut(image, $"Nothing was uploaded for '{image.Id}', or it was too long ago. Upload it again.");
        return (await room.ReadAsync(stream, intake.MaxImageBytes, cancellationToken), null);
    }

    private static (ReadOnlyMemory<byte> Bytes, IngestResult Result) LeftOut(UploadedImage image, string reason) =>
        (default, new IngestResult(image.Name, null, IngestStatus.LeftOut, reason));

    private IPresignedUrls Links() =>
        urls ?? throw new NotSupportedException(
            "This cluster keeps its objects in files, which have no address of their own. Send images to /images, read them at /content, "
            + "or configure S3.");

    /// <summary>As it is stored: silos of the last release read it too, and know what was left out as quarantined without an id.</summary>
    private static IngestResult Kept(IngestResult result) =>
        result.Status == IngestStatus.LeftOut ? result with { Status = IngestStatus.Quarantined } : result;

    private static IngestResult Answered(ReadOnlySpan<byte> stored, string name)
    {
        var result = JsonSerializer.Deserialize(stored, ModelJson.Default.IngestResult)! with { Name = name };
        return result is { Status: IngestStatus.Quarantined, Id: null } ? result with { Status = IngestStatus.LeftOut } : result;
    }

    private static string ResultKey(string key) => key + ".done";

    /// <summary>Each part of a completion is an operation of its own, and the same one when it is repeated.</summary>
    private static Guid PartOf(Guid operation, int from) =>
        new(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{operation:n}/{from}"))).AsSpan(0, 16));
}
