using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Winnow.Model.Images;
using Winnow.Model.Security;

namespace Winnow.Json;

/// <summary>What a JSON value must look like, in words of whoever writes one.</summary>
internal static class JsonShape
{
    /// <summary>How a value of a type is written.</summary>
    public static string Of(JsonTypeInfo type)
    {
        if (Nullable.GetUnderlyingType(type.Type) is { } inner) return $"{Of(type.Options.GetTypeInfo(inner))} or null";
        if (type.PolymorphismOptions is { } kinds)
        {
            var words = kinds.DerivedTypes.Select(k => k.TypeDiscriminator!.ToString()!);
            return $"an object whose '{kinds.TypeDiscriminatorPropertyName}' is {Either(words)}";
        }
        return type.Kind switch
        {
            JsonTypeInfoKind.Object => OfObject(type),
            JsonTypeInfoKind.Enumerable => "a list without nulls",
            JsonTypeInfoKind.Dictionary => "an object",
            _ => OfLeaf(type.Type),
        };
    }

    /// <summary>The members that an object must have.</summary>
    public static IEnumerable<string> Required(JsonTypeInfo type) => type.Properties.Where(p => p.IsRequired).Select(p => p.Name);

    private static string OfObject(JsonTypeInfo type)
    {
        var required = Required(type).ToList();
        var all = type.Properties.Select(p => p.Name);
        return required.Count > 0
            ? $"an object with {string.Join(", ", required)}"
            : $"an object, with {string.Join(", ", all)} where they matter";
    }

    private static string OfLeaf(Type type)
    {
        if (type.IsEnum) return Either(Enum.GetNames(type).Select(JsonNamingPolicy.KebabCaseLower.ConvertName));
        if (type == typeof(string)) return "a text";
        if (type == typeof(bool)) return "true or false";
        if (type == typeof(Guid)) return "a UUID";
        if (type == typeof(DateTimeOffset)) return "a time such as 2026-03-01T12:00:00Z";
        if (type == typeof(TimeSpan)) return "a length of time such as 00:05:00";
        if (type == typeof(ImageId)) return "an image id: 'img-' and 52 characters of base32";
        if (type == typeof(Principal))
            return "a principal: person:NAME or service:NAME, with a name of 1 to 100 visible ASCII characters without spaces";
        return RangeOf(type) is { } range ? $"a whole number from {range}" : "a number";
    }

    private static string? RangeOf(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Byte => Range(byte.MinValue, byte.MaxValue),
        TypeCode.Int16 => Range(short.MinValue, short.MaxValue),
        TypeCode.Int32 => Range(int.MinValue, int.MaxValue),
        TypeCode.UInt32 => Range(uint.MinValue, uint.MaxValue),
        TypeCode.Int64 => Range(long.MinValue, long.MaxValue),
        TypeCode.UInt64 => Range(ulong.MinValue, ulong.MaxValue),
        _ => null,
    };

    private static string Range<T>(T least, T most) where T : IFormattable =>
        string.Create(CultureInfo.InvariantCulture, $"{least} to {most}");

    private static string Either(IEnumerable<string> words) => words.ToList() switch
    {
        [.. var first, var last] when first.Count > 0 => $"{string.Join(", ", first)} or {last}",
        var one => string.Concat(one),
    };
}
