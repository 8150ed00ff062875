using System.Text.Json;
using System.Text.Json.Serialization;

namespace Winnow.Grains.Acts;

/// <summary>What a record says, as it is read.</summary>
internal sealed record ActBody(DateTimeOffset At, string What, string Outcome)
{
    public string? Dataset { get; init; }

    public string? Of { get; init; }

    public string? Purpose { get; init; }

    public byte[]? Actor { get; init; }

    public byte[]? Image { get; init; }

    public byte[]? About { get; init; }

    public byte[]? Content { get; init; }
}

/// <summary>Words of records, as the vocabulary writes them; one that a later release knows is read as nothing in particular.</summary>
internal static class Words<T> where T : struct, Enum
{
    private static readonly Dictionary<T, JsonEncodedText> Written = Enum.GetValues<T>().ToDictionary(
        v => v, v => JsonEncodedText.Encode(JsonNamingPolicy.KebabCaseLower.ConvertName(v.ToString())));

    private static readonly Dictionary<string, T> Known = Written.ToDictionary(w => w.Value.Value, w => w.Key, StringComparer.Ordinal);

    public static JsonEncodedText Of(T value) => Written[value];

    public static T Read(string? word) => word is not null && Known.TryGetValue(word, out var value) ? value : default;
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ActBody))]
internal sealed partial class ActJson : JsonSerializerContext;
