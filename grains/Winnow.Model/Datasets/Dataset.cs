using System.Text.Json.Serialization;
using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Model.Datasets;

/// <summary>How a dataset is run. Settings that name a shape (shards, backbone) are settled at creation.</summary>
/// <remarks>Settable, not init-only: the generated JSON reader overwrites the defaults of init-only properties that a document leaves
/// out.</remarks>
public sealed record DatasetSettings
{
    /// <summary>
    /// Units of durability and bulk work at its creation; they can be doubled later. A power of two, 1 to 1,024. Default 8.
    /// </summary>
    public int Shards { get; set; } = 8;

    /// <summary>Name of the backbone whose embeddings the dataset lives on. Default <c>mobilenetv3-small</c>.</summary>
    public string Backbone { get; set; } = "mobilenetv3-small";

    /// <summary>Dimensions of the projection that heads and strategies work on. 2 to 4,096. Default 256.</summary>
    public int ProjectionDimensions { get; set; } = 256;

    /// <summary>Images of the uniformly random audit sample, labelled by people, never trained on. 0 to 1,000,000. Default 200.</summary>
    public int AuditSample { get; set; } = 200;

    /// <summary>How long a person holds a review task. 5 s to 24 h. Default 5 min.</summary>
    public TimeSpan LeasePeriod { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Review tasks that one person holds at a time, until its policies say otherwise. 1 to 100,000. Default 50.</summary>
    public int TasksPerPerson { get; set; } = 50;

    /// <summary>Most that <see cref="TasksPerPerson"/> may be.</summary>
    public const int MostTasksPerPerson = 100_000;

    /// <summary>
    /// How long its rounds wait for a further answer before they go on with those they have, until its policies or a round say otherwise.
    /// 1 s to 365 days. Default 7 days.
    /// </summary>
    public TimeSpan AnswerWithin { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Seeds every random draw of the dataset. Default 0.</summary>
    public ulong Seed { get; set; }

    /// <summary>Whether a round may wait so long for a further answer.</summary>
    public static bool MayAnswerWithin(TimeSpan time) => time >= TimeSpan.FromSeconds(1) && time <= TimeSpan.FromDays(365);

    /// <summary>The first thing that is wrong, as a sentence with the setting's name; null when all is sound.</summary>
    public string? Check()
    {
        if (Shards is < 1 or > ShardLayout.MaxCount || (Shards & (Shards - 1)) != 0)
            return $"shards must be a power of two from 1 to 1024, not {Shards}.";
        if (MemberRules.Text("backbone", Backbone, 100, least: 1) is { } nameless) return nameless;
        if (ProjectionDimensions is < 2 or > 4096) return $"projectionDimensions must be 2 to 4096, not {ProjectionDimensions}.";
        if (AuditSample is < 0 or > 1_000_000) return $"auditSample must be 0 to 1000000, not {AuditSample}.";
        if (LeasePeriod < TimeSpan.FromSeconds(5) || LeasePeriod > TimeSpan.FromHours(24))
            return $"leasePeriod must be 5 seconds to 24 hours, not {LeasePeriod}.";
        if (TasksPerPerson is < 1 or > MostTasksPerPerson)
            return $"tasksPerPerson must be 1 to {MostTasksPerPerson}, not {TasksPerPerson}.";
        if (!MayAnswerWithin(AnswerWithin)) return $"answerWithin must be 1 second to 365 days, not {AnswerWithin}.";
        return null;
    }
}

/// <summary>A request for a new dataset.</summary>
public sealed record CreateDataset(string Name, LabelSchema Schema, DatasetSettings? Settings = null) : IFreeText
{
    IFreeText IFreeText.Cleaned() => this with { Schema = Schema.Cleaned() };
}

/// <summary>A dataset as it was created, with its label schema and the shards that hold it as they are now.</summary>
public sealed record DatasetInfo(string Name, LabelSchema Schema, DatasetSettings Settings, DateTimeOffset CreatedAt, string CreatedBy)
{
    /// <summary>The shards, once they have been doubled or are being doubled; null while they are those of its creation.</summary>
    public ShardLayout? Layout { get; init; }

    /// <summary>
    /// The restorations that it came by, oldest first; empty where it was made here. What is of before the last one is as a backup told it.
    /// </summary>
    public IReadOnlyList<Restoration> Restored { get; set; } = [];

    /// <summary>
    /// Since when this dataset, and no other, bears its name here: a name can be given again once its dataset was deleted.
    /// </summary>
    [JsonIgnore]
    public DateTimeOffset Since => Restored is [.., var last] ? last.At : CreatedAt;

    /// <summary>The shards that hold it.</summary>
    [JsonIgnore]
    public ShardLayout Shards => Layout ?? new ShardLayout(0, Settings.Shards);

    /// <summary>
    /// The first thing that is wrong, as a sentence with the member's name; null when all is sound. What it lets pass can be opened; what
    /// may be created is a narrower matter.
    /// </summary>
    /// <param name="latest">The latest moment that there can be.</param>
    public string? Check(DateTimeOffset latest) =>
        DatasetName.Check("name", Name)
        ?? (Schema is null ? "schema is missing." : MemberRules.Within("schema", Schema.CheckStored()))
        ?? (Settings is null ? "settings is missing." : MemberRules.Within("settings", Settings.Check()))
        ?? MemberRules.Date("createdAt", CreatedAt, latest)
        ?? ActorName.Check("createdBy", CreatedBy)
        ?? MemberRules.Within("layout", Layout?.Check(Settings!.Shards))
        ?? (Restored?.Count > Restoration.Most ? $"restored has more than {Restoration.Most} entries."
            : MemberRules.Each("restored", Restored, r => r.Check(latest)));
}

/// <summary>An immutable snapshot of a dataset.</summary>
/// <param name="Number">1, 2, 3, …</param>
/// <param name="Note">What the maker wrote.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="CreatedBy">By whom.</param>
/// <param name="Images">Rows in the manifest.</param>
/// <param name="Labeled">Rows with a label.</param>
/// <param name="ManifestSha256">SHA-256 of the manifest's bytes, lower-case hex: the identity of the version.</param>
/// <param name="Parent">The version before it, or null.</param>
/// <param name="Told">Number of the restoration that told of it: who made it is as that backup says. Null: it was made here.</param>
public sealed record DatasetVersion(
    int Number, string? Note, DateTimeOffset CreatedAt, string CreatedBy, long Images, long Labeled, string ManifestSha256, int? Parent,
        int? Told = null)
{
    /// <summary>Most characters of a note.</summary>
    public const int MaxNote = 10_000;

    /// <summary>Most arms of a version's lineage.</summary>
    public const int MaxArms = 10_000;

    /// <summary>The rounds and models that there were when it was made; null in versions of early releases.</summary>
    public IReadOnlyList<VersionArm>? Arms { get; init; }

    /// <summary>Rows with a label by a machine's decision that was accepted. They are not among <see cref="Labeled"/>.</summary>
    public long AutoAccepted { get; init; }

    /// <summary>Rows with a label that is a machine's guess. They are not among <see cref="Labeled"/>.</summary>
    public long Pseudo { get; init; }

    /// <summary>Whether accepted decisions of machines were left out, as its maker wished.</summary>
    public bool LeavesOutAutoAccepted { get; init; }

    /// <summary>Whether guesses of machines were taken in, as its maker wished.</summary>
    public bool TakesPseudo { get; init; }

    /// <summary>The first thing that is wrong, as a sentence with the member's name; null when all is sound.</summary>
    /// <param name="latest">The latest moment that there can be.</param>
    public string? Check(DateTimeOffset latest) =>
        MemberRules.Number("number", Number, 1, int.MaxValue)
        ?? MemberRules.TextOrNone("note", Note, MaxNote)
        ?? MemberRules.Date("createdAt", CreatedAt, latest)
        ?? ActorName.Check("createdBy", CreatedBy)
        ?? MemberRules.Number("images", Images, 0, long.MaxValue)
        ?? MemberRules.Number("labeled", Labeled, 0, Images)
        ?? MemberRules.Number("autoAccepted", AutoAccepted, 0, LeavesOutAutoAccepted ? 0 : Images - Labeled)
        ?? MemberRules.Number("pseudo", Pseudo, 0, TakesPseudo ? Images - Labeled - AutoAccepted : 0)
        ?? MemberRules.Sha256("manifestSha256", ManifestSha256)
        ?? (Parent is null || Parent == Number - 1 ? null : $"parent must be {Number - 1}, not {Parent}.")
        ?? (Arms is null ? null
            : Arms.Count > MaxArms ? $"arms has more than {MaxArms} entries." : MemberRules.Each("arms", Arms, CheckArm))
        ?? (Told is { } told ? MemberRules.Number("told", told, 1, Restoration.Most) : null);

    /// <summary>Two are the same by what they say.</summary>
    public bool Equals(DatasetVersion? other) =>
        other is not null
        && (Number, Note, CreatedAt, CreatedBy, Images, Labeled) == (
            other.Number, other.Note, other.CreatedAt, other.CreatedBy, other.Images, other.Labeled)
        && (ManifestSha256, Parent, Told) == (other.ManifestSha256, other.Parent, other.Told)
        && (AutoAccepted, Pseudo, LeavesOutAutoAccepted, TakesPseudo) == (
            other.AutoAccepted, other.Pseudo, other.LeavesOutAutoAccepted, other.TakesPseudo)
        && (Arms ?? []).SequenceEqual(other.Arms ?? []);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Number, CreatedAt, ManifestSha256);

    private static string? CheckArm(VersionArm arm) =>
        DatasetName.Check("arm", arm.Arm)
        ?? MemberRules.Number("rounds", arm.Rounds, 0, int.MaxValue)
        ?? MemberRules.TextOrNone("champion", arm.Champion, 100)
        ?? (arm.HeadSha256 is { } head ? MemberRules.Sha256("headSha256", head) : null)
        ?? (arm.Champion is null == arm.HeadSha256 is null ? null : "champion and headSha256 go together.");
}

/// <summary>A request for a snapshot.</summary>
/// <param name="Note">What the maker writes; at most 2,000 characters.</param>
public sealed record CreateVersion([property: Text(TextKind.Free, CreateVersion.MaxNote)] string? Note = null) : IFreeText
{
    /// <summary>Most characters of a note.</summary>
    public const int MaxNote = 2_000;

    /// <summary>Whether images that people did not label have the labels of machines' decisions that were accepted. Default yes.</summary>
    public bool AutoAccepted { get; set; } = true;

    /// <summary>Whether those that have none of these have the guesses of machines. Default no.</summary>
    public bool Pseudo { get; set; }

    IFreeText IFreeText.Cleaned() => this with { Note = Note is null ? null : ShownText.Clean(Note) };
}
