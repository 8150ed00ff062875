using System.Collections;
using System.Globalization;
using System.Reflection;
using Winnow.Model.Images;
using Winnow.Model.Labels;

namespace Winnow.Cluster.Tests.Upgrade;

/// <summary>
/// Makes one instance of any record, filled with values that follow from the names of its properties alone: the same in every run and every
/// version.
/// </summary>
internal static class Samples
{
    public static object Make(Type type) => Make(type, type.Name, 0)!;

    private static object? Make(Type type, string path, int depth)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner) return Make(inner, path, depth);
        var number = Number(path);
        if (type == typeof(string)) return path;
        if (type == typeof(int)) return number;
        if (type == typeof(long)) return number * 1_000_003L;
        if (type == typeof(ulong)) return (ulong)number * 1_000_003UL;
        if (type == typeof(float)) return number / 8f;
        if (type == typeof(double)) return number / 16d;
        if (type == typeof(bool)) return number % 2 == 0;
        if (type == typeof(byte)) return (byte)number;
        if (type == typeof(Guid)) return new Guid(number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        if (type == typeof(TimeSpan)) return TimeSpan.FromSeconds(number);
        if (type == typeof(DateTimeOffset)) return DateTimeOffset.UnixEpoch.AddSeconds(number);
        if (type == typeof(ImageId)) return new ImageId((ulong)number, 2, 3, 4);
        if (type == typeof(Annotation)) return new ClassTag(path);
        if (type.IsEnum) return Enum.GetValues(type).GetValue(number % Enum.GetValues(type).Length);
        if (type.IsArray) return Fill(Array.CreateInstance(type.GetElementType()!, 2), type.GetElementType()!, path, depth);
        if (type.IsGenericType
            && type.GetInterfaces().Append(type).Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>))
            && type.GetGenericArguments() is [var element])
            return Fill(Array.CreateInstance(element, 2), element, path, depth);
        if (type.IsGenericType && type.GetGenericArguments() is [var key, var value]
            && type.IsAssignableFrom(typeof(Dictionary<,>).MakeGenericType(key, value)))
        {
            var map = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(key, value))!;
            map[Make(key, path + "Key", depth + 1)!] = Make(value, path + "Value", depth + 1);
            return map;
        }
        if (type == typeof(object) || depth > 8) return null;
        return MakeRecord(type, depth);
    }

    private static object MakeRecord(Type type, int depth)
    {
        if (typeof(Exception).IsAssignableFrom(type)) return Activator.CreateInstance(type, $"{type.Name}Message")!;
        var constructor = type.GetConstructors(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance)
            .Where(c => c.GetParameters() is not [var only] || only.ParameterType != type).OrderByDescending(c => c.GetParameters().Length)
                .FirstOrDefault();
        var made = constructor is null ? Activator.CreateInstance(type)!
            : constructor.Invoke([.. constructor.GetParameters().Select(p => Make(p.ParameterType, p.Name!, depth + 1))]);
        var given = constructor?.GetParameters().Select(p => p.Name!).ToHashSet(StringComparer.OrdinalIgnoreCase) ?? [];
        foreach (var property in type.GetProperties()
            .Where(p => p.SetMethod is not null && p.GetIndexParameters().Length == 0 && !given.Contains(p.Name)))
            property.SetValue(made, Make(property.PropertyType, property.Name, depth + 1));
        foreach (var field in type.GetFields().Where(f => !f.IsInitOnly && !f.IsStatic))
            field.SetValue(made, Make(field.FieldType, field.Name, depth + 1));
        return made;
    }

    private static Array Fill(Array array, Type element, string path, int depth)
    {
        for (var i = 0; i < array.Length; i++)
            array.SetValue(Make(element, string.Create(CultureInfo.InvariantCulture, $"{path}{i}"), depth + 1), i);
        return array;
    }

    private static int Number(string path)
    {
        var hash = 17;
        foreach (var c in path) hash = unchecked(hash * 31 + c);
        return Math.Abs(hash % 10_000);
    }
}
