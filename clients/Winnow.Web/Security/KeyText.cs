using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Winnow.Web.Security;

/// <summary>
/// The text of an API key: <c>wnk_ID_SECRET</c>, with an id of 16 hexadecimal digits, a secret of 64 and a checksum of 8 at the end. The
/// prefix lets scanners find a key that leaked, the checksum tells a mistyped one from a wrong one before any grain is asked.
/// </summary>
internal static class KeyText
{
    public const string Prefix = "wnk_";

    private const int IdBytes = 8;
    private const int SecretBytes = 32;
    private const int IdEnd = 4 + (IdBytes * 2);
    private const int SecretEnd = IdEnd + 1 + (SecretBytes * 2);
    private const int Length = SecretEnd + 8;

    /// <summary>A new key. Its secret has 256 bits from the system's generator.</summary>
    public static (string Id, string Text) Make()
    {
        var id = RandomNumberGenerator.GetHexString(IdBytes * 2, lowercase: true);
        var text = $"{Prefix}{id}_{RandomNumberGenerator.GetHexString(SecretBytes * 2, lowercase: true)}";
        return (id, text + ChecksumOf(text));
    }

    /// <summary>Whether a text can be the id of a key.</summary>
    public static bool IsId(string text) => text.Length == IdBytes * 2 && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Reads a key as it was sent; false when it was mistyped or is no key.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out string? id)
    {
        id = null;
        if (text.Length != Length || !text.StartsWith(Prefix, StringComparison.Ordinal) || text[IdEnd] != '_') return false;
        if (text[Prefix.Length..IdEnd].Any(c => !char.IsAsciiHexDigitLower(c)) || ChecksumOf(text[..SecretEnd]) != text[SecretEnd..])
            return false;
        id = text[Prefix.Length..IdEnd];
        return true;
    }

    /// <summary>What the grain is shown in place of the key.</summary>
    public static byte[] ProofOf(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    private static string ChecksumOf(string text) =>
        BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes("winnow key checksum " + text)))
        .ToString("x8", System.Globalization.CultureInfo.InvariantCulture);
}
