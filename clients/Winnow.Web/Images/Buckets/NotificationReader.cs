using System.Text.Json;
using Winnow.Abstractions.Images.Buckets;

namespace Winnow.Web.Images.Buckets;

/// <summary>
/// Reads what servers say of their buckets: records as S3, MinIO and Ceph send them, the same within a message of SNS, and events of
/// EventBridge. Some write keys as in a URL and some do not, and none says which: both readings are given, and the bucket tells which is
/// there.
/// </summary>
internal static class NotificationReader
{
    private const int MaxObjects = 2_000;
    private const int MaxKey = 1_024;
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 32 };

    /// <summary>
    /// The objects that are named; none for an empty body and for tests of the connection; null when it is no notification.
    /// </summary>
    public static NotifiedObject[]? Read(ReadOnlyMemory<byte> body)
    {
        if (body.Span.Trim(" \t\r\n"u8).IsEmpty) return [];
        try
        {
            using var document = JsonDocument.Parse(body, Options);
            return Read(document.RootElement, envelopes: 1);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static NotifiedObject[]? Read(JsonElement root, int envelopes)
    {
        if (root.ValueKind != JsonValueKind.Object) return null;
        if (root.TryGetProperty("Records", out var records) && records.ValueKind == JsonValueKind.Array)
            return [.. records.EnumerateArray().SelectMany(r => Of(r, "s3")).Take(MaxObjects)];
        if (root.TryGetProperty("detail", out _)) return [.. Of(root, "detail")];
        if (envelopes > 0 && Text(root, "Message") is { } message)
        {
            using var inner = JsonDocument.Parse(message, Options);
            return Read(inner.RootElement, envelopes - 1);
        }
        // S3 tries a new connection with an event of its own.
        return Text(root, "Event") == "s3:TestEvent" ? [] : null;
    }

    private static IEnumerable<NotifiedObject> Of(JsonElement record, string part)
    {
        if (record.ValueKind != JsonValueKind.Object || !record.TryGetProperty(part, out var s3) || s3.ValueKind != JsonValueKind.Object)
            yield break;
        if (!s3.TryGetProperty("bucket", out var bucket) || Text(bucket, "name") is not { } name
            || !s3.TryGetProperty("object", out var item) || Text(item, "key") is not { } key) yield break;
        if (key.Length is > 0 and <= MaxKey) yield return new NotifiedObject(name, key);
        var decoded = Uri.UnescapeDataString(key.Replace('+', ' '));
        if (decoded != key && decoded.Length is > 0 and <= MaxKey) yield return new NotifiedObject(name, decoded);
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
        ? value.GetString() : null;
}
