using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Model.Images;

namespace Winnow.Web.Images;

/// <summary>One line of a lot's manifest part.</summary>
internal sealed record LotEntry(string Name, string? Label = null, Partition Partition = Partition.Pool);

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

    public static async Task<List<ArrivedImage>> ReadAsync(HttpRequest request, ILotSpace space, string? label, Partition partition, long maxImageBytes, CancellationToken cancellationToken)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
            throw new BadHttpRequestException("Send images as multipart/form-data, one file part each.", StatusCodes.Status415UnsupportedMediaType);
        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).Value;
        if (string.IsNullOrEmpty(boundary) || boundary.Length > MaxBoundary) throw new RefusedException("The multipart boundary is missing or longer than 70 characters.");
        var reader = new MultipartReader(boundary, request.Body, 1 << 16);
        var lot = new List<ArrivedImage>();
        List<LotEntry>? manifest = null;
        while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
        {
            if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition)) throw new RefusedException("A part of the lot has no Content-Disposition header.");
            if (!disposition.IsFileDisposition())
            {
                if (disposition.Name != "manifest") throw new RefusedException($"Part '{disposition.Name}' is neither a file nor the manifest.");
                if (lot.Count > 0) throw new RefusedException("The manifest part must come before the images.");
                manifest = await ReadManifestAsync(section.Body, space, cancellationToken);
                continue;
            }
            if (lot.Count == MaxImages) throw new RefusedException($"A lot holds at most {MaxImages} images.");
            if (manifest is not null && lot.Count >= manifest.Count) throw new RefusedException($"The manifest names {manifest.Count} images, and there are more.");
            var entry = manifest?[lot.Count] ?? new LotEntry(FileNameOf(disposition), label, partition);
            if (entry.Name is not { Length: >= 1 and <= 4096 }) throw new RefusedException("An image's name has 1 to 4,096 characters.");
            lot.Add(new ArrivedImage(entry.Name, await space.ReadAsync(section.Body, maxImageBytes, cancellationToken), entry.Label, entry.Partition));
        }
        if (manifest is not null && manifest.Count != lot.Count) throw new RefusedException($"The manifest names {manifest.Count} images, and {lot.Count} came.");
        return lot;
    }

    private static string FileNameOf(ContentDispositionHeaderValue disposition)
    {
        var name = disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName;
        return HeaderUtilities.RemoveQuotes(name).Value ?? "";
    }

    private static async Task<List<LotEntry>> ReadManifestAsync(Stream body, ILotSpace space, CancellationToken cancellationToken)
    {
        var bytes = await space.ReadAsync(body, MaxManifestBytes, cancellationToken);
        if (bytes.Length > MaxManifestBytes) throw new RefusedException($"The manifest is larger than {MaxManifestBytes >> 20} MiB.");
        try
        {
            return JsonSerializer.Deserialize(bytes.Span, LotJson.Default.ListLotEntry) ?? throw new RefusedException("The manifest is empty.");
        }
        catch (JsonException e)
        {
            throw new RefusedException($"The manifest is not a JSON array of {{name, label, partition}}: {e.Message}");
        }
    }
}
