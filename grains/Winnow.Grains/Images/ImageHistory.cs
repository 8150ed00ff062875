using System.Text.Json;
using Winnow.Abstractions.Health;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Labels;
using Winnow.Model.Names;
using Winnow.Model.Review;

namespace Winnow.Grains.Images;

/// <summary>What people who could not tell left in an image's history.</summary>
/// <param name="People">Who they were, each once.</param>
/// <param name="Last">Whether the last entry that counts is one of theirs.</param>
public sealed record Skips(string[] People, bool Last)
{
    /// <summary>Whether somebody else could tell, so that what they said is not to be lost.</summary>
    public bool Answered { get; init; }
}

/// <summary>Human facts are a list that only grows; what stands is a pure function of it.</summary>
public static partial class ImageHistory
{
    /// <summary>This many people may say that they cannot tell before an image is taken off the queue.</summary>
    public const int MaxSkips = 3;

    /// <summary>
    /// This many entries one person may make in an image's history, corrections and all. Nobody changes their mind so often, and what may
    /// be appended without end is a way to fill a disk.
    /// </summary>
    public const int MaxOfOnePerson = 100;

    /// <summary>
    /// What stands after these entries. An entry that was taken back says nothing, nor does one before the image was asked about again.
    /// </summary>
    public static Standing Fold(IReadOnlyList<HistoryEntry> entries)
    {
        var standing = Standing.Nothing;
        foreach (var (_, after) in Counting(entries)) standing = after;
        return standing;
    }

    /// <summary>
    /// The entries that count for what stands, each with what stands after it. Those before an image was asked about again do not belong to
    /// them any more, but the asking does.
    /// </summary>
    private static List<(HistoryEntry Entry, Standing After)> Counting(IReadOnlyList<HistoryEntry> entries)
    {
        var counting = new List<(HistoryEntry, Standing)>(entries.Count);
        var fold = new StandingFold(IsInVerification(entries));
        var back = TakenBack(entries);
        foreach (var entry in entries)
        {
            if (back?.Contains(entry.Version) == true || entry.Decision.Kind == DecisionKind.TakeBack) continue;
            if (!fold.Add(entry)) continue;
            if (entry.Decision.Kind == DecisionKind.AskAgain) counting.Clear();
            counting.Add((entry, fold.Standing));
        }
        return counting;
    }

    /// <summary>
    /// Whether somebody verifies the image's label. What was drawn once stays so, whatever is said, taken back and asked again: the shard
    /// knows it by a row of its own, which no entry takes away. Whoever was asked to verify was asked by that row.
    /// </summary>
    public static bool IsInVerification(IReadOnlyList<HistoryEntry> entries) =>
        entries.Any(e => DrawsForVerification(e) || e.Terms?.Kind == TaskKind.Verify);

    /// <summary>Whether an entry is the answer to a task whose label somebody verifies.</summary>
    public static bool DrawsForVerification(HistoryEntry entry) => entry.Terms is { Kind: TaskKind.Label, Verify: true };

    /// <summary>Versions of the entries that were taken back; null where there are none. Taking back can be taken back too.</summary>
    private static HashSet<long>? TakenBack(IReadOnlyList<HistoryEntry> entries)
    {
        HashSet<long>? back = null;
        for (var i = entries.Count - 1; i >= 0; i--)
            if (entries[i].Decision is { Kind: DecisionKind.TakeBack, Of: { } of } && back?.Contains(entries[i].Version) != true)
                (back ??= []).Add(of);
        return back;
    }

    /// <summary>
    /// Why an entry cannot be taken back, as a sentence; null when it can.
    /// </summary>
    public static string? CannotTakeBack(IReadOnlyList<HistoryEntry> entries, long version)
    {
        if (!entries.Any(e => e.Version == version)) return $"The image has no entry {version} in its history, which has {entries.Count}.";
        return TakenBack(entries)?.Contains(version) == true ? $"Entry {version} was taken back already." : null;
    }

    /// <summary>Who could not tell, and whether that is the last that counts.</summary>
    public static Skips SkipsOf(IReadOnlyList<HistoryEntry> entries)
    {
        var counting = Counting(entries);
        var skips = counting.Select(c => c.Entry).Where(e => e.Decision.Kind == DecisionKind.Skip);
        return new Skips([.. skips.Select(e => e.Actor).Distinct(StringComparer.Ordinal)],
            counting is [.., var (last, _)] && last.Decision.Kind == DecisionKind.Skip)
        {
            Answered = AnsweredBy(entries).Length > 0,
        };
    }

    /// <summary>What kind of entry a new decision makes, given what its author had seen.</summary>
    /// <param name="entries">The history so far.</param>
    /// <param name="decision">What is said.</param>
    /// <param name="seenVersion">The version under which the lease was given, or that the corrector saw.</param>
    /// <param name="asked">What was asked under the lease; null for a correction.</param>
    public static HistoryKind KindOf(
        IReadOnlyList<HistoryEntry> entries, DecisionKind decision, long seenVersion, TaskKind? asked) => decision switch
        {
            DecisionKind.TakeBack => HistoryKind.TakenBack,
            DecisionKind.AskAgain => HistoryKind.AskedAgain,
            _ when asked is null => HistoryKind.Corrected,
            _ when asked == TaskKind.Qualify => HistoryKind.Decided,
            _ => entries.Count > 0 && entries[^1].Version > seenVersion && Fold(entries).Question != asked
                ? HistoryKind.SecondOpinion : HistoryKind.Decided,
        };

    /// <summary>
    /// The answer that a person has given already to the task that a lease is for: an entry of theirs which came after what the lease
    /// shows and was not taken back. Whoever was asked again has a lease that shows it. Null when there is none, so that this one is their
    /// first.
    /// </summary>
    /// <param name="entries">The history so far.</param>
    /// <param name="actor">The person.</param>
    /// <param name="seenVersion">The version under which the lease was given.</param>
    public static HistoryEntry? AnswerOf(IReadOnlyList<HistoryEntry> entries, string actor, long seenVersion)
    {
        var back = TakenBack(entries);
        return entries.LastOrDefault(e => e.Version > seenVersion && e.Actor == actor && back?.Contains(e.Version) != true
            && e.Decision.Kind is DecisionKind.Label or DecisionKind.Reject or DecisionKind.Skip or DecisionKind.Confirm);
    }

    /// <summary>
    /// Who has said what the image shows, and is not asked what they make of it again: nobody verifies or settles their own word. Those who
    /// could not tell are not among them.
    /// </summary>
    public static string[] AnsweredBy(IReadOnlyList<HistoryEntry> entries)
    {
        var back = TakenBack(entries);
        var answered = new List<string>();
        foreach (var entry in entries)
        {
            if (back?.Contains(entry.Version) == true || entry.Terms?.Kind == TaskKind.Qualify) continue;
            if (entry.Decision.Kind == DecisionKind.AskAgain) answered.Clear();
            // Of what they said nobody knows any more what it is: they are asked like anybody else.
            else if (entry.IsVoid) answered.Remove(entry.Actor);
            // A late opinion is one too: who gave it has made up their mind.
            else if (Answers(entry) && !answered.Contains(entry.Actor)) answered.Add(entry.Actor);
        }
        return [.. answered];
    }

    /// <summary>
    /// Who is not asked about an image whose label is known: who said so, who said anything of it, and who was asked already.
    /// </summary>
    public static string[] KnownTo(IReadOnlyList<HistoryEntry> entries)
    {
        var back = TakenBack(entries);
        return [.. entries.Where(e => back?.Contains(e.Version) != true)
            .Where(e => e.Decision.Kind is not (DecisionKind.TakeBack or DecisionKind.AskAgain))
            .Select(e => e.Actor).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Adds what people did with one image to what each did so far.</summary>
    public static void Count(IReadOnlyList<HistoryEntry> entries, Dictionary<string, PersonWork> people) =>
        new PeopleCount(people).Add(entries, TakenBack(entries), IsInVerification(entries));

    /// <summary>
    /// What is asked about, without names: what stands, of an image to verify; of one to arbitrate all that was said of it, each once.
    /// </summary>
    public static IReadOnlyList<Opinion> OpinionsOf(IReadOnlyList<HistoryEntry> entries)
    {
        var counting = Counting(entries);
        if (counting is not [.., var (_, standing)] || standing.Question is not (TaskKind.Verify or TaskKind.Arbitrate)) return [];
        if (standing.Question == TaskKind.Verify)
            return [new Opinion(standing.IsLabelled ? DecisionKind.Label : DecisionKind.Reject, standing.Annotations)];
        var opinions = new List<Opinion>();
        foreach (var (entry, after) in counting)
        {
            if (entry.IsVoid || entry.Decision.Kind is not (DecisionKind.Label or DecisionKind.Reject)) continue;
            if (opinions.Exists(o => o.Kind == entry.Decision.Kind && AreSame(o.Annotations, entry.Decision.Annotations))) continue;
            opinions.Add(new Opinion(entry.Decision.Kind, entry.Decision.Annotations));
        }
        return opinions;
    }

    private static bool Answers(HistoryEntry entry) =>
        entry.Decision.Kind is DecisionKind.Label or DecisionKind.Reject or DecisionKind.Confirm;

    /// <summary>Whether a person has made as many entries as one may.</summary>
    public static bool IsFull(IReadOnlyList<HistoryEntry> entries, string actor) =>
        entries.Count >= MaxOfOnePerson && entries.Count(e => e.Actor == actor) >= MaxOfOnePerson;

    /// <summary>
    /// Whether an opinion tells how far people agree: it does where its author has not said before what the image shows. Agreeing with
    /// oneself says nothing.
    /// </summary>
    public static bool TellsOfAgreement(IReadOnlyList<HistoryEntry> before, string actor) =>
        !before.Any(e => e.Actor == actor && e.Decision.Kind is DecisionKind.Label or DecisionKind.Reject);

    /// <summary>Whether two label sets say the same, to the last member; in whatever order.</summary>
    public static bool AreSame(IReadOnlyList<Annotation> one, IReadOnlyList<Annotation> other) =>
        one.Count == other.Count && one.Select(JsonOf).Order(StringComparer.Ordinal)
            .SequenceEqual(other.Select(JsonOf).Order(StringComparer.Ordinal), StringComparer.Ordinal);

    private static string JsonOf(Annotation annotation) => JsonSerializer.Serialize(annotation, ModelJson.Default.Annotation);

    /// <summary>Whether two decisions say the same, to the last member.</summary>
    public static bool AreSame(Decision one, Decision other) =>
        JsonSerializer.SerializeToUtf8Bytes(one, ModelJson.Default.Decision).AsSpan()
            .SequenceEqual(JsonSerializer.SerializeToUtf8Bytes(other, ModelJson.Default.Decision));

    /// <summary>The cluster level from which an entry may be written.</summary>
    public static int LevelOf(HistoryEntry entry, LabelSchema schema) =>
        entry.Schema is not null ? ClusterLevels.Schemas
        : entry.Terms is not null || entry.Decision.Kind is DecisionKind.Confirm or DecisionKind.Gold ? ClusterLevels.Tiers
        : !schema.IsOneClass ? ClusterLevels.LabelSets
        : entry.Decision.Kind is DecisionKind.TakeBack or DecisionKind.AskAgain ? ClusterLevels.Reopening : ClusterLevels.First;

    public static byte[] ToJson(HistoryEntry entry) => JsonSerializer.SerializeToUtf8Bytes(entry, ModelJson.Default.HistoryEntry);

    /// <exception cref="SetAsideException">It cannot be read.</exception>
    public static HistoryEntry FromRow(in HistoryRow row)
    {
        try
        {
            return JsonSerializer.Deserialize(row.EntryJson, ModelJson.Default.HistoryEntry) is { Decision: not null } entry ? entry
                : throw new SetAsideException($"Entry {row.Version} of the history of {row.Image} is empty.");
        }
        catch (Exception broken) when (JsonFaults.IsFault(broken))
        {
            throw new SetAsideException($"Entry {row.Version} of the history of {row.Image} cannot be read: {JsonFaults.Describe(broken)}");
        }
    }

    /// <summary>
    /// An entry as the newest schema has it: what was said counts as that schema says. The same object where nothing of it is different.
    /// </summary>
    public static HistoryEntry Mapped(HistoryEntry entry, SchemaMap map)
    {
        var mapped = map.Map(entry.Decision.Annotations, entry.Schema ?? 1);
        return !mapped.Ask && !mapped.Merged && ReferenceEquals(mapped.Annotations, entry.Decision.Annotations) ? entry
            : entry with
            {
                Decision = entry.Decision with { Annotations = mapped.Annotations },
                IsVoid = mapped.Ask,
                IsMerged = mapped.Merged,
            };
    }

    /// <summary>The label that came with an image, as the entry before all others.</summary>
    /// <param name="className">The class.</param>
    /// <param name="receivedBy">Who brought the image, as its row has it.</param>
    /// <param name="at">When.</param>
    public static HistoryEntry Imported(string className, string receivedBy, DateTimeOffset at)
    {
        var (actor, told) = ActorName.Read(receivedBy);
        return new(0, HistoryKind.Imported, actor, at, Guid.Empty,
            new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(className)] }, told);
    }
}
