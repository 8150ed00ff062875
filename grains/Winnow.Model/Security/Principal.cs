using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Winnow.Model.Security;

/// <summary>Whether a person or a program acts.</summary>
[JsonConverter(typeof(KebabEnumConverter<PrincipalKind>))]
public enum PrincipalKind : byte
{
    /// <summary>A person, known to the identity provider; access begins after vetting.</summary>
    Person = 0,
    /// <summary>A program.</summary>
    Service = 1,
}

/// <summary>
/// Who acts, written <c>person:NAME</c> or <c>service:NAME</c>. The kind belongs to the name, so that no identity provider can hand out the
/// name of a service.
/// </summary>
/// <param name="Kind">Person or program.</param>
/// <param name="Name">1 to 100 visible ASCII characters without a space: the subject of a person's token, or a service's name.</param>
[JsonConverter(typeof(PrincipalConverter))]
public sealed record Principal(PrincipalKind Kind, string Name)
{
    /// <summary>What a principal looks like, as a sentence.</summary>
    public const string Rule =
        "A principal is written person:NAME or service:NAME, with a name of 1 to 100 visible ASCII characters without spaces.";

    private const string Person = "person:";
    private const string Service = "service:";

    /// <summary>Whoever holds the key of the server's configuration: the owner of the cluster.</summary>
    public static Principal Operator { get; } = new(PrincipalKind.Service, "operator");

    /// <summary>Reads a principal.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Principal? principal)
    {
        principal = text switch
        {
            not null when text.StartsWith(Person, StringComparison.Ordinal) => new Principal(PrincipalKind.Person, text[Person.Length..]),
            not null when text.StartsWith(Service, StringComparison.Ordinal) =>
                new Principal(PrincipalKind.Service, text[Service.Length..]),
            _ => null,
        };
        if (principal is { IsValid: false }) principal = null;
        return principal is not null;
    }

    /// <summary>Reads a principal.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static Principal Parse(string text) =>
        TryParse(text, out var principal) ? principal : throw new FormatException($"'{text}' is not a principal. {Rule}");

    /// <summary>Whether the name keeps to <see cref="Rule"/>.</summary>
    [JsonIgnore]
    public bool IsValid => Name is { Length: >= 1 and <= 100 } && Name.All(c => c is > ' ' and <= '~');

    /// <inheritdoc/>
    public override string ToString() => (Kind == PrincipalKind.Person ? Person : Service) + Name;
}

/// <summary>Writes a principal as its text.</summary>
public sealed class PrincipalConverter : JsonConverter<Principal>
{
    /// <inheritdoc/>
    public override Principal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Principal.TryParse(reader.GetString(), out var principal)
        ? principal : throw new JsonException($"Not a principal. {Principal.Rule}");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Principal value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
