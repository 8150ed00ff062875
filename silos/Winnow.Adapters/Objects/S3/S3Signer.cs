using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Winnow.Adapters.Objects.S3;

/// <summary>
/// Signs requests (AWS Signature Version 4, in headers). The client library signs only what it has calls for; <see cref="S3Request"/>
/// says which of those are not sound.
/// </summary>
internal sealed class S3Signer(S3Credentials credentials, string region, TimeProvider time)
{
    private const string Algorithm = "AWS4-HMAC-SHA256";
    private const string SignedHeaders = "host;x-amz-content-sha256;x-amz-date";

    /// <summary>
    /// Signs a request to a path and a query that are escaped already; the query's parameters must be in the order of their names.
    /// </summary>
    public void Sign(HttpRequestMessage request, string host, string path, string query, ReadOnlySpan<byte> payload)
    {
        var now = time.GetUtcNow();
        var stamp = now.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var day = stamp[..8];
        var payloadHash = Hash(payload);
        var canonical = $"{request.Method}\n{path}\n{query}\nhost:{host}\n"
            + $"x-amz-content-sha256:{payloadHash}\nx-amz-date:{stamp}\n\n{SignedHeaders}\n{payloadHash}";
        var scope = $"{day}/{region}/s3/aws4_request";
        var toSign = $"{Algorithm}\n{stamp}\n{scope}\n{Hash(Encoding.UTF8.GetBytes(canonical))}";
        var key = Mac(Mac(Mac(Mac(Encoding.UTF8.GetBytes("AWS4" + credentials.SecretKey), day), region), "s3"), "aws4_request");
        request.Headers.TryAddWithoutValidation("x-amz-content-sha256", payloadHash);
        request.Headers.TryAddWithoutValidation("x-amz-date", stamp);
        request.Headers.TryAddWithoutValidation("Authorization",
            $"{Algorithm} Credential={credentials.AccessKey}/{scope}, SignedHeaders={SignedHeaders}, "
            + $"Signature={Convert.ToHexStringLower(Mac(key, toSign))}");
    }

    /// <summary>Escapes all but what never needs it (RFC 3986), as the signature wants it.</summary>
    public static string Escape(string text) => Uri.EscapeDataString(text);

    /// <summary>Escapes a key for a path: its slashes stay.</summary>
    public static string EscapePath(string key) => string.Join('/', key.Split('/').Select(Escape));

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static byte[] Mac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));
}
