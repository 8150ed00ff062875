using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Winnow.Model.Names;

/// <summary>
/// Names under which images come. They are display only: no file is ever called by them. Images of different names keep different names:
/// what cannot be shown in one line is written as the percent-encoded bytes of its UTF-8, as in <c>two%0Alines.png</c>, and nothing else
/// is.
/// </summary>
public static class ImageName
{
    /// <summary>Most characters of a name.</summary>
    public const int MaxLength = 1_024;

    /// <summary>Most characters of a name as it comes: no system has longer paths. It is kept whole, or its end with a hash.</summary>
    public const int MaxSent = 32_768;

    /// <summary>Stands before the hash of a name that was cut; nothing else makes it.</summary>
    private const string Cut = "%~";

    private const int HashDigits = 16;
    private const string Slash = "%2F";
    private const string Backslash = "%5C";
    private const string Unnamed = "unnamed";

    /// <summary>
    /// The name as it is stored. Control characters, those that reorder text on the screen, blanks around a step of the path, and steps
    /// that say nothing or lead elsewhere (<c>.</c>, <c>..</c>, slashes with nothing before or behind them) are encoded; backslashes become
    /// <c>/</c>, as they part folders on Windows. A percent sign is encoded where what follows would be taken for ours. A longer name keeps
    /// its end, where the file's own name stands, behind a hash of the whole.
    /// </summary>
    public static string Kept(string given) => Fit(Written(given.Replace('\\', '/'), key: false));

    /// <summary>
    /// The name as it is stored of an object of a bucket. As <see cref="Kept"/>, but a backslash is a character of a key like any other and
    /// is encoded.
    /// </summary>
    public static string KeptKey(string key) => Fit(Written(key, key: true));

    /// <summary>A path without what says nothing in it: backslashes part steps, and steps <c>.</c> and empty ones go.</summary>
    public static string Plain(string path) =>
        string.Join('/', path.Replace('\\', '/').Split('/').Where(step => step is not ("" or ".")));

    /// <summary>
    /// What a row holds, in the form of <see cref="Kept"/>: the same where it was taken in so, and else (rows of earlier releases, of
    /// backups) without what cannot be shown.
    /// </summary>
    public static string Stored(string name) => Fit(OfRow(name));

    /// <summary>What stood where <see cref="Kept"/> encoded. A name that was cut stays so.</summary>
    public static string Given(string stored)
    {
        if (!stored.Contains('%', StringComparison.Ordinal)) return stored;
        var given = new StringBuilder(stored.Length);
        for (var i = 0; i < stored.Length;)
        {
            if (EncodedAt(stored, i) is not { } encoded)
            {
                given.Append(stored[i++]);
                continue;
            }
            given.Append(encoded.ToString());
            i += 3 * encoded.Utf8SequenceLength;
        }
        return given.ToString();
    }

    /// <summary>The form in which the names of rows are compared: any Unicode form is the same.</summary>
    public static string Compared(string stored) => TextForm.Composed(Stored(stored));

    private static string Written(string name, bool key)
    {
        var text = new StringBuilder(name.Length);
        var steps = name.Split('/');
        for (var i = 0; i < steps.Length; i++)
        {
            var step = steps[i];
            if (step is "." or "..") text.Append(step.Replace(".", "%2E", StringComparison.Ordinal));
            else AppendStep(text, step, percent: true, key);
            if (i == steps.Length - 1) break;
            // A slash parts two steps; one that has none before it, or nothing behind it, would be lost wherever paths are read.
            text.Append(step.Length > 0 && (i < steps.Length - 2 || steps[^1].Length > 0) ? "/" : Slash);
        }
        return text.Length == 0 ? Unnamed : text.ToString();
    }

    private static string OfRow(string name)
    {
        var text = new StringBuilder(name.Length);
        foreach (var step in Plain(name).Split('/'))
        {
            if (text.Length > 0) text.Append('/');
            if (step == "..") text.Append("%2E%2E");
            else AppendStep(text, step, percent: false, key: false);
        }
        return text.Length == 0 ? Unnamed : text.ToString();
    }

    private static void AppendStep(StringBuilder text, string step, bool percent, bool key)
    {
        // Behind a slash that is encoded, too.
        var encoded = text.Length > 0 && text[^1] != '/';
        for (var i = 0; i < step.Length;)
        {
            // Half a surrogate pair becomes U+FFFD here and not later, where a name would change on its way through UTF-8.
            Rune.DecodeFromUtf16(step.AsSpan(i), out var rune, out var length);
            var atEdge = i == 0 || i + length == step.Length;
            // An accent behind an encoded character would join the last of its digits.
            encoded = !ShownText.IsShown(rune) || (atEdge && Rune.IsWhiteSpace(rune)) || (encoded && IsMark(rune))
                || (key && rune.Value == '\\')
                || (percent && rune.Value == '%' && IsAmbiguous(step, i, text.Length == 0, key));
            if (encoded) AppendEncoded(text, rune);
            else text.Append(rune.ToString());
            i += length;
        }
    }

    private static bool IsAmbiguous(string step, int at, bool first, bool key) =>
        EncodedAt(step, at) is not null || (first && step.AsSpan(at).StartsWith(Cut, StringComparison.Ordinal))
        || (key && step.AsSpan(at).StartsWith(Backslash, StringComparison.Ordinal));

    private static void AppendEncoded(StringBuilder text, Rune rune)
    {
        Span<byte> bytes = stackalloc byte[4];
        foreach (var b in bytes[..rune.EncodeToUtf8(bytes)]) text.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
    }

    /// <summary>The character that stands encoded at a place, where it is one that is encoded anywhere.</summary>
    private static Rune? EncodedAt(string text, int at)
    {
        Span<byte> bytes = stackalloc byte[4];
        var (count, from) = (0, at);
        for (; count < bytes.Length && at + 2 < text.Length && text[at] == '%'; at += 3)
        {
            if (!IsUpperHex(text[at + 1]) || !IsUpperHex(text[at + 2])) break;
            bytes[count++] = byte.Parse(text.AsSpan(at + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        }
        if (Rune.DecodeFromUtf8(bytes[..count], out var rune, out var length) != System.Buffers.OperationStatus.Done) return null;
        if (rune.Value is '%' or '.' || !ShownText.IsShown(rune) || IsMark(rune)) return rune;
        var end = from + 3 * length;
        if (rune.Value == '/') return IsBeginning(text, from) || end == text.Length ? rune : null;
        // Within a step blanks stay as they are, and so does what others wrote for them there.
        return Rune.IsWhiteSpace(rune) && (IsBeginning(text, from) || IsEnd(text, end)) ? rune : null;
    }

    /// <summary>Whether a step begins at a place, behind slashes that are encoded or not.</summary>
    private static bool IsBeginning(string text, int at)
    {
        while (at >= Slash.Length && text.AsSpan(0, at).EndsWith(Slash, StringComparison.Ordinal)) at -= Slash.Length;
        return at == 0 || text[at - 1] == '/';
    }

    private static bool IsEnd(string text, int at) => at == text.Length || text[at] == '/' || text.AsSpan(at) is Slash;

    private static bool IsUpperHex(char c) => c is (>= '0' and <= '9') or (>= 'A' and <= 'F');

    private static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    /// <summary>The name, or where it is too long its end behind a hash of the whole: equal for all Unicode forms of one name.</summary>
    private static string Fit(string name)
    {
        if (name.Length <= MaxLength || (name = TextForm.Composed(name)).Length <= MaxLength) return name;
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..HashDigits];
        var from = name.Length - (MaxLength - Cut.Length - HashDigits - 1);
        // Whole steps, where there are some.
        var step = name.IndexOf('/', from - 1);
        if (step >= 0 && step < name.Length - 1) from = step + 1;
        while (from < name.Length - 1 && IsNoBeginning(name, from)) from++;
        return $"{Cut}{hash}/{name.AsSpan(from)}";
    }

    private static bool IsNoBeginning(string name, int at) =>
        name[at] == '/' || Rune.DecodeFromUtf16(name.AsSpan(at), out var rune, out _) != System.Buffers.OperationStatus.Done
        || Rune.IsWhiteSpace(rune) || IsMark(rune);
}
