using System.Text.Json;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.MachineDecisions;
using Winnow.Model.Names;

namespace Winnow.Grains.Facts;

/// <summary>
/// Decisions of machines, which only grow. The key is the run, the payload a <see cref="MachineEntry"/> as JSON of the model. Version 1 is
/// what a run decided about an image, version 2 that it was taken back, and there is no third: the version alone says which it is, also
/// where the payload was erased.
/// </summary>
public sealed class MachineDecisionFacts : FactKind
{
    /// <summary>The version of a decision.</summary>
    public const long Made = 1;

    /// <summary>The version of what takes it back.</summary>
    public const long TakenBack = 2;

    // What stands around a decision in its entry: a moment and the names of members.
    private const int MostAround = 1_024;
    private const int MostBytes = ImageMachineDecision.MaxBytes + MostAround;

    /// <inheritdoc/>
    public override string Name => "machine-decision";

    /// <inheritdoc/>
    public override bool AppendOnly => true;

    /// <inheritdoc/>
    public override int Level => ClusterLevels.MachineDecisions;

    /// <summary>The fact of a decision that was checked.</summary>
    internal FactRow Decide(int ordinal, ImageMachineDecision decision, DateTimeOffset at, Guid operationId, string actor) => Make(
        ordinal, decision.Image, decision.Run, Made, operationId, actor, ToJson(new MachineEntry(at, decision, null)));

    /// <summary>The fact that takes a decision back.</summary>
    internal FactRow TakeBack(FactRow decision, string reason, DateTimeOffset at, Guid operationId, string actor) => Make(
        decision.Id.Ordinal, decision.Image, decision.Id.Key, TakenBack, operationId, actor,
        ToJson(new MachineEntry(at, null, reason)));

    /// <inheritdoc/>
    public override string? Check(FactRow fact, DatasetInfo dataset, DateTimeOffset latest)
    {
        if (fact.Id.Ordinal < 0) return "a machine's decision is about an image, and ordinal names none.";
        if (fact.Version is < Made or > TakenBack) return "version is that of no decision, and of nothing that takes one back.";
        if (fact.Payload is not { } json) return null;
        if (json.Length > MostBytes) return $"the payload has {json.Length} bytes, more than a decision can have.";
        if (Read(json) is not { } entry) return "the payload is no entry of machine decisions.";
        if (MemberRules.Date("at", entry.At, latest) is { } never) return never;
        if (fact.Version == TakenBack)
            return entry.Decision is not null ? "version 2 takes a decision back, and the payload holds one."
                : MemberRules.Text("takenBack", entry.TakenBack, TakeBackMachineDecisions.MaxReason, least: 1);
        if (entry.Decision is not { } decision || entry.TakenBack is not null) return "version 1 is a decision, and the payload is none.";
        if (decision.Run != fact.Id.Key) return "key is not the run of the decision.";
        return decision.Image == fact.Image ? decision.CheckStored(dataset.Schema, latest) : "image is not the one of the decision.";
    }

    /// <summary>
    /// What is known of one image, as the newest schema has it, oldest first. A decision that was erased is none any more; one whose taking
    /// back was erased is taken back still.
    /// </summary>
    /// <param name="facts">Its facts of this kind.</param>
    /// <param name="schema">The newest label schema.</param>
    public static MachineDecision[] Read(IEnumerable<FactRow> facts, LabelSchema schema) => [.. facts
        .GroupBy(f => f.Id.Key, StringComparer.Ordinal).Select(run => ReadRun([.. run], schema)).OfType<MachineDecision>()
        .OrderBy(d => d.At).ThenBy(d => d.Run, StringComparer.Ordinal)];

    /// <summary>The decision of a fact; null where it is none, was erased or cannot be read.</summary>
    internal static ImageMachineDecision? DecisionOf(FactRow fact) =>
        fact.Version == Made && fact.Payload is { } json ? Read(json)?.Decision : null;

    private static MachineDecision? ReadRun(FactRow[] run, LabelSchema schema)
    {
        if (Array.Find(run, f => f.Version == Made) is not { Payload: { } json } made || Read(json) is not { Decision: { } decision } entry)
            return null;
        var now = SchemaMap.Of(schema).Map(decision.Annotations, decision.Schema ?? 1);
        var isSaid = schema.Version is null || (!now.Ask && AnnotationRules.CheckEarlier(now.Annotations, schema) is null);
        return new MachineDecision(decision.Kind, decision.Run, decision.Source, now.Annotations)
        {
            Version = decision.Version,
            Confidence = decision.Confidence,
            MadeAt = decision.MadeAt,
            At = entry.At,
            By = ActorName.Read(made.Actor).Actor,
            Outdated = !isSaid,
            TakenBack = Array.Find(run, f => f.Version == TakenBack) is { } back ? TakenBackBy(back) : null,
        };
    }

    private static TakenBackDecision TakenBackBy(FactRow fact)
    {
        var entry = fact.Payload is { } json ? Read(json) : null;
        return new TakenBackDecision(ActorName.Read(fact.Actor).Actor, entry?.At, entry?.TakenBack);
    }

    private static byte[] ToJson(MachineEntry entry) => JsonSerializer.SerializeToUtf8Bytes(entry, ModelJson.Default.MachineEntry);

    private static MachineEntry? Read(byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ModelJson.Default.MachineEntry);
        }
        catch (Exception e) when (JsonFaults.IsFault(e))
        {
            return null;
        }
    }
}
