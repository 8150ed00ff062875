using System.Text.Json;
using Winnow.Abstractions.Health;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Names;
using Winnow.Model.Review;

namespace Winnow.Grains.Images;

/// <summary>What stands of an image after its history.</summary>
/// <param name="Annotations">By the latest entry that counts.</param>
/// <param name="Stage">The stage that people have brought it to; null while they have not.</param>
/// <param name="Closed">Whether nobody needs to be asked.</param>
public sealed record Standing(IReadOnlyList<Annotation> Annotations, Stage? Stage, bool Closed)
{
    public static readonly Standing Nothing = new([], null, false);

    /// <summary>Class index of the whole image under a schema, or -1.</summary>
    public int LabelIndex(LabelSchema schema)
    {
        foreach (var annotation in Annotations)
            if (annotation is ClassTag tag) return schema.IndexOf(tag.Class);
        return -1;
    }
}

/// <summary>What people who could not tell left in an image's history.</summary>
/// <param name="People">Who they were, each once.</param>
/// <param name="Last">Whether the last entry that counts is one of theirs.</param>
public sealed record Skips(string[] People, bool Last);

/// <summary>Human facts are a list that only grows; what stands is a pure function of it.</summary>
public static class ImageHistory
{
    /// <summary>This many people may say that they cannot tell before an image is taken off the queue.</summary>
    public const int MaxSkips = 3;

    /// <summary>
    /// This many entries one person may make in an image's history, corrections and all. Nobody changes their mind so often, and what may
    /// be appended without end is a way to fill a disk.
    /// </summary>
    public const int MaxOfOnePerson = 100;

    /// <summary>What stands after these entries.</summary>
    public static Standing Fold(IReadOnlyList<HistoryEntry> entries)
    {
        var standing = Standing.Nothing;
        // Somebody who could not tell twice is one person.
        var skippers = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            // A second opinion is kept for agreement figures; it does not replace the answer that came first.
            if (entry.Kind == HistoryKind.SecondOpinion) continue;
            switch (entry.Decision.Kind)
            {
                case DecisionKind.Label:
                    standing = new Standing(entry.Decision.Annotations, Stage.Labeled, true);
                    break;
                case DecisionKind.Reject:
                    standing = new Standing([], Stage.Labeled, true);
                    break;
                case DecisionKind.Skip when !standing.Closed && skippers.Add(entry.Actor) && skippers.Count >= MaxSkips:
                    standing = new Standing([], Stage.Labeled, true);
                    break;
            }
        }
        return standing;
    }

    /// <summary>Who could not tell, and whether that is the last that counts.</summary>
    public static Skips SkipsOf(IReadOnlyList<HistoryEntry> entries)
    {
        HistoryEntry[] counting = [.. entries.Where(e => e.Kind != HistoryKind.SecondOpinion)];
        var skips = counting.Where(e => e.Decision.Kind == DecisionKind.Skip);
        return new Skips([.. skips.Select(e => e.Actor).Distinct(StringComparer.Ordinal)],
            counting is [.., { Decision.Kind: DecisionKind.Skip }]);
    }

    /// <summary>What kind of entry a new decision makes, given what its author had seen.</summary>
    /// <param name="entries">The history so far.</param>
    /// <param name="seenVersion">The version under which the lease was given, or that the corrector saw.</param>
    /// <param name="underLease">False for a correction.</param>
    public static HistoryKind KindOf(IReadOnlyList<HistoryEntry> entries, long seenVersion, bool underLease)
    {
        if (!underLease) return HistoryKind.Corrected;
        return Fold(entries).Closed && entries.Count > 0 && entries[^1].Version > seenVersion
            ? HistoryKind.SecondOpinion : HistoryKind.Decided;
    }

    /// <summary>
    /// The answer that a person has given already to the task that a lease is for: an entry of theirs which came after what the lease
    /// shows. Whoever was asked again has a lease that shows it. Null when there is none, so that this one is their first.
    /// </summary>
    /// <param name="entries">The history so far.</param>
    /// <param name="actor">The person.</param>
    /// <param name="seenVersion">The version under which the lease was given.</param>
    public static HistoryEntry? AnswerOf(IReadOnlyList<HistoryEntry> entries, string actor, long seenVersion) =>
        entries.LastOrDefault(e => e.Version > seenVersion && e.Actor == actor);

    /// <summary>Whether a person has made as many entries as one may.</summary>
    public static bool IsFull(IReadOnlyList<HistoryEntry> entries, string actor) =>
        entries.Count >= MaxOfOnePerson && entries.Count(e => e.Actor == actor) >= MaxOfOnePerson;

    /// <summary>
    /// Whether an opinion tells how far people agree: it does where its author has not said before what the image shows. Agreeing with
    /// oneself says nothing.
    /// </summary>
    public static bool TellsOfAgreement(IReadOnlyList<HistoryEntry> before, string actor) =>
        !before.Any(e => e.Actor == actor && e.Decision.Kind != DecisionKind.Skip);

    /// <summary>Whether two decisions say the same, to the last member.</summary>
    public static bool AreSame(Decision one, Decision other) =>
        JsonSerializer.SerializeToUtf8Bytes(one, ModelJson.Default.Decision).AsSpan()
            .SequenceEqual(JsonSerializer.SerializeToUtf8Bytes(other, ModelJson.Default.Decision));

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
