using System.Security.Cryptography;

namespace Winnow.Inference.Backbones;

/// <summary>SHA-256 of files, in lower-case hex.</summary>
internal static class FileHash
{
    public static string Of(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    /// <summary>The hash in lower case.</summary>
    /// <exception cref="ArgumentException">It is no SHA-256 in hex.</exception>
    public static string Normal(string sha256)
    {
        var hash = sha256?.Trim().ToLowerInvariant() ?? "";
        return hash.Length == 64 && hash.All(char.IsAsciiHexDigit)
            ? hash
            : throw new ArgumentException($"\"{sha256}\" is no SHA-256: 64 hex digits are needed, as sha256sum prints them.",
            nameof(sha256));
    }
}
