using CsCheck;
using Winnow.Model.Labels;

namespace Winnow.Adapters.Tests.Labels;

/// <summary>
/// Versions of a schema that random changes make, beside a plain model of them: things with names, of which some became others, and nothing
/// that knows of places.
/// </summary>
internal sealed class SchemaHistory
{
    /// <summary>Steps as numbers: what is done, to whom, with whom.</summary>
    public static readonly Gen<(int Kind, int One, int Other)[]> Steps =
        Gen.Select(Gen.Int[0, 11], Gen.Int[0, 1_000], Gen.Int[0, 1_000]).Array[1, 25];

    /// <summary>The attribute whose options change too.</summary>
    public const string Pose = "pose";

    private readonly List<Thing> _things;
    private readonly List<Thing> _options;
    private int _named;

    private SchemaHistory(LabelSchema first)
    {
        Versions = [first];
        _things = [.. first.Classes.Select(c => new Thing { Name = c.Name })];
        _options = [.. first.Attributes?.SelectMany(a => a.Options).Select(o => new Thing { Name = o }) ?? []];
        Remember();
    }

    /// <summary>All versions, oldest first.</summary>
    public List<LabelSchema> Versions { get; }

    /// <summary>What bore which name in each version, by the version's place in <see cref="Versions"/>.</summary>
    public List<Dictionary<string, Thing>> Bearers { get; } = [];

    /// <summary>The same of the options of <see cref="Pose"/>.</summary>
    public List<Dictionary<string, Thing>> Options { get; } = [];

    public LabelSchema Newest => Versions[^1];

    /// <summary>What a label says.</summary>
    public sealed class Thing
    {
        public required string Name { get; set; }
        public Thing? Became { get; set; }
        public bool Gone { get; set; }
        public bool Asks { get; set; }

        public Thing Now => Became?.Now ?? this;
    }

    /// <summary>Makes versions; a step that cannot be taken makes none.</summary>
    public static SchemaHistory Of((int Kind, int One, int Other)[] steps, LabelSchema? first = null)
    {
        var history = new SchemaHistory(first ?? new LabelSchema
        {
            Classes = [new("cat"), new("dog"), new("bird"), new("fish")],
            Geometries = [Geometry.Class, Geometry.Box],
            MultiLabel = true,
            Attributes = [new(Pose, AttributeKind.Choices) { Options = ["left", "right", "up"] }],
        });
        foreach (var (kind, one, other) in steps) history.Take(kind, one, other);
        return history;
    }

    private void Remember()
    {
        Bearers.Add(_things.ToDictionary(t => t.Name, StringComparer.Ordinal));
        Options.Add(_options.ToDictionary(o => o.Name, StringComparer.Ordinal));
    }

    private void Take(int kind, int one, int other)
    {
        Thing[] open = [.. _things.Where(t => !t.Gone)];
        var (a, b) = (open[one % open.Length], open[other % open.Length]);
        // Names come back: what was called so before is something else.
        var fresh = other % 3 == 0 && Bearers[one % Bearers.Count].Keys.FirstOrDefault(n => _things.TrueForAll(t => t.Name != n)) is { } old
            ? old : $"new {++_named}";
        var beside = $"beside {++_named}";
        (SchemaChange Change, Action Then)? step = kind switch
        {
            0 => (new RenameClass(a.Name, fresh), () => a.Name = fresh),
            1 => (new RecolourClass(a.Name, "teal"), () => { }),
            2 => (new AddClass(new LabelClass(fresh)), () => _things.Add(new Thing { Name = fresh })),
            3 when a != b && open.Length > 2 => (new MergeClasses([a.Name], b.Name), () => (a.Became, a.Gone) = (b, true)),
            4 when a != b && open.Length > 2 => (new MergeClasses([a.Name, b.Name], fresh), () =>
            {
                var heir = new Thing { Name = fresh };
                _things.Add(heir);
                (a.Became, a.Gone, b.Became, b.Gone) = (heir, true, heir, true);
            }
            ),
            5 => (new SplitClass(a.Name, [fresh, beside]), () =>
            {
                (a.Gone, a.Asks) = (true, true);
                _things.AddRange([new Thing { Name = fresh }, new Thing { Name = beside }]);
            }
            ),
            6 when open.Length > 2 => (new RetireClass(a.Name, Ask: other % 2 == 0), () => (a.Gone, a.Asks) = (true, other % 2 == 0)),
            _ => TakeOption(kind, one, other),
        };
        if (step is not { } taken) return;
        var next = SchemaEdit.Apply(Newest, [taken.Change], out var wrong);
        if (wrong is not null) return;
        taken.Then();
        Versions.Add(next);
        Remember();
    }

    private (SchemaChange Change, Action Then)? TakeOption(int kind, int one, int other)
    {
        Thing[] open = [.. _options.Where(t => !t.Gone)];
        if (open.Length == 0) return null;
        var (a, b) = (open[one % open.Length], open[other % open.Length]);
        var former = Options[one % Options.Count].Keys.FirstOrDefault(n => _options.TrueForAll(t => t.Name != n));
        var fresh = other % 3 == 0 && former is not null ? former : $"option {++_named}";
        return kind switch
        {
            7 => (new RenameOption(Pose, a.Name, fresh), () => a.Name = fresh),
            8 => (new AddOptions(Pose, [fresh]), () => _options.Add(new Thing { Name = fresh })),
            9 when a != b => (new MergeOptions(Pose, [a.Name], b.Name), () => (a.Became, a.Gone) = (b, true)),
            10 when a != b => (new MergeOptions(Pose, [a.Name, b.Name], fresh), () =>
            {
                var heir = new Thing { Name = fresh };
                _options.Add(heir);
                (a.Became, a.Gone, b.Became, b.Gone) = (heir, true, heir, true);
            }
            ),
            11 when open.Length > 1 => (new RetireOption(Pose, a.Name), () => a.Gone = true),
            _ => null,
        };
    }
}
