using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Winnow.Model.Images;

/// <summary>
/// The identity of an image: the SHA-256 of its bytes, written <c>img-</c> followed by 52 characters of lower-case base32 (RFC 4648,
/// no padding). The same bytes twice in one dataset are one image. The prefix keeps an id from ever being read as a number.
/// </summary>
/// <param name="A">Bytes 0–7 of the digest, big-endian. Its top bits name the shard, so ids sort by shard.</param>
/// <param name="B">Bytes 8–15.</param>
/// <param name="C">Bytes 16–23.</param>
/// <param name="D">Bytes 24–31.</param>
[JsonConverter(typeof(ImageIdJsonConverter))]
public readonly record struct ImageId(ulong A, ulong B, ulong C, ulong D) : IComparable<ImageId>
{
    /// <summary>Bytes of an id in binary form.</summary>
    public const int Size = 32;

    private const string Prefix = "img-";
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    private const int TextLength = 4 + 52;

    /// <summary>The id of an image with these bytes.</summary>
    public static ImageId Of(ReadOnlySpan<byte> content)
    {
        Span<byte> digest = stackalloc byte[Size];
        SHA256.HashData(content, digest);
        return FromBytes(digest);
    }

    /// <summary>Reads the 32 bytes of a digest.</summary>
    /// <exception cref="ArgumentException">The span does not hold 32 bytes.</exception>
    public static ImageId FromBytes(ReadOnlySpan<byte> digest)
    {
        if (digest.Length != Size) throw new ArgumentException($"An image id has {Size} bytes, not {digest.Length}.", nameof(digest));
        return new ImageId(
            BinaryPrimitives.ReadUInt64BigEndian(digest),
            BinaryPrimitives.ReadUInt64BigEndian(digest[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(digest[16..]),
            BinaryPrimitives.ReadUInt64BigEndian(digest[24..]));
    }

    /// <summary>Writes the 32 bytes of the digest.</summary>
    public void CopyTo(Span<byte> digest)
    {
        BinaryPrimitives.WriteUInt64BigEndian(digest, A);
        BinaryPrimitives.WriteUInt64BigEndian(digest[8..], B);
        BinaryPrimitives.WriteUInt64BigEndian(digest[16..], C);
        BinaryPrimitives.WriteUInt64BigEndian(digest[24..], D);
    }

    /// <summary>The 32 bytes of the digest.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Size];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>Reads the written form; false when it is not one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ImageId id)
    {
        id = default;
        if (text is null || text.Length != TextLength || !text.StartsWith(Prefix, StringComparison.Ordinal)) return false;
        Span<byte> digest = stackalloc byte[Size];
        int buffer = 0, bits = 0, at = 0;
        foreach (var c in text.AsSpan(Prefix.Length))
        {
            var value = c is >= 'a' and <= 'z' ? c - 'a' : c is >= '2' and <= '7' ? c - '2' + 26 : -1;
            if (value < 0) return false;
            buffer = ((buffer << 5) | value) & 0xFFFF;
            bits += 5;
            if (bits < 8) continue;
            bits -= 8;
            digest[at++] = (byte)(buffer >> bits);
        }
        // 52 characters carry 260 bits: the last four must be zero, or two texts would name one image.
        if ((buffer & ((1 << bits) - 1)) != 0) return false;
        id = FromBytes(digest);
        return true;
    }

    /// <summary>Reads the written form.</summary>
    /// <exception cref="FormatException">The text is not an image id.</exception>
    public static ImageId Parse(string text) =>
        TryParse(text, out var id)
        ? id : throw new FormatException($"'{text}' is not an image id: expected '{Prefix}' and 52 characters of base32.");

    /// <inheritdoc/>
    public override string ToString() => string.Create(TextLength, this, static (text, id) =>
    {
        Span<byte> digest = stackalloc byte[Size];
        id.CopyTo(digest);
        Prefix.CopyTo(text);
        int buffer = 0, bits = 0, at = Prefix.Length;
        foreach (var b in digest)
        {
            buffer = ((buffer << 8) | b) & 0xFFFF;
            bits += 8;
            while (bits >= 5)
            {
                bits -= 5;
                text[at++] = Alphabet[(buffer >> bits) & 31];
            }
        }
        text[at] = Alphabet[(buffer << (5 - bits)) & 31];
    });

    /// <inheritdoc/>
    public int CompareTo(ImageId other)
    {
        var order = A.CompareTo(other.A);
        if (order != 0) return order;
        order = B.CompareTo(other.B);
        if (order != 0) return order;
        order = C.CompareTo(other.C);
        return order != 0 ? order : D.CompareTo(other.D);
    }

    /// <summary>A digest is uniform already, so eight of its bytes are hash enough.</summary>
    public override int GetHashCode() => B.GetHashCode();
}

/// <summary>Writes an id as its text.</summary>
public sealed class ImageIdJsonConverter : JsonConverter<ImageId>
{
    /// <inheritdoc/>
    public override ImageId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        ImageId.TryParse(reader.GetString(), out var id)
        ? id : throw new JsonException("Not an image id: expected 'img-' and 52 characters of base32.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ImageId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
