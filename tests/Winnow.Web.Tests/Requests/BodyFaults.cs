using System.Text;
using System.Text.Json.Nodes;

namespace Winnow.Web.Tests.Requests;

/// <summary>A body with one thing wrong.</summary>
/// <param name="Name">What is wrong.</param>
/// <param name="Bytes">The body.</param>
/// <param name="Says">What the refusal must say, any of these; null where the body may be taken after all.</param>
internal sealed record FaultyBody(string Name, byte[] Bytes, string[]? Says);

/// <summary>Spoils bodies of sound form, one thing each.</summary>
internal sealed class BodyFaults(Random random)
{
    private static readonly string[] Odd = ["", " ", "\0", "..", "../x", "a\u202eb", "=1+1", "\n", "💥", new string('x', 100_000)];

    public FaultyBody Spoil(JsonNode body, List<BodyPlace> places)
    {
        if (random.Next(4) == 0) return SpoilText(body.ToJsonString());
        var place = places[random.Next(places.Count)];
        return random.Next(4) switch
        {
            0 => Replace(body, place, "null", null, place.IsNullable ? null : [place.Path, Parent(place)]),
            1 when place.IsObject => Add(body, place),
            1 when place.IsList => AddNull(body, place),
            2 when place.IsObject => Lose(body, place),
            2 when place.IsNumber => Replace(body, place, "too large", JsonNode.Parse("1e400"), [place.Path]),
            2 when IsText(place) && !place.IsKind => Replace(body, place, "odd text", JsonValue.Create(Odd[random.Next(Odd.Length)]), null),
            _ => Replace(body, place, "another kind", Another(place), place.IsKind ? [place.Path, Parent(place)] : [place.Path]),
        };
    }

    private FaultyBody SpoilText(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return random.Next(8) switch
        {
            0 => new("nothing", [], ["$"]),
            1 => new("null", "null"u8.ToArray(), ["$"]),
            2 => new("cut off", bytes[..random.Next(1, bytes.Length)], ["no JSON at $"]),
            3 => new("more behind it", [.. bytes, (byte)'x'], ["no JSON at $"]),
            4 => new("not UTF-8", Insert(bytes, 0xff), ["$"]),
            5 => new("too deep", Encoding.ASCII.GetBytes(new string('[', 5_000)), ["$"]),
            6 => new("half a character", Encoding.ASCII.GetBytes("""{"name":"\ud800"}"""), ["$"]),
            _ => Flip(bytes),
        };
    }

    private FaultyBody Flip(byte[] bytes)
    {
        var changed = bytes.ToArray();
        changed[random.Next(changed.Length)] = (byte)random.Next(256);
        return new("a byte changed", changed, null);
    }

    /// <summary>Where a text stands, so that it is not plain rubbish between values.</summary>
    private static byte[] Insert(byte[] bytes, byte value)
    {
        var at = Array.LastIndexOf(bytes, (byte)'"');
        return at < 0 ? [.. bytes, value] : [.. bytes[..at], value, .. bytes[at..]];
    }

    private static FaultyBody Replace(JsonNode body, BodyPlace place, string name, JsonNode? by, string[]? says)
    {
        if (place.Path == "$") return new($"{name} at $", Bytes(by), says);
        var parent = place.Value.Parent!;
        if (parent is JsonArray list) list[place.Value.GetElementIndex()] = by;
        else ((JsonObject)parent)[place.Value.GetPropertyName()] = by;
        return new($"{name} at {place.Path}", Bytes(body), says);
    }

    private static FaultyBody Add(JsonNode body, BodyPlace place)
    {
        ((JsonObject)place.Value)["colour"] = 1;
        return new($"a member that is not known at {place.Path}", Bytes(body), place.IsMap ? null : ["'colour'"]);
    }

    private static FaultyBody AddNull(JsonNode body, BodyPlace place)
    {
        var list = (JsonArray)place.Value;
        list.Add(null);
        return new($"a null among the elements of {place.Path}", Bytes(body), [$"{place.Path}[{list.Count - 1}]"]);
    }

    private FaultyBody Lose(JsonNode body, BodyPlace place)
    {
        var members = (JsonObject)place.Value;
        if (members.Count == 0) return new("nothing", Bytes(body), null);
        var lost = members.ElementAt(random.Next(members.Count)).Key;
        members.Remove(lost);
        var isRequired = place.Schema.TryGetProperty("required", out var names) && names.EnumerateArray().Any(n => n.GetString() == lost);
        return new($"{lost} missing at {place.Path}", Bytes(body), isRequired || lost == "type" ? [place.Path] : null);
    }

    private JsonNode Another(BodyPlace place) => place switch
    {
        { IsObject: true } => random.Next(2) == 0 ? JsonValue.Create(7) : new JsonArray(),
        { IsList: true } => random.Next(2) == 0 ? JsonValue.Create("x") : new JsonObject(),
        _ => random.Next(2) == 0 ? new JsonObject() : new JsonArray(),
    };

    private static bool IsText(BodyPlace place) => place.Value.GetValueKind() == System.Text.Json.JsonValueKind.String;

    private static string Parent(BodyPlace place) => place.Path == "$" ? "$" : place.Path[..place.Path.LastIndexOfAny(['.', '['])];

    private static byte[] Bytes(JsonNode? node) => Encoding.UTF8.GetBytes(node?.ToJsonString() ?? "null");
}
