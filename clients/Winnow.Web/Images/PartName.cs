using System.Text;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Winnow.Web.Images;

/// <summary>
/// What a part of a form is called, as browsers, curl and scripts write it: <c>filename*</c>, a quoted name in which <c>\"</c> and
/// <c>\\</c> stand for one character, or a bare one in any script. A name is for display, so no spelling of it costs a lot.
/// </summary>
/// <param name="Name">Name of the field.</param>
/// <param name="FileName">Name of the file; null where the part is none.</param>
internal readonly record struct PartName(string Name, string? FileName)
{
    /// <summary>
    /// Whether bytes of the name were lost: whatever is not UTF-8 has become U+FFFD by now, in the header's text or in what is encoded
    /// there.
    /// </summary>
    public bool IsDamaged => FileName?.Contains('\uFFFD', StringComparison.Ordinal) == true;

    /// <summary>Reads a part's Content-Disposition; null when it is none of a form's.</summary>
    public static PartName? Read(string? header)
    {
        if (string.IsNullOrEmpty(header)) return null;
        if (ContentDispositionHeaderValue.TryParse(header, out var read))
        {
            var file = read.FileNameStar.HasValue ? read.FileNameStar.Value : Plain(RawOf(read)) ?? read.FileName.Value;
            return new PartName(read.Name.Value ?? "", file);
        }
        var members = Split(header);
        if (!members[0].Trim().Equals("form-data", StringComparison.OrdinalIgnoreCase)) return null;
        return new PartName(ValueOf(members, "name") ?? "", ValueOf(members, "filename"));
    }

    /// <summary>As it was written: the library takes the quotation marks off and leaves what they hid. Encoded words it knows.</summary>
    private static StringSegment RawOf(ContentDispositionHeaderValue read)
    {
        var written = read.Parameters.FirstOrDefault(p => p.Name.Equals("filename", StringComparison.OrdinalIgnoreCase))?.Value ?? default;
        return written.StartsWith("\"=?", StringComparison.Ordinal) ? default : written;
    }

    private static string? ValueOf(List<string> members, string name)
    {
        foreach (var member in members.Skip(1))
        {
            var at = member.IndexOf('=', StringComparison.Ordinal);
            if (at > 0 && member[..at].Trim().Equals(name, StringComparison.OrdinalIgnoreCase)) return Plain(member[(at + 1)..].Trim());
        }
        return null;
    }

    /// <summary>At semicolons, but for those in quotation marks.</summary>
    private static List<string> Split(string header)
    {
        var members = new List<string>();
        var (from, quoted) = (0, false);
        for (var i = 0; i < header.Length; i++)
        {
            if (quoted && header[i] == '\\') i++;
            else if (header[i] == '"') quoted = !quoted;
            else if (header[i] == ';' && !quoted)
            {
                members.Add(header[from..i]);
                from = i + 1;
            }
        }
        members.Add(header[from..]);
        return members;
    }

    /// <summary>Other backslashes stay: they are steps of a path on Windows.</summary>
    private static string? Plain(StringSegment value)
    {
        if (!value.HasValue) return null;
        var text = value.Value;
        if (text.Length < 2 || text[0] != '"' || text[^1] != '"') return text;
        var plain = new StringBuilder(text.Length);
        for (var i = 1; i < text.Length - 1; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length - 1 && text[i + 1] is '"' or '\\') i++;
            plain.Append(text[i]);
        }
        return plain.ToString();
    }
}
