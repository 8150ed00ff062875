using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;

namespace Winnow.Cli.Lines;

/// <summary>A line of a text.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Bytes">What it holds, without its end; null where that is more than was to be held.</param>
internal readonly record struct TextLine(long Number, byte[]? Bytes);

/// <summary>The lines of a text that is read as it comes, as the bytes that stand there: whether they are UTF-8 is not asked.</summary>
internal static class TextLines
{
    private const int Buffer = 1 << 16;

    // Half a character becomes a byte that stands in no JSON, and not one that could be meant.
    private static readonly DecoderReplacementFallback Broken = new("\0");

    /// <summary>All lines; a mark at the beginning is none of the text, and says when it is UTF-16.</summary>
    /// <param name="from">The text.</param>
    /// <param name="most">Bytes of a line that are held.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async IAsyncEnumerable<TextLine> ReadAsync(
        Stream from, int most, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (buffer, line) = (new byte[Buffer], new ArrayBufferWriter<byte>());
        var (number, isLong, afterReturn, begun) = (1L, false, false, false);
        Decoder? wide = null;
        for (var isEnd = false; !isEnd;)
        {
            var read = await from.ReadAtLeastAsync(buffer, 4, throwOnEndOfStream: false, cancellationToken);
            isEnd = read < 4;
            var mark = begun ? 0 : MarkOf(buffer.AsSpan(0, read), out wide);
            begun = true;
            var text = wide is null ? buffer.AsMemory(mark, read - mark) : Narrowed(wide, buffer.AsSpan(mark, read - mark), isEnd);
            while (!text.IsEmpty)
            {
                if (afterReturn && text.Span[0] == '\n') text = text[1..];
                afterReturn = false;
                var end = text.Span.IndexOfAny((byte)'\n', (byte)'\r');
                var piece = text[..(end < 0 ? text.Length : end)];
                isLong |= line.WrittenCount + piece.Length > most;
                if (!isLong) line.Write(piece.Span);
                if (end < 0) break;
                yield return new TextLine(number++, isLong ? null : line.WrittenSpan.ToArray());
                line.ResetWrittenCount();
                (isLong, afterReturn) = (false, text.Span[end] == '\r');
                text = text[(end + 1)..];
            }
        }
        if (isLong || line.WrittenCount > 0) yield return new TextLine(number, isLong ? null : line.WrittenSpan.ToArray());
    }

    private static int MarkOf(ReadOnlySpan<byte> text, out Decoder? wide)
    {
        wide = null;
        if (text.StartsWith("\uFEFF"u8)) return 3;
        if (!text.StartsWith<byte>([0xFF, 0xFE]) && !text.StartsWith<byte>([0xFE, 0xFF])) return 0;
        wide = Encoding.GetEncoding(text[0] == 0xFF ? "utf-16" : "utf-16BE", EncoderFallback.ReplacementFallback, Broken).GetDecoder();
        return 2;
    }

    private static Memory<byte> Narrowed(Decoder wide, ReadOnlySpan<byte> text, bool isEnd)
    {
        var characters = new char[wide.GetCharCount(text, isEnd)];
        wide.GetChars(text, characters, isEnd);
        return Encoding.UTF8.GetBytes(characters);
    }
}
