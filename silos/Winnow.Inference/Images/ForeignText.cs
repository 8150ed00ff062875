using System.Text;

namespace Winnow.Inference.Images;

/// <summary>Says what a text is that came in place of an image: mostly a page that tells why there is none.</summary>
internal static class ForeignText
{
    private const int Looked = 1024;
    private const int Shown = 40;

    /// <summary>The whole sentence; null when the file is no text.</summary>
    public static string? Explain(ReadOnlySpan<byte> bytes)
    {
        if (Read(bytes[..Math.Min(bytes.Length, Looked)]) is not { } text)
            return null;
        if (text.StartsWith("version https://git-lfs", StringComparison.Ordinal))
            return "The file is a Git LFS pointer, not the image that it stands for; fetch the images with: git lfs pull";
        if (text.Contains("/annex/objects/", StringComparison.Ordinal))
            return "The file is a git-annex pointer, not the image that it stands for; fetch the images with: git annex get";
        var begins = $"it begins \"{Excerpt(text)}\"";
        return NameOf(text) is var (name, advice)
            ? $"The file is {name}, not an image ({begins}); {advice}."
            : $"The file is text, not an image ({begins}); check the address it was fetched from.";
    }

    private static (string Name, string Advice)? NameOf(string text)
    {
        const string Address = "check the address it was fetched from";
        if (text.StartsWith('<') && (Has(text, "<!doctype html") || Has(text, "<html")))
            return ("HTML text", Address);
        if (text.StartsWith('<') && Has(text, "<svg"))
            return ("SVG, a drawing in text", "save it as PNG");
        if (text.StartsWith("<?xml", StringComparison.Ordinal) || text.StartsWith("<Error>", StringComparison.Ordinal))
            return ("XML text", Address);
        if (text.StartsWith('{') && text.Contains('"', StringComparison.Ordinal))
            return ("JSON text", Address);
        if (text.StartsWith("data:image/", StringComparison.OrdinalIgnoreCase))
            return ("a data URI in text", "decode what follows the comma from base64");
        if (text.StartsWith("/9j/", StringComparison.Ordinal) || text.StartsWith("iVBORw0KGgo", StringComparison.Ordinal))
            return ("base64 text", "decode it");
        return text.StartsWith("/* XPM */", StringComparison.Ordinal) ? ("XPM, a picture in text", "save it as PNG") : null;
    }

    private static bool Has(string text, string tag) => text.Contains(tag, StringComparison.OrdinalIgnoreCase);

    /// <summary>The beginning as text without what stands before its first word; null when there are bytes that no text has.</summary>
    private static string? Read(ReadOnlySpan<byte> bytes)
    {
        var wide = bytes.StartsWith<byte>([0xff, 0xfe]) ? Encoding.Unicode
            : bytes.StartsWith<byte>([0xfe, 0xff]) ? Encoding.BigEndianUnicode
            : null;
        var text = (wide ?? Encoding.UTF8).GetString(bytes).TrimStart('\ufeff');
        if (wide is not null && text.Contains('\ufffd', StringComparison.Ordinal))
            return null;
        return text.Any(c => c < ' ' && c is not ('\t' or '\r' or '\n' or '\f')) ? null : text.TrimStart();
    }

    private static string Excerpt(string text)
    {
        var start = text[..Math.Min(text.Length, Shown)].ReplaceLineEndings(" ").Trim();
        return string.Concat(start.Select(c => char.IsControl(c) ? ' ' : c));
    }
}
