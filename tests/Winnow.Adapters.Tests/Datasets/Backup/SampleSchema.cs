using Winnow.Adapters.Tests.Ledger;
using Winnow.Grains.Datasets;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;

namespace Winnow.Adapters.Tests.Datasets.Backup;

/// <summary>A label schema of three versions, with each change that there is and each shape that can be said.</summary>
internal static class SampleSchema
{
    private static readonly LabelSchema First = new()
    {
        Classes =
        [
            new("kitty", "Cat", "#1f77b4") { Keypoints = ["nose", "tail"], Skeleton = [0, 1] }, new("dog", "Dog", "steelblue"),
            new("bird"), new("fish"),
        ],
        Geometries = Enum.GetValues<Geometry>(),
        MultiLabel = true,
        Attributes = [new("posture", AttributeKind.Choice) { Options = ["left", "up", "down"], Classes = ["kitty"] }],
    };

    private static readonly SchemaChange[][] Changes =
    [
        [
            new RenameClass("kitty", "cat"),
            new AddClass(new LabelClass("cow", "Cow", "teal") { Keypoints = ["horn", "tail"], Skeleton = [0, 1] }),
            new AddClass(new LabelClass("wolf")), new RenameAttribute("posture", "pose"),
            new AddOptions("pose", ["right"]), new RenameOption("pose", "left", "port"),
            new AddAttribute(new LabelAttribute("old", AttributeKind.Choices) { Options = ["yes"], Classes = ["cow"], Required = true }),
        ],
        [
            new MergeClasses(["wolf"], "dog"), new SplitClass("bird", ["duck", "hen"]), new RetireClass("fish", Ask: true),
            new RecolourClass("cow", "navy"), new RetitleClass("cow", "A cow"), new RetireAttribute("old"),
            new MergeOptions("pose", ["up"], "port"), new RetireOption("pose", "down"),
        ],
    ];

    /// <summary>The versions, oldest first.</summary>
    public static IReadOnlyList<LabelSchema> Versions { get; } = Make();

    /// <summary>The newest, in whose names classes 0 and 1 are cat and dog.</summary>
    public static LabelSchema Newest => Versions[^1];

    /// <summary>The versions as a dataset keeps them.</summary>
    /// <param name="told">What was told by a backup, by its number; null for none.</param>
    public static IEnumerable<SchemaEntry> Entries(int? told) => Versions.Select((schema, i) => new SchemaEntry
    {
        OperationId = i == 0 ? Guid.Empty : LedgerRows.Operation(930 + i),
        Content = i == 0 ? Guid.Empty : LedgerRows.Operation(940 + i),
        Version = new SchemaVersion
        {
            Number = i + 1,
            ChangedBy = "ada",
            ChangedAt = LedgerRows.Noon,
            Changes = i == 0 ? [] : Changes[i - 1],
            Schema = schema,
            Told = told,
        },
    });

    private static List<LabelSchema> Make()
    {
        var made = new List<LabelSchema> { First };
        foreach (var changes in Changes)
        {
            made.Add(SchemaEdit.Apply(made[^1], changes, out var wrong));
            Assert.Null(wrong);
        }
        return made;
    }
}
