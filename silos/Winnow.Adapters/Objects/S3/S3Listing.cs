using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;

namespace Winnow.Adapters.Objects.S3;

/// <summary>One object in a listing.</summary>
internal readonly record struct S3Entry(string Key, string ETag, long Size);

/// <summary>A page of a listing; <paramref name="More"/> tells whether keys follow.</summary>
internal sealed record S3Page(IReadOnlyList<S3Entry> Entries, bool More);

/// <summary>
/// Listings a page at a time in the order of keys, from after a key on: where one stopped is a key and not a token of the server's, so
/// that it can be kept for days.
/// </summary>
internal static partial class S3Listing
{
    /// <summary>Most keys that a server gives at once.</summary>
    public const int PageSize = 1_000;

    public static Task<S3Page> ListPageAsync(this S3Connection connection, string bucket, string prefix, string? after,
        CancellationToken cancellationToken, int size = PageSize)
    {
        var query = new List<(string, string)>
        {
            // Keys may hold characters that XML does not allow.
            ("encoding-type", "url"), ("list-type", "2"), ("max-keys", size.ToString(CultureInfo.InvariantCulture)), ("prefix", prefix),
        };
        if (after is not null) query.Add(("start-after", after));
        return connection.SendAsync(new S3Request(HttpMethod.Get, bucket) { Query = query }, async (response, token) =>
        {
            var text = await response.Content.ReadAsStringAsync(token).ConfigureAwait(false);
            return Parse(text, after);
        }, cancellationToken);
    }

    internal static S3Page Parse(string xml, string? after)
    {
        var root = ReadRoot(xml);
        var ns = root.Name.Namespace;
        if (root.Name.LocalName != "ListBucketResult")
            throw new IOException($"A listing was expected and '{root.Name.LocalName}' came. Is this an S3 server?");
        var encoded = root.Element(ns + "EncodingType")?.Value == "url";
        var entries = new List<S3Entry>();
        foreach (var item in root.Elements(ns + "Contents"))
        {
            if (item.Element(ns + "Key")?.Value is not { Length: > 0 } key) continue;
            // '+' stands for a blank here, as in a form.
            if (encoded) key = Uri.UnescapeDataString(key.Replace('+', ' '));
            entries.Add(new S3Entry(key, S3Answers.Plain(item.Element(ns + "ETag")?.Value), SizeOf(item.Element(ns + "Size")?.Value)));
        }
        var more = root.Element(ns + "IsTruncated")?.Value == "true";
        // A server that does not know how to begin after a key would give the same page for ever: its last key is the one to begin after.
        if (after is not null && entries.Exists(e => e.Key == after))
            throw new IOException("The server does not begin a listing after a key (start-after), which Winnow needs.");
        return new S3Page(entries, more && entries.Count > 0);
    }

    [GeneratedRegex("[\\0-\\x08\\x0B\\x0C\\x0E-\\x1F\\uFFFE\\uFFFF]", RegexOptions.CultureInvariant)]
    private static partial Regex Forbidden();

    private static long SizeOf(string? text) => long.TryParse(text, CultureInfo.InvariantCulture, out var size) && size >= 0 ? size : 0;

    /// <summary>
    /// Servers that do not encode keys write whatever they hold, also what XML does not allow: one such key must not hide all others.
    /// </summary>
    /// <exception cref="IOException">It is no XML.</exception>
    private static XElement ReadRoot(string xml)
    {
        try
        {
            // The reader lets such characters pass as references, and not as they are.
            var readable = Forbidden().Replace(xml, c => string.Create(CultureInfo.InvariantCulture, $"&#x{(int)c.Value[0]:X};"));
            var settings = new XmlReaderSettings { CheckCharacters = false, DtdProcessing = DtdProcessing.Prohibit };
            using var reader = XmlReader.Create(new StringReader(readable), settings);
            // A key may be a blank.
            return XDocument.Load(reader, LoadOptions.PreserveWhitespace).Root!;
        }
        catch (XmlException e)
        {
            throw new IOException($"The listing cannot be read: {e.Message} Is this an S3 server?", e);
        }
    }
}
