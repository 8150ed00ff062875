using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Json;
using Winnow.Model.Images;
using Winnow.Model.Names;

namespace Winnow.Web.Images;

/// <summary>One line of a lot's manifest part.</summary>
internal sealed record LotEntry(
    [property: Text(TextKind.Exact, ImageName.MaxSent)] string Name,
    [property: Text(TextKind.Exact)] string? Label = null,
    Partition Partition = Partition.Pool);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(List<LotEntry>))]
internal sealed partial class LotJson : JsonSerializerContext;

/// <summary>
/// Reads a lot from multipart/form-data (RFC 7578): each part with a file name is an image; a part <c>manifest</c> before them may name,
/// label and place them in order. An image that is too large is read past and answered for; the rest of its lot goes on.
/// </summary>
internal static class LotReader
{
    private const int MaxImages = 1_000;
    private const int MaxManifestBytes = 4 << 20;
    private const int MaxBoundary = 70;
    // As strict as a body.
    private static readonly JsonTypeInfo<List<LotEntry>> Manifest = StrictJson.Of<List<LotEntry>>(LotJson.Default);
    private const string CutOff = "the closing boundary is missing, so it was cut off. Nothing of it was taken; send it again, whole.";

    private const string NotUtf8 = "The name of its file is not UTF-8, so it would be called like others; it was not kept. Send the name "
        + "as UTF-8, or name the lot's images in a manifest.";

    public static async Task<List<ArrivedImage>> ReadAsync(
        HttpRequest request, ILotSpace space, string? label, Partition partition, long maxImageBytes, CancellationToken cancellationToken)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
            throw new NotTakenException(StatusCodes.Status415UnsupportedMediaType,
                "Send images as multipart/form-data, one file part each.");
        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).Value;
        if (string.IsNullOrEmpty(boundary) || boundary.Length > MaxBoundary)
            throw new RefusedException("The multipart boundary is missing or longer than 70 characters.");
        var reader = new MultipartReader(boundary, request.Body, 1 << 16);
        var lot = new List<ArrivedImage>();
        List<LotEntry>? manifest = null;
        while (await NextAsync(reader, lot.Count, cancellationToken) is { } section)
        {
            var number = lot.Count + 1;
            if (PartName.Read(section.ContentDisposition) is not { } part)
                throw new RefusedException($"The part before image {number} has no Content-Disposition header that can be read.");
            if (part.FileName is not { } fileName)
            {
                if (part.Name != "manifest")
                    throw new RefusedException($"Part {ShownText.Quote(part.Name)} is neither a file nor the manifest.");
                if (manifest is not null) throw new RefusedException("There are two manifests; send one.");
                if (lot.Count > 0) throw new RefusedException("The manifest part must come before the images.");
                manifest = await ReadManifestAsync(section.Body, space, cancellationToken);
                continue;
            }
            if (lot.Count == MaxImages) throw new RefusedException($"A lot holds at most {MaxImages} images.");
            if (manifest is not null && lot.Count >= manifest.Count)
                throw new RefusedException($"The manifest names {manifest.Count} images, and there are more.");
            var entry = manifest?[lot.Count] ?? new LotEntry(fileName, label, partition);
            var bytes = await ReadPartAsync(space, section.Body, maxImageBytes, $"image {number}", cancellationToken);
            // A name is for display alone, and the intake makes any fit to be shown; but one of which bytes are lost would be many images'.
            lot.Add(new ArrivedImage(entry.Name ?? "", bytes, entry.Label, entry.Partition)
            {
                Unusable = manifest is null && part.IsDamaged ? NotUtf8 : null,
            });
        }
        if (manifest is not null && manifest.Count != lot.Count)
            throw new RefusedException($"The manifest names {manifest.Count} images, and {lot.Count} came.");
        return lot;
    }

    /// <summary>
    /// The next part. What the multipart reader says of a body that is cut off or malformed is not the store's fault, and nothing to be
    /// sent again as it is.
    /// </summary>
    private static async Task<MultipartSection?> NextAsync(MultipartReader reader, int images, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadNextSectionAsync(cancellationToken);
        }
        catch (Exception e) when (e is InvalidDataException || IsCut(e))
        {
            throw new RefusedException(
                $"The lot is no multipart/form-data behind its image {images}: {(e is InvalidDataException ? e.Message : CutOff)}", e);
        }
    }

    private static async Task<List<LotEntry>> ReadManifestAsync(Stream body, ILotSpace space, CancellationToken cancellationToken)
    {
        var bytes = await ReadPartAsync(space, body, MaxManifestBytes, "the manifest", cancellationToken);
        if (bytes.Length > MaxManifestBytes) throw new RefusedException($"The manifest is larger than {MaxManifestBytes >> 20} MiB.");
        try
        {
            if (JsonSerializer.Deserialize(bytes.Span, Manifest) is not { } entries)
                throw new RefusedException(JsonProblem.Wrong("manifest", "$", $"it must be {JsonShape.Of(Manifest)}, not null."));
            return BodyCheck.Check("manifest", entries, Manifest) is { } wrong ? throw new RefusedException(wrong) : entries;
        }
        catch (JsonException e)
        {
            throw new RefusedException(JsonProblem.Describe("manifest", e, Manifest), e);
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadPartAsync(
        ILotSpace space, Stream body, long max, string what, CancellationToken cancellationToken)
    {
        try
        {
            return await space.ReadAsync(body, max, cancellationToken);
        }
        catch (Exception e) when (IsCut(e))
        {
            throw new RefusedException($"The lot ends in the middle of {what}: {CutOff}", e);
        }
    }

    /// <summary>
    /// Whether the parts end without their closing boundary, which the reader of parts tells by an exception without a code. What the
    /// server itself refuses in reading is told by its own, and what a disk says has the system's code.
    /// </summary>
    private static bool IsCut(Exception problem) =>
        problem is IOException { HResult: unchecked((int)0x80131620) } and not (BadHttpRequestException or ConnectionResetException);
}
