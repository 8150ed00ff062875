using System.Buffers;

namespace Winnow.Adapters.Objects;

/// <summary>
/// Which keys an object store takes. The rules are those of the strictest store, so that a dataset can move between stores.
/// </summary>
internal static class ObjectKeyRules
{
    /// <summary>S3 takes 1,024 bytes.</summary>
    public const int MaxLength = 1_024;

    /// <summary>File systems take 255 bytes a name.</summary>
    public const int MaxSegment = 255;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

    /// <summary>Checks a key.</summary>
    /// <exception cref="ArgumentException">The key is not one; the message says why.</exception>
    public static void Check(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Length is 0 or > MaxLength) throw Refused(key, "it must have 1 to 1024 characters");
        foreach (var range in key.AsSpan().Split('/'))
        {
            var segment = key.AsSpan(range);
            if (segment.IsEmpty) throw Refused(key, "it has an empty segment");
            if (segment.Length > MaxSegment) throw Refused(key, "a segment has more than 255 characters");
            if (segment.ContainsAnyExcept(Allowed)) throw Refused(key, "a segment may hold letters, digits, '-', '_' and '.' only");
            // Also keeps '.' and '..' out, and the store's own folder.
            if (segment[0] == '.') throw Refused(key, "a segment may not begin with '.'");
        }
    }

    /// <summary>Checks a prefix for a listing.</summary>
    /// <exception cref="ArgumentException">The prefix is not one; the message says why.</exception>
    public static void CheckPrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (!prefix.EndsWith('/')) throw Refused(prefix, "a prefix ends with '/'");
        Check(prefix[..^1]);
    }

    private static ArgumentException Refused(string key, string why) => new($"'{key}' is no object key: {why}.", nameof(key));
}
