using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Winnow.Model.Images;

namespace Winnow.Client;

/// <summary>One line of a lot's manifest part.</summary>
internal sealed record LotEntry(string Name, string? Label, Partition Partition);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<LotEntry>))]
internal sealed partial class LotJson : JsonSerializerContext;

/// <summary>
/// A lot as multipart/form-data (RFC 7578): names, labels and partitions in a first part <c>manifest</c>, then one part per image. The
/// boundary is another for each lot, so no file can hold it by design.
/// </summary>
internal sealed class LotContent : HttpContent
{
    private const string ManifestHead = "Content-Disposition: form-data; name=\"manifest\"\r\nContent-Type: application/json\r\n\r\n";
    private const string ImageHead =
        "Content-Disposition: form-data; name=\"image\"; filename=\"image\"\r\nContent-Type: application/octet-stream\r\n\r\n";

    private static readonly byte[] PartEnd = "\r\n"u8.ToArray();

    private readonly IReadOnlyList<ReadOnlyMemory<byte>> _images;
    private readonly byte[] _head;
    private readonly byte[] _partHead;
    private readonly byte[] _end;

    public LotContent(IReadOnlyList<LotEntry> entries, IReadOnlyList<ReadOnlyMemory<byte>> images)
    {
        _images = images;
        var boundary = $"winnow-lot-{Guid.NewGuid():n}";
        var manifest = JsonSerializer.Serialize(entries, LotJson.Default.IReadOnlyListLotEntry);
        _head = Encoding.UTF8.GetBytes($"--{boundary}\r\n{ManifestHead}{manifest}\r\n");
        _partHead = Encoding.ASCII.GetBytes($"--{boundary}\r\n{ImageHead}");
        _end = Encoding.ASCII.GetBytes($"--{boundary}--\r\n");
        Headers.ContentType = MediaTypeHeaderValue.Parse($"multipart/form-data; boundary={boundary}");
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // Small images are gathered, so that a lot is a few writes instead of thousands.
        // Disposing it would close the connection under the request, so it is flushed instead.
        var buffered = new BufferedStream(stream, 1 << 16);
        await buffered.WriteAsync(_head, cancellationToken);
        foreach (var image in _images)
        {
            await buffered.WriteAsync(_partHead, cancellationToken);
            await buffered.WriteAsync(image, cancellationToken);
            await buffered.WriteAsync(PartEnd, cancellationToken);
        }
        await buffered.WriteAsync(_end, cancellationToken);
        await buffered.FlushAsync(cancellationToken);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override bool TryComputeLength(out long length)
    {
        length = _head.Length + _end.Length;
        foreach (var image in _images) length += _partHead.Length + image.Length + PartEnd.Length;
        return true;
    }
}
