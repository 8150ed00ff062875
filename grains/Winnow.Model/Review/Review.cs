using System.Text.Json.Serialization;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Names;
using Winnow.Model.Prelabels;

namespace Winnow.Model.Review;

/// <summary>What a person did with a task.</summary>
[JsonConverter(typeof(KebabEnumConverter<DecisionKind>))]
public enum DecisionKind : byte
{
    /// <summary>Said what the image shows.</summary>
    Label = 0,
    /// <summary>Said that no class of the schema fits or that the image is unusable.</summary>
    Reject = 1,
    /// <summary>Could not tell; somebody else is asked.</summary>
    Skip = 2,
    /// <summary>
    /// Takes one entry of the history back, as if it had never been said: what stands is what the others say. Taking such an entry back in
    /// its turn brings the first one back.
    /// </summary>
    TakeBack = 3,
    /// <summary>
    /// What stands is to be said anew: nothing does until then, not even a label that came with the image. Whoever was asked before is
    /// asked again.
    /// </summary>
    AskAgain = 4,
    /// <summary>What stands is right: the answer of a verifier who agrees.</summary>
    Confirm = 5,
    /// <summary>
    /// What stands, or what is said with it, is known for certain: the image is gold, and people are checked by it. Nobody is asked about
    /// it otherwise.
    /// </summary>
    Gold = 6,
}

/// <summary>What a person says about an image.</summary>
public sealed record Decision
{
    /// <summary>What was done.</summary>
    public required DecisionKind Kind { get; init; }
    /// <summary>
    /// What the image shows; empty unless <see cref="Kind"/> is <see cref="DecisionKind.Label"/>, or <see cref="DecisionKind.Gold"/>, where
    /// what stands is meant if it is left out.
    /// </summary>
    public IReadOnlyList<Annotation> Annotations { get; set; } = [];
    /// <summary>Which entry is taken back: its version. Null unless <see cref="Kind"/> is <see cref="DecisionKind.TakeBack"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Of { get; init; }
    /// <summary>How long the person looked, in milliseconds.</summary>
    public long? ElapsedMilliseconds { get; init; }
    /// <summary>What the person wrote; at most 2,000 characters.</summary>
    [Text(TextKind.Free, MaxComment)]
    public string? Comment { get; init; }

    /// <summary>Most characters of a comment.</summary>
    public const int MaxComment = 2_000;

    /// <summary>The same with what the person wrote as it is kept: in one line, and nothing in it but what can be shown.</summary>
    public Decision Cleaned() => this with
    {
        Comment = Comment is null ? null : ShownText.Clean(Comment),
        Annotations = [.. Annotations.Select(AnnotationRules.Cleaned)],
    };

    /// <summary>The first thing that is wrong, as a sentence; null when all is sound.</summary>
    /// <param name="schema">The label schema that it is said under.</param>
    public string? Check(LabelSchema schema) => Check(schema, null);

    /// <summary>The same of what was said under an earlier version of the schema, in whose names it is.</summary>
    /// <param name="schema">The label schema as it is now.</param>
    /// <param name="version">The version; null for the first.</param>
    internal string? CheckEarlier(LabelSchema schema, int? version) =>
        (version ?? 1) == schema.Number || Annotations is null || Annotations.Any(a => a is null) ? Check(schema)
            : Check(schema, SchemaMap.Of(schema).Map(Annotations, version ?? 1).Annotations);

    private string? Check(LabelSchema schema, IReadOnlyList<Annotation>? mapped)
    {
        if (MemberRules.Word("kind", Kind) is { } unknown) return unknown;
        if (ElapsedMilliseconds is < 0) return $"elapsedMilliseconds must be 0 or more, not {ElapsedMilliseconds}.";
        if (Comment is { Length: > MaxComment }) return $"A comment has at most {MaxComment:N0} characters.";
        if (Annotations is null || Annotations.Any(a => a is null)) return "annotations holds one that is null.";
        if (Kind == DecisionKind.Label && Annotations.Count == 0 && !schema.TakesNone)
            return "A label decision needs at least one annotation.";
        if (Kind is not (DecisionKind.Label or DecisionKind.Gold) && Annotations.Count > 0)
            return "Only a label or what is known for certain (gold) carries annotations.";
        if (Kind == DecisionKind.TakeBack && Of is not >= 1)
            return "Taking back needs the version of an entry of the image's history, in 'of'. A label that came with the image is none: "
                + "ask again to have it said anew.";
        if (Kind != DecisionKind.TakeBack && Of is not null) return "Only taking back names an entry, in 'of'.";
        return mapped is null ? AnnotationRules.Check(Annotations, schema) : AnnotationRules.CheckEarlier(mapped, schema);
    }
}

/// <summary>What an entry of an image's history records.</summary>
[JsonConverter(typeof(KebabEnumConverter<HistoryKind>))]
public enum HistoryKind : byte
{
    /// <summary>The label that came with the image.</summary>
    Imported = 0,
    /// <summary>The answer to a review task.</summary>
    Decided = 1,
    /// <summary>An answer that came after somebody else's: kept, and does not replace the first.</summary>
    SecondOpinion = 2,
    /// <summary>A later correction that replaces what stood.</summary>
    Corrected = 3,
    /// <summary>An entry was taken back: see <see cref="DecisionKind.TakeBack"/>.</summary>
    TakenBack = 4,
    /// <summary>What stood is to be said anew: see <see cref="DecisionKind.AskAgain"/>.</summary>
    AskedAgain = 5,
}

/// <summary>One human fact about an image. Entries are appended, never changed.</summary>
/// <param name="Version">1 for the first entry of the image; each next one adds one.</param>
/// <param name="Kind">What it records.</param>
/// <param name="Actor">Who.</param>
/// <param name="At">When it was committed.</param>
/// <param name="OperationId">The command that made it; the same command sent twice makes one entry.</param>
/// <param name="Decision">What was said.</param>
/// <param name="Told">Number of the restoration that brought it: who acted, and when, is as that backup says. Null: it was recorded
/// here.</param>
/// <param name="Terms">On which terms it was asked for; null on plain ones, and for what nobody asked for.</param>
/// <param name="Schema">The version of the label schema that it was said under, in whose names it is; null for the first.</param>
public sealed record HistoryEntry(
    long Version, HistoryKind Kind, string Actor, DateTimeOffset At, Guid OperationId, Decision Decision, int? Told = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] TaskTerms? Terms = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Schema = null)
{
    /// <summary>Bytes of the largest entry that is taken, as JSON.</summary>
    public const int MaxBytes = 8 << 20;

    /// <summary>
    /// Whether nobody knows by the newest schema what it says, as a class of it was split, or retired to be asked again: it counts as
    /// nothing. Never stored.
    /// </summary>
    [JsonIgnore]
    public bool IsVoid { get; init; }

    /// <summary>Whether it counts by the newest schema as another class than was said. Never stored.</summary>
    [JsonIgnore]
    public bool IsMerged { get; init; }

    /// <summary>The first thing that is wrong with an entry as it is stored, as a sentence; null when all is sound.</summary>
    /// <param name="schema">The label schema.</param>
    /// <param name="latest">The latest moment that there can be.</param>
    public string? Check(LabelSchema schema, DateTimeOffset latest) =>
        MemberRules.Number("version", Version, 1, int.MaxValue)
        ?? MemberRules.Word("kind", Kind)
        // The label that came with an image is told from the image's row; no entry is written for it.
        ?? (Kind == HistoryKind.Imported ? "kind cannot be 'imported' in an entry that is stored." : null)
        ?? ActorName.Check("actor", Actor)
        ?? MemberRules.Date("at", At, latest)
        ?? MemberRules.Id("operationId", OperationId)
        ?? (Decision is null ? "decision is missing." : MemberRules.TextOrNone("decision.comment", Decision.Comment, Decision.MaxComment))
        ?? (Decision!.ElapsedMilliseconds is { } elapsed ? MemberRules.Number("decision.elapsedMilliseconds", elapsed, 0, long.MaxValue)
            : null)
        ?? (Schema is { } said ? MemberRules.Number("schema", said, 2, schema.Number) : null)
        ?? MemberRules.Within("decision", Decision.CheckEarlier(schema, Schema))
        ?? (Decision.Of is null || Decision.Of < Version ? null : $"decision.of must be an entry before {Version}, not {Decision.Of}.")
        ?? (Kind == HistoryKind.TakenBack == (Decision.Kind == DecisionKind.TakeBack)
            && Kind == HistoryKind.AskedAgain == (Decision.Kind == DecisionKind.AskAgain)
            ? null : "kind and decision.kind do not go together.")
        ?? (Terms is null ? null : MemberRules.Within("terms", Terms.Check()))
        ?? (Terms?.Of is null || Terms.Of < Version ? null : $"terms.of must be an entry before {Version}, not {Terms.Of}.")
        ?? (Decision.Kind == DecisionKind.Confirm && Terms?.Kind != TaskKind.Verify ? "decision.kind can be 'confirm' in a verifier's only."
            : null)
        ?? (Told is { } told ? MemberRules.Number("told", told, 1, Restoration.Most) : null);
}

/// <summary>A question to a person, with the lease that lets that person answer it.</summary>
public sealed record ReviewTask
{
    /// <summary>The image in question.</summary>
    public required ImageId Image { get; init; }
    /// <summary>The name it came under.</summary>
    public required string Name { get; init; }
    /// <summary>What is asked.</summary>
    public TaskKind Kind { get; init; }
    /// <summary>
    /// How much asking is worth; higher first. 0 for whoever does not hold start-rounds: it would tell which tasks are of the audit sample,
    /// and which check people.
    /// </summary>
    public required double Priority { get; init; }
    /// <summary>The signed lease to send back with the answer.</summary>
    public required string Lease { get; init; }
    /// <summary>
    /// Until when the lease keeps the task from others. Where the server that gave it is lost or restarted, only whoever presents the lease
    /// within a few seconds (<c>tasks/renew</c>) keeps it for so long; an answer under it is taken all the same.
    /// </summary>
    public required DateTimeOffset LeasedUntil { get; init; }
    /// <summary>What machines propose; nothing where several people label an image, each without a hint.</summary>
    public IReadOnlyList<Prelabel> Prelabels { get; set; } = [];
    /// <summary>
    /// What was said before and is asked about: of a task to verify what stands, of one to arbitrate all that differ, oldest first.
    /// </summary>
    public IReadOnlyList<Opinion> Opinions { get; set; } = [];
}

/// <summary>A request for tasks.</summary>
/// <param name="Max">
/// How many at most, 1 to 1,000. Fewer come where the person holds others: see <see cref="DatasetSettings.TasksPerPerson"/>.
/// </param>
/// <param name="WaitMilliseconds">How long to wait for the first when there is none, at most 30,000.</param>
/// <param name="Kinds">Of which kinds; null for all that the person may do.</param>
public sealed record LeaseRequest(int Max = 1, int WaitMilliseconds = 0, IReadOnlyList<TaskKind>? Kinds = null)
{
    /// <summary>
    /// Whether the tasks are to be alike: first labels whose images the model takes for one class, those that lie nearest to each other
    /// first. A person looks at them together and says what is not so.
    /// </summary>
    public bool Alike { get; init; }

    /// <summary>The class that alike images are taken for; null for the one that most are. Only with <see cref="Alike"/>.</summary>
    [Text(TextKind.Exact)]
    public string? Class { get; init; }

    /// <summary>The first thing that is wrong, as a sentence with the member's name; null when all is sound.</summary>
    /// <param name="schema">The label schema.</param>
    public string? Check(LabelSchema schema) =>
        Max is < 1 or > 1000 ? $"max must be 1 to 1000, not {Max}."
        : Class is not null && !Alike ? "class is given, and alike is not true."
        : Class is not null && schema.IndexOf(Class) < 0 ? $"class {ShownText.Quote(Class)} is not in the label schema."
        : Alike && !schema.IsOneClass ? "alike asks for images of one class each, and this dataset asks for something else."
        : Alike && Kinds is not null && !Kinds.Contains(TaskKind.Label) ? "alike images are first labels, which kinds leaves out."
        : null;
}

/// <summary>An answer to a review task, or a correction without one.</summary>
/// <param name="Image">The image.</param>
/// <param name="OperationId">
/// Chosen by the caller; sending the same again is harmless. It belongs to its person and to what it said of the image: for anything else
/// it is a conflict.
/// </param>
/// <param name="Decision">What the person says.</param>
/// <param name="Lease">The lease under which it was made; absent for a correction.</param>
/// <param name="ExpectedVersion">
/// For a correction: the version of the human facts that the person saw. A newer one is a conflict. Whoever does not hold
/// correct-decisions may say instead how many entries are their own, as results tell them.
/// </param>
public sealed record SubmitDecision(ImageId Image, Guid OperationId, Decision Decision, string? Lease = null, long? ExpectedVersion = null)
    : IFreeText
{
    /// <summary>
    /// The version of the label schema in whose names the decision is; null for the one that was the newest when the lease was given. A
    /// correction that says none is refused where a name has become another class's since the image's last entry.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Schema { get; init; }

    IFreeText IFreeText.Cleaned() => this with { Decision = Decision.Cleaned() };
}

/// <summary>What became of an answer.</summary>
[JsonConverter(typeof(KebabEnumConverter<SubmitStatus>))]
public enum SubmitStatus : byte
{
    /// <summary>It stands, on disk.</summary>
    Recorded = 0,
    /// <summary>Somebody else had answered; kept as a second opinion, on disk.</summary>
    SecondOpinion = 1,
    /// <summary>It was recorded before, by the same operation of the same person, with the same content.</summary>
    AlreadyRecorded = 2,
    /// <summary>Refused: the reason says why. Nothing was written.</summary>
    Refused = 3,
    /// <summary>
    /// Refused: the human facts are newer than what the person saw, the person has answered this task already, or the operation id belongs
    /// to another answer. The reason says which, and what to do. Nothing was written.
    /// </summary>
    Conflict = 4,
}

/// <summary>The answer to one submitted decision.</summary>
/// <param name="Image">The image.</param>
/// <param name="Status">What became of it.</param>
/// <param name="Version">
/// Entries of the image's history. Whoever does not hold correct-decisions is told how many of them are their own, since what others said
/// tells whether they are checked.
/// </param>
/// <param name="Reason">Why it was not recorded; or, where it was, what of it was changed: shapes cut at the picture's edge.</param>
public sealed record SubmitResult(ImageId Image, SubmitStatus Status, long Version, string? Reason = null);
