using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Winnow.Model.Names;

namespace Winnow.Model.Labels;

/// <summary>A label set as a later version of its schema has it.</summary>
/// <param name="Annotations">In that version's names, each of the class that it counts as.</param>
/// <param name="Ask">Whether nobody knows what it counts as, so that the image is asked about again.</param>
public readonly record struct MappedLabels(IReadOnlyList<Annotation> Annotations, bool Ask)
{
    /// <summary>Whether some of it counts as another class than the one that was said.</summary>
    public bool Merged { get; init; }
}

/// <summary>
/// What labels of any earlier version of a schema count as under this one. What was said is never rewritten: it is mapped whenever it is
/// read. To map to one version and on to a later one is to map to the later one. Pure; may be asked from any thread.
/// </summary>
public sealed class SchemaMap
{
    private static readonly ConditionalWeakTable<LabelSchema, SchemaMap> Known = [];

    private readonly int[] _heirs;
    private readonly ConcurrentDictionary<int, Names> _names = new();

    /// <summary>The map to a schema, which is sound.</summary>
    public SchemaMap(LabelSchema schema)
    {
        Schema = schema;
        _heirs = new int[schema.Classes.Count];
        for (var i = 0; i < _heirs.Length; i++)
        {
            _heirs[i] = i;
            while (schema.Classes[_heirs[i]].Retired?.Into is { } heir) _heirs[i] = heir;
        }
    }

    /// <summary>The map to a schema; the same one for the same object.</summary>
    public static SchemaMap Of(LabelSchema schema) => Known.GetValue(schema, s => new SchemaMap(s));

    /// <summary>What is mapped to.</summary>
    public LabelSchema Schema { get; }

    /// <summary>The place of the class that a label of a class counts as.</summary>
    public int ClassOf(int place) => _heirs[place];

    /// <summary>
    /// The name of the class that a label of a class counts as; null where images that bear it are asked about again, so that none stands.
    /// </summary>
    public string? NameOf(int place) => Asks(place) ? null : Schema.Classes[_heirs[place]].Name;

    /// <summary>The name that a class bore in a version.</summary>
    public string NameAt(int place, int version) => Names.NameAt(Schema.Classes[place].Name, Schema.Classes[place].Former, version);

    /// <summary>Whether nobody knows what a label set counts as that is in this schema's names.</summary>
    public bool Asks(IReadOnlyList<Annotation> annotations) =>
        Schema.Version is not null && annotations.Any(a => Schema.IndexOf(a.Class) is >= 0 and var place && Asks(place));

    /// <summary>Whether images that bear a class are asked about again.</summary>
    public bool Asks(int place) => Schema.Classes[_heirs[place]].Retired?.Ask == true;

    /// <summary>
    /// What a model learns of a label: the place of the class that it counts as; -1 where that is told apart no more. A label that is no
    /// place stays as it is.
    /// </summary>
    public int Learned(int label) => label < 0 || label >= _heirs.Length ? label
        : Schema.Classes[_heirs[label]].Retired is null ? _heirs[label] : -1;

    /// <summary>Whether a version of the schema makes some labels of before count as others, or as nothing.</summary>
    public bool ChangesLabels => Schema.Classes.Any(c => c.Retired is { Ask: true } or { Into: not null });

    /// <summary>
    /// The first class of a label set whose name was another class's in a version; null where each name meant the same class then, or none.
    /// </summary>
    public string? Reused(IReadOnlyList<Annotation> said, int version)
    {
        if (version >= Schema.Number) return null;
        foreach (var annotation in said)
            if (annotation?.Class is { } name && FindClass(name, version) is >= 0 and var then
                && FindClass(name, Schema.Number) is >= 0 and var now && then != now) return name;
        return null;
    }

    /// <summary>The place of the class that bore a name in a version; -1 where none did.</summary>
    public int FindClass(string name, int version) => NamesOf(version).FindClass(name);

    /// <summary>A label set as it was said under a version. The same object where nothing of it is different now.</summary>
    public MappedLabels Map(IReadOnlyList<Annotation> said, int version)
    {
        if (Schema.Version is null) return new MappedLabels(said, false);
        var (names, ask, merged) = (NamesOf(version), false, false);
        List<Annotation>? mapped = null;
        HashSet<string>? tags = null;
        for (var i = 0; i < said.Count; i++)
        {
            var annotation = said[i];
            var place = names.FindClass(annotation.Class);
            var now = place < 0 ? annotation : Named(annotation, Schema.Classes[_heirs[place]].Name, names);
            ask |= place >= 0 && Asks(place);
            merged |= place >= 0 && _heirs[place] != place;
            // Of an image whose classes are one by now it is said once.
            var twice = now is ClassTag && said.Count > 1 && !(tags ??= new(StringComparer.Ordinal)).Add(now.Class);
            if (mapped is null && ReferenceEquals(now, annotation) && !twice) continue;
            mapped ??= [.. said.Take(i)];
            if (!twice) mapped.Add(now);
        }
        return new MappedLabels(mapped ?? said, ask) { Merged = merged };
    }

    private static Annotation Named(Annotation annotation, string name, Names names)
    {
        if (annotation.Class != name) annotation = annotation with { Class = name };
        if (annotation.Attributes is not { Count: > 0 } attributes) return annotation;
        var renamed = new SortedDictionary<string, AttributeValue>(StringComparer.Ordinal);
        var same = true;
        foreach (var (key, value) in attributes)
        {
            var (now, means) = names.Attribute(key, value);
            same &= now == key && ReferenceEquals(means, value);
            renamed[now] = means;
        }
        return same ? annotation : annotation with { Attributes = renamed };
    }

    private Names NamesOf(int version) => _names.GetOrAdd(version, (v, schema) => new Names(schema, v), Schema);

    /// <summary>The names of one version.</summary>
    private sealed class Names
    {
        private readonly Dictionary<string, int> _classes = new(StringComparer.Ordinal);
        private readonly Dictionary<string, int> _alike = new(StringComparer.Ordinal);
        private readonly Dictionary<string, (string Name, Dictionary<string, string>? Options)> _attributes = new(StringComparer.Ordinal);

        public Names(LabelSchema schema, int version)
        {
            for (var i = 0; i < schema.Classes.Count; i++)
            {
                var one = schema.Classes[i];
                if ((one.Since ?? 1) > version) continue;
                var name = NameAt(one.Name, one.Former, version);
                _classes.TryAdd(name, i);
                _alike.TryAdd(TextForm.Compared(name), i);
            }
            foreach (var one in schema.Attributes ?? [])
                if ((one.Since ?? 1) <= version)
                    _attributes.TryAdd(NameAt(one.Name, one.Former, version), (one.Name, OptionsOf(one, version)));
        }

        /// <summary>What each option that is another by now counts as; null where none is.</summary>
        private static Dictionary<string, string>? OptionsOf(LabelAttribute attribute, int version)
        {
            if (attribute.OptionsPast is null) return null;
            var options = new Dictionary<string, string>(StringComparer.Ordinal);
            // What was added later stands behind: a name that another bore in this version is that one's.
            for (var i = 0; i < attribute.Options.Count; i++)
                options.TryAdd(NameAt(attribute.Options[i], attribute.PastOf(i)?.Former, version), attribute.CountsAs(i));
            return options;
        }

        public int FindClass(string name) => _classes.TryGetValue(name, out var place) ? place
            : _alike.TryGetValue(TextForm.Compared(name), out place) ? place : -1;

        public (string Name, AttributeValue Value) Attribute(string name, AttributeValue value)
        {
            if (!_attributes.TryGetValue(name, out var now)) return (name, value);
            if (now.Options is not { } options) return (now.Name, value);
            string Means(string option) => options.GetValueOrDefault(option, option);
            if (value.Text is { } one) return (now.Name, Means(one) == one ? value : AttributeValue.Of(Means(one)));
            return (now.Name, value.Several is not { } several || several.All(o => Means(o) == o) ? value
                : AttributeValue.Of([.. several.Select(Means).Distinct(StringComparer.Ordinal)]));
        }

        public static string NameAt(string now, IReadOnlyList<FormerName>? former, int version)
        {
            foreach (var name in former ?? [])
                if (name.Through >= version) return name.Name;
            return now;
        }
    }
}
