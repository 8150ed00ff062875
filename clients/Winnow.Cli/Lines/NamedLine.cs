using System.Text;
using System.Text.Json;
using Winnow.Model.Images;

namespace Winnow.Cli.Lines;

/// <summary>
/// A line of JSON that calls its image by <c>name</c>. Once the image is found its id takes that member's place, and all else stays as it
/// stands there, so that the line is read like any other.
/// </summary>
internal sealed class NamedLine
{
    private readonly byte[] _line;
    private readonly Range _member;

    private NamedLine(byte[] line, Range member, string name) => (_line, _member, Name) = (line, member, name);

    /// <summary>How the line calls its image.</summary>
    public string Name { get; }

    /// <summary>A line that has a name and no id; null for any other, also for one that is no JSON, of which its reader tells.</summary>
    public static NamedLine? Find(byte[] line)
    {
        try
        {
            return Look(line);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The line with the id of its image.</summary>
    public byte[] With(ImageId image) =>
    [
        .. _line.AsSpan()[.._member.Start.Value], .. Encoding.ASCII.GetBytes($"\"image\":\"{image}\""),
        .. _line.AsSpan()[_member.End.Value..],
    ];

    private static NamedLine? Look(byte[] line)
    {
        var reader = new Utf8JsonReader(line);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return null;
        NamedLine? found = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("image"u8)) return null;
            var (isName, start) = (reader.ValueTextEquals("name"u8), (int)reader.TokenStartIndex);
            reader.Read();
            if (isName && found is null && reader.TokenType == JsonTokenType.String)
                found = new NamedLine(line, start..(int)reader.BytesConsumed, reader.GetString()!);
            else reader.Skip();
        }
        return found;
    }
}
