using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace Winnow.Web.Security;

/// <summary>
/// What a session says: who began it, with the proof of the key that did, and until when. It is sealed into the cookie and kept nowhere
/// else. Whoever held the sealing secret could still make none: that takes the proof of a key which is good.
/// </summary>
/// <param name="KeyId">The API key; null for the operator's.</param>
/// <param name="Proof">SHA-256 of the key's text: what its grain is shown on every request.</param>
/// <param name="ExpiresAt">When it ends, in whole seconds.</param>
internal sealed record SessionTicket(string? KeyId, byte[] Proof, DateTimeOffset ExpiresAt)
{
    private const byte Version = 1;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int KeyIdBytes = 8;
    private const int PlainBytes = 1 + sizeof(long) + KeyIdBytes + SHA256.HashSizeInBytes;

    /// <summary>The cookie's text: AES-256-GCM under the secret, with a nonce of its own, as base64url.</summary>
    public string Seal(ReadOnlySpan<byte> secret)
    {
        Span<byte> plain = stackalloc byte[PlainBytes];
        plain[0] = Version;
        BinaryPrimitives.WriteInt64BigEndian(plain[1..], ExpiresAt.ToUnixTimeSeconds());
        if (KeyId is not null) Convert.FromHexString(KeyId, plain.Slice(1 + sizeof(long), KeyIdBytes), out _, out _);
        Proof.CopyTo(plain[^SHA256.HashSizeInBytes..]);
        var sealedTicket = new byte[NonceBytes + PlainBytes + TagBytes];
        var nonce = sealedTicket.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(secret, TagBytes);
        aes.Encrypt(nonce, plain, sealedTicket.AsSpan(NonceBytes, PlainBytes), sealedTicket.AsSpan(NonceBytes + PlainBytes));
        return WebEncoders.Base64UrlEncode(sealedTicket);
    }

    /// <summary>Reads a cookie; null where it was not sealed under this secret, or was changed since.</summary>
    public static SessionTicket? Open(string cookie, ReadOnlySpan<byte> secret)
    {
        if (Decoded(cookie) is not { Length: NonceBytes + PlainBytes + TagBytes } bytes) return null;
        var plain = new byte[PlainBytes];
        try
        {
            using var aes = new AesGcm(secret, TagBytes);
            aes.Decrypt(bytes.AsSpan(0, NonceBytes), bytes.AsSpan(NonceBytes, PlainBytes), bytes.AsSpan(NonceBytes + PlainBytes), plain);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
        if (plain[0] != Version) return null;
        var id = plain.AsSpan(1 + sizeof(long), KeyIdBytes);
        return new SessionTicket(
            id.ContainsAnyExcept((byte)0) ? Convert.ToHexStringLower(id) : null,
            plain[^SHA256.HashSizeInBytes..],
            DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadInt64BigEndian(plain.AsSpan(1))));
    }

    /// <summary>
    /// What requests that change something send beside the cookie. Scripts of the page cannot read that, and learn nothing of it.
    /// </summary>
    public static string CsrfOf(string cookie) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("winnow session csrf " + cookie)).AsSpan(0, 16));

    private static byte[]? Decoded(string cookie)
    {
        try
        {
            return WebEncoders.Base64UrlDecode(cookie);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
