using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using Winnow.Model.Names;

namespace Winnow.Json;

/// <summary>
/// Finds what the serializer lets through: nulls among the elements of a list and in members that are set after their object was made,
/// numbers that are too large to be one, and texts that the model's rule refuses.
/// </summary>
internal static class BodyCheck
{
    // Types that can hold none of them are not gone through.
    private static readonly ConcurrentDictionary<Type, bool> Needed = [];

    /// <summary>The first such place, as a sentence; null when all is sound.</summary>
    public static string? Check(string what, object body, JsonTypeInfo type) =>
        Look(body, type) is var (place, why) ? JsonProblem.Wrong(what, "$" + place, why) : null;

    private static (string Place, string Why)? Look(object value, JsonTypeInfo type)
    {
        if (value is double number) return double.IsFinite(number) ? null : TooLarge("");
        if (value is IReadOnlyList<double> numbers) return LookAtNumbers(numbers);
        if (value is string text) return TextRule.Check(text, TextRule.Default) is { } unfit ? ("", unfit) : null;
        if (type.PolymorphismOptions is not null) type = type.Options.GetTypeInfo(value.GetType());
        if (!Needed.GetOrAdd(type.Type, _ => CanHold(type, []))) return null;
        return type.Kind switch
        {
            JsonTypeInfoKind.Object => LookAtMembers(value, type),
            JsonTypeInfoKind.Enumerable => LookAtElements((IEnumerable)value, type.Options.GetTypeInfo(type.ElementType!)),
            JsonTypeInfoKind.Dictionary => LookAtElements(((IDictionary)value).Values, type.Options.GetTypeInfo(type.ElementType!)),
            _ => null,
        };
    }

    private static (string, string)? LookAtMembers(object value, JsonTypeInfo type)
    {
        foreach (var member in type.Properties)
        {
            if (member.Get is not { } get) continue;
            var form = type.Options.GetTypeInfo(member.PropertyType);
            if (get(value) is not { } inner)
            {
                if (!member.IsGetNullable) return ($".{member.Name}", NotNull(form));
            }
            else if (inner is string text)
            {
                if (TextRule.Check(text, TextRules.Of(member)) is { } unfit) return ($".{member.Name}", unfit);
            }
            else if (Look(inner, form) is var (place, why)) return ($".{member.Name}{place}", why);
        }
        return null;
    }

    private static (string, string)? LookAtElements(IEnumerable elements, JsonTypeInfo type)
    {
        var at = 0;
        foreach (var element in elements)
        {
            if (element is null) return (Index(at), NotNull(type));
            if (Look(element, type) is var (place, why)) return (Index(at) + place, why);
            at++;
        }
        return null;
    }

    private static (string, string)? LookAtNumbers(IReadOnlyList<double> numbers)
    {
        for (var i = 0; i < numbers.Count; i++)
            if (!double.IsFinite(numbers[i])) return TooLarge(Index(i));
        return null;
    }

    private static string NotNull(JsonTypeInfo type) => $"it must be {JsonShape.Of(type)}, not null.";

    private static (string, string) TooLarge(string place) => (place, "it is too large for a number.");

    private static string Index(int at) => string.Create(CultureInfo.InvariantCulture, $"[{at}]");

    private static bool CanHold(JsonTypeInfo type, HashSet<Type> above)
    {
        if (Nullable.GetUnderlyingType(type.Type) is { } inner) return CanHold(type.Options.GetTypeInfo(inner), above);
        if (type.Type == typeof(double) || type.Type == typeof(string) || type.PolymorphismOptions is not null) return true;
        // A type that holds itself can hold what its other members can.
        if (!above.Add(type.Type)) return false;
        return type.Kind switch
        {
            JsonTypeInfoKind.Object => type.Properties.Any(p =>
                (!p.IsGetNullable && !p.PropertyType.IsValueType) || CanHold(type.Options.GetTypeInfo(p.PropertyType), above)),
            JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary =>
                !type.ElementType!.IsValueType || CanHold(type.Options.GetTypeInfo(type.ElementType), above),
            _ => false,
        };
    }
}
