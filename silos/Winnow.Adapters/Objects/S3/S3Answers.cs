using System.Net;
using Winnow.Abstractions.Images;

namespace Winnow.Adapters.Objects.S3;

/// <summary>What a server says of an object.</summary>
internal readonly record struct S3Head(string ETag, long Size);

/// <summary>Ways of reading answers.</summary>
internal static class S3Answers
{
    /// <summary>Nothing but whether it was granted.</summary>
    public static Task<bool> NoneAsync(HttpResponseMessage response, CancellationToken cancellationToken) =>
        Task.FromResult(response.IsSuccessStatusCode);

    /// <summary>What is known of an object; null when there is none.</summary>
    public static Task<S3Head?> HeadAsync(S3Connection connection, string bucket, string key, CancellationToken cancellationToken) =>
        connection.SendAsync(new S3Request(HttpMethod.Head, bucket, key), static (response, _) =>
        Task.FromResult(response.StatusCode == HttpStatusCode.NotFound ? (S3Head?)null : Head(response)), cancellationToken);

    public static S3Head Head(HttpResponseMessage response) => new(ETagOf(response), response.Content.Headers.ContentLength ?? 0);

    /// <summary>A version without its quotes and the mark of a weak one: a server may write it so here and otherwise there.</summary>
    public static string Plain(string? etag)
    {
        var text = (etag ?? "").Trim();
        return (text.StartsWith("W/", StringComparison.Ordinal) ? text[2..] : text).Trim('"');
    }

    // Some servers write no quotes, which the typed header takes for no version at all.
    private static string ETagOf(HttpResponseMessage response) =>
        Plain(response.Headers.NonValidated.TryGetValues("ETag", out var values) ? values.ToString() : null);

    /// <summary>
    /// All bytes of an object, with what is known of it; null when there is none. One that is longer than <paramref name="max"/> is not
    /// read: its bytes are null.
    /// </summary>
    public static Task<(S3Head Head, byte[]? Bytes)?> GetAsync(S3Connection connection, string bucket, string key, long max,
        CancellationToken cancellationToken) =>
        connection.SendAsync<(S3Head, byte[]?)?>(new S3Request(HttpMethod.Get, bucket, key), async (response, token) =>
        {
            if (response.StatusCode == HttpStatusCode.NotFound) return null;
            var head = Head(response);
            if (head.Size > max) return (head, null);
            if (response.Content.Headers.ContentLength is null)
                return await ReadUnsizedAsync(response, head, max, token).ConfigureAwait(false);
            var bytes = await response.Content.ReadAsByteArrayAsync(token).ConfigureAwait(false);
            // A connection that broke gives fewer: then the request is repeated.
            if (bytes.Length != head.Size) throw new IOException($"{bytes.Length} of {head.Size} bytes came");
            return (head, bytes);
        }, cancellationToken);

    /// <summary>
    /// The same into the room of a lot, a piece at a time: no more of it is in memory than the room takes, whatever the server says of its
    /// length.
    /// </summary>
    public static Task<(S3Head Head, ReadOnlyMemory<byte>? Bytes)?> ReadAsync(
        S3Connection connection, S3Request request, long max, LotSpaceSet room, CancellationToken cancellationToken) =>
        connection.SendAsync<(S3Head, ReadOnlyMemory<byte>?)?>(request, async (response, token) =>
        {
            if (response.StatusCode == HttpStatusCode.NotFound) return null;
            var head = Head(response);
            if (head.Size > max) return (head, null);
            var body = await response.Content.ReadAsStreamAsync(token).ConfigureAwait(false);
            var bytes = await room.ReadAsync(body, max, token).ConfigureAwait(false);
            if (response.Content.Headers.ContentLength is null) head = head with { Size = bytes.Length };
            // A connection that broke gives fewer: then the request is repeated.
            if (bytes.Length != head.Size) throw new IOException($"{bytes.Length} of {head.Size} bytes came");
            return bytes.Length > max ? (head, null) : (head, bytes);
        }, cancellationToken);

    /// <summary>A server, or a proxy before it, that does not say how much comes.</summary>
    private static async Task<(S3Head, byte[]?)?> ReadUnsizedAsync(HttpResponseMessage response, S3Head head, long max,
        CancellationToken cancellationToken)
    {
        using var copy = new MemoryStream();
        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var buffer = new byte[64 << 10];
        for (int read; (read = await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            if (copy.Length + read > max) return (head with { Size = copy.Length + read }, null);
            copy.Write(buffer, 0, read);
        }
        return (head with { Size = copy.Length }, copy.ToArray());
    }
}
