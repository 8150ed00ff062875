using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Winnow.Grains.Buckets;

/// <summary>What a bucket must know to notify its source: 256 random bits at the end of a path.</summary>
internal static class NotificationSecret
{
    private const int Bytes = 32;

    public static string Make() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    public static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>Whether a secret is the one whose hash is kept; the time it takes says nothing.</summary>
    public static bool Matches(string secret, byte[] hash) => CryptographicOperations.FixedTimeEquals(HashOf(secret), hash);

    /// <summary>Where the notifications of a source are to be sent.</summary>
    public static string PathOf(string dataset, string source, string secret) => $"/api/v1/notifications/{dataset}.{source}.{secret}";
}
