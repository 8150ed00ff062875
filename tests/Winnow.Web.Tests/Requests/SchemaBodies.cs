using System.Text.Json;
using System.Text.Json.Nodes;

namespace Winnow.Web.Tests.Requests;

/// <summary>One value of a body, with what the document says of it.</summary>
/// <param name="Path">Where it stands, as the server writes places: <c>$.schema.classes[0]</c>.</param>
/// <param name="Schema">Its schema, references followed.</param>
/// <param name="Value">The value.</param>
internal sealed record BodyPlace(string Path, JsonElement Schema, JsonNode Value)
{
    /// <summary>Whether it may be null.</summary>
    public bool IsNullable { get; init; }

    /// <summary>Whether it tells which kind of object it stands in: of a wrong one the whole object is named.</summary>
    public bool IsKind { get; init; }

    public bool IsObject => Value is JsonObject;

    /// <summary>Whether its members are whatever somebody chose.</summary>
    public bool IsMap => Schema.TryGetProperty("additionalProperties", out _) && !Schema.TryGetProperty("properties", out _);

    public bool IsList => Value is JsonArray;

    public bool IsNumber => Value.GetValueKind() == JsonValueKind.Number;
}

/// <summary>
/// Makes bodies of the form that an OpenAPI document states, and tells all their places. What they say need not make sense: their form is
/// what is tried.
/// </summary>
internal sealed class SchemaBodies(JsonElement document, Random random, string image)
{
    /// <summary>A body of sound form, with all its places, itself first.</summary>
    public (JsonNode Body, List<BodyPlace> Places) Make(JsonElement schema)
    {
        var places = new List<BodyPlace>();
        return (Make(schema, "$", places, isNullable: false), places);
    }

    private JsonNode Make(JsonElement schema, string path, List<BodyPlace> places, bool isNullable)
    {
        var named = schema.TryGetProperty("$ref", out var reference) ? reference.GetString()!.Split('/')[^1] : "";
        if (named.Length > 0) schema = document.GetProperty("components").GetProperty("schemas").GetProperty(named);
        if (schema.TryGetProperty("oneOf", out var one))
        {
            // That it may be null is one of the two.
            var other = one.EnumerateArray().Single(s => !IsNull(s));
            return Make(other, path, places, isNullable: true);
        }
        if (schema.TryGetProperty("anyOf", out var any)) return Make(any[random.Next(any.GetArrayLength())], path, places, isNullable);
        isNullable |= TypesOf(schema).Contains("null");
        var at = places.Count;
        var value = Value(schema, named, path, places);
        places.Insert(at, new BodyPlace(path, schema, value)
        {
            IsNullable = isNullable,
            IsKind = SaysKind(path[(path.LastIndexOf('.') + 1)..]),
        });
        return value;
    }

    private JsonNode Value(JsonElement schema, string named, string path, List<BodyPlace> places)
    {
        if (named == "Principal") return JsonValue.Create("service:fuzz");
        if (schema.TryGetProperty("enum", out var words))
        {
            // That it may be null is one of the words.
            string[] all = [.. words.EnumerateArray().Select(w => w.GetString()).OfType<string>()];
            return JsonValue.Create(all[random.Next(all.Length)]);
        }
        if (schema.TryGetProperty("properties", out var members)) return Object(schema, members, path, places);
        if (schema.TryGetProperty("additionalProperties", out _)) return new JsonObject { ["a"] = JsonValue.Create(1) };
        var types = TypesOf(schema);
        if (types.Contains("array")) return List(schema, path, places);
        if (types.Contains("integer") || types.Contains("number")) return JsonValue.Create(1);
        if (types.Contains("boolean")) return JsonValue.Create(random.Next(2) == 0);
        return JsonValue.Create(schema.TryGetProperty("format", out var format) ? format.GetString() switch
        {
            "uuid" => new Guid(random.Next(), 0, 0, new byte[8]).ToString(),
            "date-time" => "2999-01-01T00:00:00Z",
            _ => "a",
        }
        : !schema.TryGetProperty("pattern", out var form) ? "a"
        : form.GetString()!.StartsWith("^img-", StringComparison.Ordinal) ? image : "00:05:00");
    }

    private JsonObject Object(JsonElement schema, JsonElement members, string path, List<BodyPlace> places)
    {
        var required = schema.TryGetProperty("required", out var names)
            ? names.EnumerateArray().Select(n => n.GetString()!).ToHashSet() : [];
        var made = new JsonObject();
        foreach (var member in members.EnumerateObject())
            if (required.Contains(member.Name) || SaysKind(member.Name) || random.Next(4) > 0)
                made[member.Name] = Make(member.Value, $"{path}.{member.Name}", places, isNullable: false);
        return made;
    }

    private JsonArray List(JsonElement schema, string path, List<BodyPlace> places)
    {
        // Lists of ids have no schema for their elements in the document.
        if (!schema.TryGetProperty("items", out var items)) return new JsonArray(JsonValue.Create(image));
        var made = new JsonArray();
        for (var i = 0; i < random.Next(1, 3); i++) made.Add(Make(items, $"{path}[{i}]", places, isNullable: false));
        return made;
    }

    /// <summary>Whether a member says which of several kinds an object is; of a sound form it is never left out.</summary>
    private static bool SaysKind(string member) => member is "type" or "change";

    private static bool IsNull(JsonElement schema) => TypesOf(schema) is ["null"];

    private static string[] TypesOf(JsonElement schema)
    {
        if (!schema.TryGetProperty("type", out var type)) return [];
        return type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray().Select(t => t.GetString()!)] : [type.GetString()!];
    }
}
