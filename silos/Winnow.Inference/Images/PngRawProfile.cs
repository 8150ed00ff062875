using System.IO.Compression;
using System.Text;

namespace Winnow.Inference.Images;

/// <summary>
/// EXIF data as ImageMagick and others wrote them before PNG had a chunk for them: hexadecimal digits in a text chunk, behind a line with
/// the kind and a line with the length. What is read of it is bounded, whatever it unpacks to.
/// </summary>
internal static class PngRawProfile
{
    // EXIF data in a JPEG have at most 64 KiB; twice as many digits, with line ends.
    private const int MostText = 192 << 10;

    private static ReadOnlySpan<byte> Exif => "Raw profile type exif\0"u8;

    private static ReadOnlySpan<byte> App1 => "Raw profile type APP1\0"u8;

    /// <summary>Whether a chunk is such a text.</summary>
    public static bool IsExif(ReadOnlySpan<byte> name, ReadOnlySpan<byte> content) =>
        (name.SequenceEqual("zTXt"u8) || name.SequenceEqual("tEXt"u8) || name.SequenceEqual("iTXt"u8))
            && (content.StartsWith(Exif) || content.StartsWith(App1));

    /// <summary>The bytes that the digits stand for; null where they are none.</summary>
    public static byte[]? Read(ReadOnlySpan<byte> name, ReadOnlySpan<byte> content)
    {
        var body = content[Exif.Length..];
        var packed = name.SequenceEqual("zTXt"u8);
        if (name.SequenceEqual("iTXt"u8))
        {
            // Whether it is packed and how, then the language and the keyword in that, each ended by a zero.
            if (body.Length < 2) return null;
            packed = body[0] == 1;
            body = body[2..];
            for (var skipped = 0; skipped < 2; skipped++)
            {
                var end = body.IndexOf((byte)0);
                if (end < 0) return null;
                body = body[(end + 1)..];
            }
        }
        else if (packed && !body.IsEmpty) body = body[1..];
        return Digits(packed ? Unpack(body[..Math.Min(body.Length, MostText)]) : body[..Math.Min(body.Length, MostText)]);
    }

    private static byte[] Unpack(ReadOnlySpan<byte> packed)
    {
        var text = new byte[MostText];
        var length = 0;
        try
        {
            using var stream = new ZLibStream(new MemoryStream(packed.ToArray()), CompressionMode.Decompress);
            length = stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException)
        {
            return [];
        }
        return text[..length];
    }

    private static byte[]? Digits(ReadOnlySpan<byte> text)
    {
        text = text.TrimStart("\r\n "u8);
        for (var line = 0; line < 2; line++)
        {
            var end = text.IndexOf((byte)'\n');
            if (end < 0) return null;
            text = text[(end + 1)..];
        }
        var digits = Encoding.ASCII.GetString(text).Where(c => !char.IsWhiteSpace(c)).TakeWhile(char.IsAsciiHexDigit).ToArray();
        return digits.Length < 2 ? null : Convert.FromHexString(digits.AsSpan(0, digits.Length & ~1));
    }
}
