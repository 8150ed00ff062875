using System.Security.Cryptography;
using Microsoft.AspNetCore.StaticFiles;

namespace Winnow.Web.Studio;

/// <summary>
/// One file of the studio, with its packed forms. Its mark is of its content, so that a browser which has it is told so in one line.
/// </summary>
/// <param name="Path">Where the plain form lies.</param>
/// <param name="MediaType">What it is.</param>
/// <param name="Mark">Its entity tag, in quotes.</param>
/// <param name="IsNamedByContent">Whether its name changes with its content: a browser need never ask for it again.</param>
/// <param name="Packed">The packed forms that there are, the smallest first: coding and path.</param>
internal sealed record StudioFile(
    string Path, string MediaType, string Mark, bool IsNamedByContent, IReadOnlyList<(string Coding, string Path)> Packed)
{
    private static readonly (string Coding, string Ending)[] Codings = [("br", ".br"), ("gzip", ".gz")];
    private static readonly FileExtensionContentTypeProvider Types = new() { Mappings = { [".wasm"] = "application/wasm" } };

    /// <summary>All files below a folder, by their path in addresses; empty where there is no such folder.</summary>
    public static Dictionary<string, StudioFile> ReadAll(string folder)
    {
        if (!Directory.Exists(folder)) return [];
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToHashSet(StringComparer.Ordinal);
        return files.Where(f => !Codings.Any(c => f.EndsWith(c.Ending, StringComparison.Ordinal)))
            .ToDictionary(
                f => "/" + System.IO.Path.GetRelativePath(folder, f).Replace('\\', '/'), f => Read(f, files), StringComparer.Ordinal);
    }

    private static StudioFile Read(string path, HashSet<string> files)
    {
        using var content = File.OpenRead(path);
        return new StudioFile(
            path,
            Types.TryGetContentType(path, out var type) ? type : "application/octet-stream",
            $"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 12))}\"",
            IsNamed(System.IO.Path.GetFileName(path)),
            [.. Codings.Select(c => (c.Coding, path + c.Ending)).Where(p => files.Contains(p.Item2))]);
    }

    /// <summary>Its name without the part that changes with its content: as pages are written.</summary>
    public string PlainName => IsNamedByContent && System.IO.Path.GetFileName(Path).Split('.') is [.. var before, _, var ending]
        ? string.Join('.', [.. before, ending])
        : System.IO.Path.GetFileName(Path);

    /// <summary>The build writes ten characters of a content's hash before a name's last ending: <c>studio.k3x0a9b1zq.css</c>.</summary>
    private static bool IsNamed(string name) =>
        name.Split('.') is [_, .., { Length: 10 } hash, _] && hash.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c))
        && hash.Any(char.IsAsciiDigit);
}
