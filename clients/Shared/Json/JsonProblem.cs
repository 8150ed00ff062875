using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Winnow.Model.Names;

namespace Winnow.Json;

/// <summary>
/// Says where a JSON text is wrong and what should stand there. What the serializer says itself names types of this program, which no
/// caller knows.
/// </summary>
internal static class JsonProblem
{
    private const int MaxShown = 100;

    /// <summary>The sentence.</summary>
    /// <param name="what">What was read, such as <c>body</c>.</param>
    /// <param name="problem">Why it could not be.</param>
    /// <param name="root">What it should have held.</param>
    /// <param name="before">Lines before the text, where it is one of a file.</param>
    public static string Describe(string what, JsonException problem, JsonTypeInfo root, long before = 0)
    {
        var path = problem.Path is { Length: > 0 } told ? told : "$";
        // The reader's own exception lies beneath the serializer's: then the text is no JSON, whatever was expected of it.
        if (problem.InnerException is JsonException broken)
        {
            var place = string.Create(CultureInfo.InvariantCulture,
                $"line {problem.LineNumber + 1 + before}, byte {problem.BytePositionInLine + 1}");
            return $"The {what} is no JSON at {Short(path)}, {place}: {Reason(broken.Message)}";
        }
        var (type, unknown) = Find(root, path);
        if (unknown is not null)
        {
            var meant = NearestName.Suggest(unknown, [.. Properties(type).Select(p => p.Name).Distinct()]);
            return Wrong(what, path, $"nothing is known by the name '{Short(unknown)}'. {meant}");
        }
        var lost = problem.Message.Contains("missing required", StringComparison.Ordinal);
        if (lost && JsonShape.Required(KindOf(type, problem)).ToList() is { Count: > 0 } required)
            return Wrong(what, path, $"it must have {string.Join(", ", required)}.");
        if (problem.Message.StartsWith("Duplicate", StringComparison.Ordinal)) return Wrong(what, path, "it stands there twice.");
        return Wrong(what, path, $"it must be {JsonShape.Of(type)}.");
    }

    /// <summary>The sentence for a place that was found otherwise.</summary>
    public static string Wrong(string what, string path, string why) => $"The {what} is wrong at {Short(path)}: {why}";

    private static string Short(string text) => text.Length <= MaxShown ? text : string.Concat(text.AsSpan(0, MaxShown), "…");

    private static string Reason(string message)
    {
        var end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }

    /// <summary>The type at a path, and the last name of it where that type has no such member.</summary>
    private static (JsonTypeInfo Type, string? Unknown) Find(JsonTypeInfo type, string path)
    {
        foreach (var (name, isIndex) in Segments(path))
        {
            if (Nullable.GetUnderlyingType(type.Type) is { } inner) type = type.Options.GetTypeInfo(inner);
            if (isIndex || type.Kind == JsonTypeInfoKind.Dictionary)
            {
                if (type.ElementType is null) return (type, null);
                type = type.Options.GetTypeInfo(type.ElementType);
                continue;
            }
            var property = Properties(type).FirstOrDefault(p => string.Equals(p.Name, name, StringComparison.Ordinal));
            if (property is null)
            {
                var isMember = type.Kind == JsonTypeInfoKind.Object && name != type.PolymorphismOptions?.TypeDiscriminatorPropertyName;
                return (type, isMember ? name : null);
            }
            type = type.Options.GetTypeInfo(property.PropertyType);
        }
        return (type, null);
    }

    /// <summary>Of kinds that may stand for a type the one that was read: only the serializer's own words say which.</summary>
    private static JsonTypeInfo KindOf(JsonTypeInfo type, JsonException problem) =>
        type.PolymorphismOptions?.DerivedTypes.FirstOrDefault(
            k => problem.Message.Contains($"'{k.DerivedType}'", StringComparison.Ordinal)) is { DerivedType: { } read }
            ? type.Options.GetTypeInfo(read) : type;

    /// <summary>Members of a type, and of every kind that may stand for it.</summary>
    private static IEnumerable<JsonPropertyInfo> Properties(JsonTypeInfo type) =>
        type.PolymorphismOptions is { } kinds
            ? type.Properties.Concat(kinds.DerivedTypes.SelectMany(k => type.Options.GetTypeInfo(k.DerivedType).Properties))
            : type.Properties;

    /// <summary>The names and places of a path as the serializer writes it: <c>$.a[0]['b.c']</c>.</summary>
    private static IEnumerable<(string Name, bool IsIndex)> Segments(string path)
    {
        for (var at = 1; at < path.Length;)
        {
            var name = new StringBuilder();
            if (path[at] == '.')
            {
                for (at++; at < path.Length && path[at] is not ('.' or '['); at++) name.Append(path[at]);
                yield return (name.ToString(), false);
                continue;
            }
            var quoted = path.AsSpan(at).StartsWith("['", StringComparison.Ordinal);
            var from = at + (quoted ? 2 : 1);
            var end = from > path.Length ? -1 : path.IndexOf(quoted ? "']" : "]", from, StringComparison.Ordinal);
            if (end < 0) yield break;
            yield return (path[from..end], !quoted);
            at = end + (quoted ? 2 : 1);
        }
    }
}
