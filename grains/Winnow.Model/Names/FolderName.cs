using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Winnow.Model.Names;

/// <summary>
/// Folder names of classes. Any class name has a folder name that Linux, Windows and macOS take, and the folder name gives the class name
/// back. What stands in the way is written as the percent-encoded bytes of its UTF-8, and nothing else is, so most classes have folders of
/// their own names. A name too long for a folder is cut and bears a hash of the whole; the file <see cref="ClassFile"/> in the folder holds
/// it.
/// </summary>
public static class FolderName
{
    /// <summary>The file in a class's folder that holds the class's name, where the folder's name cannot.</summary>
    public const string ClassFile = ".winnow-class";

    /// <summary>Stands before the hash of a name that was cut; nothing else makes it.</summary>
    private const string Cut = "%~";

    // Linux and macOS take 255 bytes, and encrypted file systems fewer.
    private const int MaxBytes = 240;
    private const int MaxCutBytes = 120;
    private const int HashDigits = 16;
    private const string ArchiveFolder = "__MACOSX";

    private const string Unsafe = "<>:\"/\\|?*";

    /// <summary>Names of devices on Windows, with any extension.</summary>
    private static readonly HashSet<string> Devices = new(StringComparer.OrdinalIgnoreCase)
    {
        "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$",
        "COM0", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9", "COM\u00B9", "COM\u00B2", "COM\u00B3",
        "LPT0", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9", "LPT\u00B9", "LPT\u00B2", "LPT\u00B3",
    };

    /// <summary>The folder of a class.</summary>
    public static string Of(string className)
    {
        var name = Escape(TextForm.Composed(className));
        return Encoding.UTF8.GetByteCount(name) <= MaxBytes ? name : OfCut(className);
    }

    /// <summary>A folder name for a class whose own cannot be used: too long, or the same as another's on some file system.</summary>
    internal static string OfCut(string className)
    {
        var composed = TextForm.Composed(className);
        var (kept, length) = ("", 0);
        foreach (var rune in composed.EnumerateRunes())
        {
            length += rune.Utf16SequenceLength;
            var more = Escape(composed[..length]);
            if (Encoding.UTF8.GetByteCount(more) > MaxCutBytes) break;
            kept = more;
        }
        return $"{kept}{Cut}{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(composed)))[..HashDigits]}";
    }

    /// <summary>Whether a folder's name is that of a class whose name had to be cut.</summary>
    public static bool IsCut(string folder)
    {
        var at = folder.Length - HashDigits - Cut.Length;
        return at >= 0 && folder.AsSpan(at).StartsWith(Cut, StringComparison.Ordinal)
            && folder.AsSpan(at + Cut.Length).IndexOfAnyExcept("0123456789abcdef") < 0;
    }

    /// <summary>Whether a folder's name is one that <see cref="Of"/> gives a class, whole or cut.</summary>
    public static bool IsWritten(string folder)
    {
        var (kept, most) = IsCut(folder) ? (folder[..^(HashDigits + Cut.Length)], MaxCutBytes) : (folder, MaxBytes);
        return kept.Length > 0 && Encoding.UTF8.GetByteCount(kept) <= most && Escape(TryUnescape(kept, out var name) ? name : kept) == kept;
    }

    /// <summary>
    /// The class of a folder: its name, decoded where <see cref="Of"/> would have encoded it so. Percent signs that others wrote stay as
    /// they are, and a name that was cut stays cut.
    /// </summary>
    public static string ToClass(string folder)
    {
        var composed = TextForm.Composed(folder);
        return TryUnescape(composed, out var name) && Escape(name) == composed ? name : composed;
    }

    /// <summary>
    /// Whether a folder is no class, because it is hidden or an archiver's: as are <c>.git</c>, <c>.ipynb_checkpoints</c> and
    /// <c>__MACOSX</c>.
    /// </summary>
    public static bool IsHidden(string folder) => folder.StartsWith('.') || folder == ArchiveFolder;

    private static string Escape(string name)
    {
        var escaped = new StringBuilder(name.Length);
        // A device keeps being one behind any extension, and so does a folder that is hidden, or no class.
        var first = IsHidden(name) || Devices.Contains(TextForm.Trimmed(name.Split('.')[0]));
        var before = false;
        for (var i = 0; i < name.Length;)
        {
            Rune.DecodeFromUtf16(name.AsSpan(i), out var rune, out var length);
            var atEdge = i == 0 || i + length == name.Length;
            // An accent behind an encoded character would join the last of its digits.
            before = (i == 0 && first) || IsUnsafe(name, i, rune) || (atEdge && IsBlankOrDot(rune, i == 0)) || (before && IsMark(rune));
            if (before) AppendEscaped(escaped, rune);
            else escaped.Append(rune.ToString());
            i += length;
        }
        return escaped.ToString();
    }

    private static bool IsUnsafe(string name, int at, Rune rune)
    {
        if (rune.Value < ' ' || Unsafe.Contains((char)Math.Min(rune.Value, char.MaxValue), StringComparison.Ordinal)) return true;
        if (!ShownText.IsShown(rune)) return true;
        // A percent sign only where what follows would be taken for ours.
        return rune.Value == '%' && at + 1 < name.Length
            && (name[at + 1] == '~' || (at + 2 < name.Length && char.IsAsciiHexDigit(name[at + 1]) && char.IsAsciiHexDigit(name[at + 2])));
    }

    private static bool IsMark(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    private static bool IsBlankOrDot(Rune rune, bool atStart) => Rune.IsWhiteSpace(rune) || (rune.Value == '.' && !atStart);

    private static void AppendEscaped(StringBuilder text, Rune rune)
    {
        Span<byte> bytes = stackalloc byte[4];
        foreach (var b in bytes[..rune.EncodeToUtf8(bytes)]) text.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
    }

    private static bool TryUnescape(string folder, [NotNullWhen(true)] out string? name)
    {
        name = null;
        if (!folder.Contains('%', StringComparison.Ordinal)) return false;
        var bytes = new List<byte>(folder.Length);
        Span<byte> utf8 = stackalloc byte[4];
        for (var i = 0; i < folder.Length;)
        {
            if (folder[i] == '%' && i + 2 < folder.Length && IsUpperHex(folder[i + 1]) && IsUpperHex(folder[i + 2]))
            {
                bytes.Add(byte.Parse(folder.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                i += 3;
                continue;
            }
            Rune.DecodeFromUtf16(folder.AsSpan(i), out var rune, out var length);
            foreach (var b in utf8[..rune.EncodeToUtf8(utf8)]) bytes.Add(b);
            i += length;
        }
        try
        {
            name = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString([.. bytes]);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private static bool IsUpperHex(char c) => c is (>= '0' and <= '9') or (>= 'A' and <= 'F');
}
