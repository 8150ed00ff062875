using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using Winnow.Adapters.Objects.S3;
using Winnow.Model.Names;
using Winnow.Model.Security;
using Winnow.Web;

namespace Winnow.Silo.Hosting.Settings;

/// <summary>
/// All options that there are, as they are written: read off the classes that hold them, so that no list can lag behind. A name that is
/// not here means nothing to the server, and whoever gave it is told.
/// </summary>
internal sealed class OptionTree
{
    private readonly SortedDictionary<string, OptionTree> _children = new(StringComparer.OrdinalIgnoreCase);
    private OptionTree? _any;
    private Type? _value;
    private bool _free;
    private bool _mayBeEmpty;

    /// <summary>The options of a silo.</summary>
    public static OptionTree All { get; } = Make();

    /// <summary>The full names of all that have one, in order.</summary>
    public IEnumerable<string> Names => Walk("");

    /// <summary>What is wrong with an option as it was given, as a sentence; null when it is known and its value can be read.</summary>
    /// <param name="name">Its full name, such as <c>Shard:LotSize</c>.</param>
    /// <param name="value">Its value.</param>
    /// <param name="shown">How names are written where it stands: <c>--Shard:LotSize</c>, <c>WINNOW_Shard__LotSize</c>.</param>
    public string? Check(string name, string? value, Func<string, string> shown)
    {
        if (Find(name, shown, out var found) is { } unknown) return unknown;
        if (found._free) return null;
        if (found._value is null)
        {
            var some = string.Join(", ", found.Walk(name).Take(8).Select(shown));
            return $"{shown(name)} holds options and no value. Name one of them: {some}.";
        }
        if (found.IsBlank(value))
            return $"{shown(name)} is given, and what is given is blank. Set what it is filled from, or leave the option out.";
        return CanRead(value, found._value) ? null : $"{shown(name)} must be {Form(found._value)}, not '{value}'.";
    }

    /// <summary>Whether a name is a section's, which holds options and no value of its own.</summary>
    public bool IsSection(string name) => Find(name, n => n, out var found) is null && found is { _value: null, _free: false };

    /// <summary>What is wrong with a name, whatever its value; null when it is known.</summary>
    public string? CheckName(string name, Func<string, string> shown) => Find(name, shown, out _);

    private string? Find(string name, Func<string, string> shown, out OptionTree found)
    {
        found = this;
        var known = "";
        foreach (var segment in name.Split(':'))
        {
            if (found._free) return null;
            if (found._value is not null) return $"{shown(name)} is no option: {shown(known)} holds a value and no further options.";
            if (!found._children.TryGetValue(segment, out var child) && (child = found._any) is null)
                return $"{shown(name)} is no option. {Suggest(found, known, name, segment, shown)}";
            known = known.Length == 0 ? segment : $"{known}:{segment}";
            found = child;
        }
        return null;
    }

    private static string Suggest(OptionTree at, string known, string name, string segment, Func<string, string> shown)
    {
        var prefix = known.Length == 0 ? "" : known + ":";
        if (NearestName.Of(segment, at._children.Keys) is { } near) return $"Is {shown(prefix + near)} meant?";
        // The right name in no section, or in another than its own.
        var last = name[(name.LastIndexOf(':') + 1)..];
        var elsewhere =
            All.Names.FirstOrDefault(n => string.Equals(n[(n.LastIndexOf(':') + 1)..], last, StringComparison.OrdinalIgnoreCase))
                ?? NearestName.Of(name, All.Names);
        if (elsewhere is not null) return $"Is {shown(elsewhere)} meant?";
        return known.Length == 0
            ? "'--help' and the documentation list them."
            : $"There are: {string.Join(", ", at._children.Keys.Select(k => shown(prefix + k)))}.";
    }

    private IEnumerable<string> Walk(string prefix)
    {
        if (_value is not null) yield return prefix;
        foreach (var (name, child) in _children)
            foreach (var found in child.Walk(prefix.Length == 0 ? name : $"{prefix}:{name}")) yield return found;
        if (_any is null) yield break;
        foreach (var found in _any.Walk($"{prefix}:NAME")) yield return found;
    }

    private static OptionTree Make()
    {
        var all = new OptionTree();
        all.Add(typeof(SiloOptions));
        all.Add(typeof(TelemetryOptions));
        all._children["urls"] = new OptionTree { _value = typeof(string) };
        // Categories are whatever logs.
        all._children["Logging"] =
            new OptionTree { _children = { ["LogLevel"] = new OptionTree { _any = new OptionTree { _value = typeof(LogLevel) } } } };
        // Certificates of https addresses: Kestrel's own section, which it checks itself.
        all._children["Kestrel"] = new OptionTree { _free = true };
        // To begin with nothing, and to stand below nothing, is what these say.
        all._children[nameof(SiloOptions.S3)]._children[nameof(S3Options.Prefix)]._mayBeEmpty = true;
        all._children[nameof(SiloOptions.Api)]._children[nameof(ApiOptions.PathBase)]._mayBeEmpty = true;
        return all;
    }

    /// <summary>
    /// Whoever gives a text means something by it. A variable that was never set would switch off what it was to switch on: the key, and
    /// all that it guards.
    /// </summary>
    private bool IsBlank(string? value) =>
        _value == typeof(string) && SecretText.Trim(value) is null && !(_mayBeEmpty && string.IsNullOrEmpty(value));

    private void Add(Type type)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
            if (property.SetMethod?.IsPublic == true) _children[property.Name] = Of(property.PropertyType);
    }

    private static OptionTree Of(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string) || type.IsValueType) return new OptionTree { _value = type };
        var tree = new OptionTree();
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Dictionary<,>)) tree._any = Of(type.GetGenericArguments()[1]);
        // Elements are named by their numbers.
        else if (type.IsArray) tree._any = Of(type.GetElementType()!);
        else if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(List<>)) tree._any = Of(type.GetGenericArguments()[0]);
        else tree.Add(type);
        return tree;
    }

    private static bool CanRead(string? value, Type type)
    {
        if (type == typeof(string)) return true;
        try
        {
            return value is { Length: > 0 } && TypeDescriptor.GetConverter(type).ConvertFromInvariantString(value) is not null;
        }
        // The converters of numbers wrap what they throw in an exception of the base class.
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException or NotSupportedException
            || e.InnerException is FormatException or OverflowException)
        {
            return false;
        }
    }

    private static string Form(Type type) => type switch
    {
        _ when type.IsEnum => string.Join(" or ", Enum.GetNames(type)),
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(TimeSpan) => "a length of time such as 00:00:30",
        _ when type == typeof(double) || type == typeof(float) => "a number such as 0.5",
        _ => string.Create(CultureInfo.InvariantCulture,
            $"a whole number from {type.GetField("MinValue")?.GetValue(null)} to {type.GetField("MaxValue")?.GetValue(null)}"),
    };
}
