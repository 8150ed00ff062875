using System.Text;
using System.Text.Json;

namespace Winnow.Adapters.Tests.Datasets.Backup.Hostile;

/// <summary>A place in a JSON text: one value, and the member that it belongs to.</summary>
/// <param name="Path">Where, with the numbers of places in lists left out: <c>rounds[].command.arm</c>.</param>
/// <param name="Start">First byte of the value.</param>
/// <param name="End">The byte after its last.</param>
/// <param name="MemberStart">First byte of the member with its name; that of the value where it is none.</param>
/// <param name="Kind">What stands there.</param>
internal readonly record struct JsonSite(string Path, int Start, int End, int MemberStart, JsonTokenType Kind)
{
    /// <summary>Whether it has a name.</summary>
    public bool IsMember => MemberStart < Start;
}

/// <summary>
/// Finds every value of a JSON text, so that a test which changes each of them covers members that nobody has thought of.
/// </summary>
internal static class JsonSites
{
    public static List<JsonSite> Of(ReadOnlySpan<byte> json)
    {
        var sites = new List<JsonSite>();
        var reader = new Utf8JsonReader(json);
        // Of each object and list that is open: its path, where it began, and where its member did.
        var open = new Stack<(string Path, int Start, int MemberStart, bool IsList)>();
        var (name, nameStart) = ("", -1);
        while (reader.Read())
        {
            var start = (int)reader.TokenStartIndex;
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    (name, nameStart) = (reader.GetString()!, start);
                    continue;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    open.Push((PathOf(open, name), start, nameStart < 0 ? start : nameStart, reader.TokenType == JsonTokenType.StartArray));
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    var (path, from, member, isList) = open.Pop();
                    sites.Add(new JsonSite(path, from, (int)reader.BytesConsumed, member, isList ? JsonTokenType.StartArray
                        : JsonTokenType.StartObject));
                    break;
                default:
                    sites.Add(new JsonSite(PathOf(open, name), start, (int)reader.BytesConsumed, nameStart < 0 ? start : nameStart,
                        reader.TokenType));
                    break;
            }
            (name, nameStart) = ("", -1);
        }
        return sites;
    }

    private static string PathOf(Stack<(string Path, int Start, int MemberStart, bool IsList)> open, string name)
    {
        if (open.Count == 0) return "";
        var (path, _, _, isList) = open.Peek();
        return isList ? $"{path}[]" : path.Length == 0 ? name : $"{path}.{name}";
    }

    /// <summary>The text with something else from one byte to another.</summary>
    public static byte[] Splice(byte[] json, int start, int end, ReadOnlySpan<byte> with) =>
        [.. json.AsSpan(0, start), .. with, .. json.AsSpan(end)];

    /// <summary>The text with something else from one byte to another.</summary>
    public static byte[] Splice(byte[] json, int start, int end, string with) => Splice(json, start, end, Encoding.UTF8.GetBytes(with));
}
