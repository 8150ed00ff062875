using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Winnow.Client;

/// <summary>The bytes of a label file as UTF-8, whatever program wrote them.</summary>
internal static class LabelText
{
    private const int Looked = 4096;

    /// <summary>What Excel and its like write where people do not say otherwise, in the west of Europe and America.</summary>
    private static readonly Encoding Western = CodePagesEncodingProvider.Instance.GetEncoding(1252)!;

    private static readonly (byte[] Mark, Encoding Encoding)[] Marks =
    [
        ([0xFF, 0xFE, 0, 0], new UTF32Encoding(bigEndian: false, byteOrderMark: false)),
        ([0, 0, 0xFE, 0xFF], new UTF32Encoding(bigEndian: true, byteOrderMark: false)),
        ([0xFF, 0xFE], Encoding.Unicode),
        ([0xFE, 0xFF], Encoding.BigEndianUnicode),
    ];

    /// <summary>The text, and the name of the encoding that it was in.</summary>
    /// <exception cref="InvalidDataException">It is no text.</exception>
    public static (ReadOnlyMemory<byte> Utf8, string Encoding) Decode(ReadOnlyMemory<byte> bytes, string file)
    {
        var span = bytes.Span;
        if (span.StartsWith("PK\u0003\u0004"u8))
            throw new InvalidDataException($"{file} is a spreadsheet or an archive, not a table as text. Save it as CSV.");
        if (span.StartsWith("\uFEFF"u8)) return (bytes[3..], "UTF-8");
        foreach (var (mark, encoding) in Marks)
            if (span.StartsWith(mark)) return (Converted(span[mark.Length..], encoding), encoding.WebName.ToUpperInvariant());
        if (Unmarked(span) is { } wide) return (Converted(span, wide), wide.WebName.ToUpperInvariant());
        if (span.Contains((byte)0)) throw new InvalidDataException($"{file} is no text: it holds zero bytes.");
        return Utf8.IsValid(span) ? (bytes, "UTF-8") : (Converted(span, Western), "Windows-1252");
    }

    /// <summary>UTF-16 without a mark: every other byte of what people write is zero.</summary>
    private static Encoding? Unmarked(ReadOnlySpan<byte> bytes)
    {
        var (first, second) = (0, 0);
        var looked = Math.Min(bytes.Length & ~1, Looked);
        for (var i = 0; i < looked; i += 2)
        {
            if (bytes[i] == 0) first++;
            if (bytes[i + 1] == 0) second++;
        }
        if (Math.Max(first, second) <= looked / 8 || Math.Min(first, second) > 0) return null;
        return first > second ? Encoding.BigEndianUnicode : Encoding.Unicode;
    }

    private static byte[] Converted(ReadOnlySpan<byte> bytes, Encoding encoding)
    {
        var writer = new ArrayBufferWriter<byte>(Math.Max(1, bytes.Length));
        var decoder = encoding.GetDecoder();
        Span<char> text = new char[Looked];
        var utf8 = Encoding.UTF8.GetEncoder();
        for (var done = false; !done;)
        {
            decoder.Convert(bytes, text, flush: true, out var used, out var made, out done);
            bytes = bytes[used..];
            utf8.Convert(text[..made], writer, flush: done, out _, out _);
        }
        return writer.WrittenSpan.ToArray();
    }
}
