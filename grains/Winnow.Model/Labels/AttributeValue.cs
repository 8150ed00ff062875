using System.Text.Json;
using System.Text.Json.Serialization;

namespace Winnow.Model.Labels;

/// <summary>
/// The value of an attribute: a text, a number, yes or no, or several texts. It is exactly one of the four, and in JSON a string, a number,
/// a boolean or an array of strings.
/// </summary>
[JsonConverter(typeof(AttributeValueConverter))]
public sealed record AttributeValue
{
    private AttributeValue()
    {
    }

    /// <summary>A text, or the option that was chosen.</summary>
    public string? Text { get; private init; }

    /// <summary>A finite number.</summary>
    public double? Number { get; private init; }

    /// <summary>Yes or no.</summary>
    public bool? Flag { get; private init; }

    /// <summary>The options that were chosen, each once.</summary>
    public IReadOnlyList<string>? Several { get; private init; }

    /// <summary>A text, or the option that was chosen.</summary>
    public static AttributeValue Of(string text) => new() { Text = text };

    /// <summary>A number.</summary>
    public static AttributeValue Of(double number) => new() { Number = number };

    /// <summary>Yes or no.</summary>
    public static AttributeValue Of(bool flag) => new() { Flag = flag };

    /// <summary>The options that were chosen.</summary>
    public static AttributeValue Of(IReadOnlyList<string> several) => new() { Several = several };

    /// <inheritdoc/>
    public bool Equals(AttributeValue? other) =>
        other is not null && Text == other.Text && Number.Equals(other.Number) && Flag == other.Flag
        && (Several is null ? other.Several is null : other.Several is not null && Several.SequenceEqual(other.Several));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Text, Number, Flag, Several?.Count);
}

/// <summary>Reads and writes attribute values as plain JSON.</summary>
internal sealed class AttributeValueConverter : JsonConverter<AttributeValue>
{
    public override AttributeValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                return AttributeValue.Of(reader.GetString()!);
            case JsonTokenType.Number:
                return reader.TryGetDouble(out var number) && double.IsFinite(number) && IsKept(ref reader, number)
                    ? AttributeValue.Of(number) : throw new JsonException("The number is too large to be kept exactly.");
            case JsonTokenType.True or JsonTokenType.False:
                return AttributeValue.Of(reader.GetBoolean());
            case JsonTokenType.StartArray:
                List<string> several = [];
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    several.Add(reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw NotOne());
                return AttributeValue.Of(several);
            default:
                throw NotOne();
        }
    }

    /// <summary>
    /// Whole numbers from 2 to the 53rd on have neighbours that are the same number to a computer: identifiers belong into a text.
    /// </summary>
    private static bool IsKept(ref Utf8JsonReader reader, double number) =>
        Math.Abs(number) < FirstInexact || reader.HasValueSequence || reader.ValueSpan.IndexOfAny(".eE"u8) >= 0;

    private const double FirstInexact = 9_007_199_254_740_992;

    private static JsonException NotOne() =>
        new("The value of an attribute must be a string, a number, true or false, or an array of strings.");

    public override void Write(Utf8JsonWriter writer, AttributeValue value, JsonSerializerOptions options)
    {
        if (value.Text is { } text) writer.WriteStringValue(text);
        else if (value.Number is { } number) writer.WriteNumberValue(number);
        else if (value.Flag is { } flag) writer.WriteBooleanValue(flag);
        else
        {
            writer.WriteStartArray();
            foreach (var one in value.Several!) writer.WriteStringValue(one);
            writer.WriteEndArray();
        }
    }
}
