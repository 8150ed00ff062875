using System.Net;

namespace Winnow.Adapters.Objects.S3;

/// <summary>What a server says of an object.</summary>
internal readonly record struct S3Head(string ETag, long Size);

/// <summary>Ways of reading answers.</summary>
internal static class S3Answers
{
    /// <summary>Nothing but whether it was granted.</summary>
    public static Task<bool> NoneAsync(HttpResponseMessage response, CancellationToken cancellationToken) => Task.FromResult(response.IsSuccessStatusCode);

    /// <summary>What is known of an object; null when there is none.</summary>
    public static Task<S3Head?> HeadAsync(S3Connection connection, string bucket, string key, CancellationToken cancellationToken) =>
        connection.SendAsync(new S3Request(HttpMethod.Head, bucket, key), static (response, _) => Task.FromResult(response.StatusCode == HttpStatusCode.NotFound ? (S3Head?)null : Head(response)), cancellationToken);

    public static S3Head Head(HttpResponseMessage response) => new((response.Headers.ETag?.Tag ?? "").Trim('"'), response.Content.Headers.ContentLength ?? 0);

    /// <summary>
    /// All bytes of an object, with what is known of it; null when there is none. One that is longer than <paramref name="max"/> is not read: its
    /// bytes are null.
    /// </summary>
    public static Task<(S3Head Head, byte[]? Bytes)?> GetAsync(S3Connection connection, string bucket, string key, long max, CancellationToken cancellationToken) =>
        connection.SendAsync<(S3Head, byte[]?)?>(new S3Request(HttpMethod.Get, bucket, key), async (response, token) =>
        {
            if (response.StatusCode == HttpStatusCode.NotFound) return null;
            var head = Head(response);
            if (head.Size > max) return (head, null);
            var bytes = await response.Content.ReadAsByteArrayAsync(token).ConfigureAwait(false);
            // A connection that broke gives fewer: then the request is repeated.
            if (bytes.Length != head.Size) throw new IOException($"{bytes.Length} of {head.Size} bytes came");
            return (head, bytes);
        }, cancellationToken);
}
