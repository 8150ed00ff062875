using System.Globalization;
using Winnow.Abstractions.Training;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Labels;
using Winnow.Model.Names;
using Winnow.Model.Policies;
using Winnow.Model.Training;

namespace Winnow.Grains.Datasets;

/// <summary>How a round's candidate was settled, until that stands in the round's own record too.</summary>
public sealed class SettledRound
{
    public required string Arm { get; set; }
    public required int Number { get; set; }
    public required ModelVersion Model { get; set; }
    public required string HeadKey { get; set; }
    public required bool Promoted { get; set; }

    public static SettledRound Of(RoundEntry round) => new()
    {
        Arm = round.Arm,
        Number = round.Number,
        Model = round.Model!,
        HeadKey = round.HeadKey!,
        Promoted = round.Promoted!.Value,
    };

    /// <summary>Says it to the round, if that does not know.</summary>
    internal void Tell(RoundEntry round)
    {
        if (round.Promoted is not null || round.Arm != Arm || round.Number != Number) return;
        (round.Model, round.HeadKey, round.Promoted) = (Model, HeadKey, Promoted);
    }
}

/// <summary>
/// The control state of a dataset: small, and changed a few times per round. Rounds, versions and policies are records of their own
/// (<see cref="DatasetRecords"/>); here they stand where the last release left them, in backups, and after a restore until something
/// changes.
/// </summary>
public sealed class DatasetState : IStoredState
{
    public LearningStateRecord Learning { get; set; } = new();
    public List<RoundEntry> Rounds { get; set; } = [];
    public List<VersionEntry> Versions { get; set; } = [];
    public List<DatasetPolicies> Policies { get; set; } = [];

    /// <summary>Versions of the label schema, once there is more than that of the dataset's creation.</summary>
    public List<SchemaEntry> Schemas { get; set; } = [];

    /// <summary>The version of the label schema through which all has been asked again that it wanted asked; 0: nothing was.</summary>
    public int AskedThrough { get; set; }

    /// <summary>Written with what follows from it, before the round's record.</summary>
    public SettledRound? Settled { get; set; }

    /// <summary>All rounds, of which some are records: in the order in which they were started, with what was settled of them.</summary>
    internal List<RoundEntry> JoinedRounds(IEnumerable<RoundEntry> records)
    {
        for (var i = 0; i < Rounds.Count; i++) Rounds[i].Place = i;
        var kept = Rounds.Select(r => (r.Arm, r.Number)).ToHashSet();
        var all = Rounds.Concat(records.Where(r => !kept.Contains((r.Arm, r.Number))))
            .OrderBy(r => r.Place).ThenBy(r => r.Arm, StringComparer.Ordinal).ThenBy(r => r.Number).ToList();
        foreach (var round in all) Settled?.Tell(round);
        return all;
    }

    /// <summary>All versions, of which some are records: oldest first.</summary>
    internal List<VersionEntry> JoinedVersions(IEnumerable<VersionEntry> records)
    {
        var kept = Versions.Select(v => v.Version.Number).ToHashSet();
        return [.. Versions.Concat(records.Where(v => !kept.Contains(v.Version.Number))).OrderBy(v => v.Version.Number)];
    }

    /// <summary>All policies, of which some are records: oldest first.</summary>
    internal List<DatasetPolicies> JoinedPolicies(IEnumerable<DatasetPolicies> records)
    {
        var kept = Policies.Select(p => p.Version).ToHashSet();
        return [.. Policies.Concat(records.Where(p => !kept.Contains(p.Version))).OrderBy(p => p.Version)];
    }

    /// <summary>All versions of the label schema, of which some are records: oldest first.</summary>
    internal List<SchemaEntry> JoinedSchemas(IEnumerable<SchemaEntry> records)
    {
        var kept = Schemas.Select(s => s.Version.Number).ToHashSet();
        return [.. Schemas.Concat(records.Where(s => !kept.Contains(s.Version.Number))).OrderBy(s => s.Version.Number)];
    }

    /// <summary>Puts into the state all that is kept beside it, as a backup has it.</summary>
    public void Join(IEnumerable<RoundEntry> rounds, IEnumerable<VersionEntry> versions, IEnumerable<DatasetPolicies> policies,
        IEnumerable<SchemaEntry> schemas)
    {
        // The first is written before the second, and is nothing by itself.
        Schemas = JoinedSchemas(schemas) is var all && all is [{ Version.Number: 1 }] ? [] : all;
        (Rounds, Versions, Policies) = (JoinedRounds(rounds), JoinedVersions(versions), JoinedPolicies(policies));
        Settled = null;
    }

    /// <summary>The backbones, once there is more than the one that the dataset was created with.</summary>
    public BackboneBook Backbones { get; set; } = new();

    public LearningState ToLearning() => new(
        Learning.Sequence, Learning.ProjectionKey, Learning.HeadKey, Learning.ModelName, Learning.AuditThreshold, Learning.AuditImages,
        Backbones.Serving, Backbones.Others());

    /// <summary>The latest promoted round of an arm in the space that serves: a model of another has nothing to say in it.</summary>
    /// <param name="rounds">All rounds.</param>
    /// <param name="arm">The arm.</param>
    /// <param name="schema">The newest label schema: nor has a model that tells other classes apart.</param>
    public RoundEntry? ChampionOf(IReadOnlyList<RoundEntry> rounds, string arm, LabelSchema schema) =>
        rounds.LastOrDefault(r => r.Arm == arm && r.Promoted == true && Serves(r.Model) && schema.Serves(r.Model!.Schema));

    /// <summary>
    /// No model serves any more, in any space: the labels that they learned from count as others by now. Each arm begins anew.
    /// </summary>
    public void ForgetHeads()
    {
        (Learning.HeadKey, Learning.ModelName) = (null, null);
        foreach (var backbone in Backbones.All) (backbone.HeadKey, backbone.ModelName) = (null, null);
    }

    /// <summary>Whether a model works on the vectors that serve.</summary>
    public bool Serves(ModelVersion? model) =>
        model is not null && Learning.ProjectionKey is { } key && key.EndsWith($"/{model.ProjectionSha256}", StringComparison.Ordinal);

    public string? Check() =>
        (Learning is null ? "learning is missing." : null) ?? MemberRules.Each("rounds", Rounds, r => r.Check())
            ?? MemberRules.Each("versions", Versions, v => v.Check())
            ?? MemberRules.Each("policies", Policies, _ => null)
            ?? MemberRules.Each("schemas", Schemas, s => s.Check())
            ?? (Backbones is null ? "backbones is missing." : MemberRules.Within("backbones", Backbones.Check()));

    /// <summary>
    /// The first thing that is wrong with a state that came from elsewhere, as a sentence with the member's name. Objects are named in it
    /// without the dataset.
    /// </summary>
    /// <param name="latest">The latest moment that there can be.</param>
    public string? CheckWhole(DateTimeOffset latest) =>
        Check()
        ?? MemberRules.Each("rounds", Rounds, r => r.CheckWhole(latest))
        ?? MemberRules.Each("versions", Versions, v => v.CheckWhole(latest))
        ?? MemberRules.Each("policies", Policies, p => p.Check(latest))
        ?? MemberRules.Each("schemas", Schemas, s => s.CheckWhole(latest))
        ?? CheckSchemas()
        ?? (Settled is null ? null : "settled stands where rounds say so themselves.")
        ?? CheckRounds()
        ?? CheckVersions()
        ?? CheckPolicies()
        ?? MemberRules.Within("learning", Learning.CheckWhole(Rounds))
        ?? MemberRules.Within("backbones", Backbones.CheckWhole(Rounds, latest));

    private string? CheckRounds()
    {
        var last = new Dictionary<string, RoundEntry>(StringComparer.Ordinal);
        var operations = new HashSet<Guid>();
        for (var i = 0; i < Rounds.Count; i++)
        {
            var round = Rounds[i];
            var before = last.GetValueOrDefault(round.Arm);
            var next = (before?.Number ?? 0) + 1;
            if (round.Number != next)
                return At("rounds", i, $"number must be {next}, which is next in arm '{round.Arm}', not {round.Number}.");
            if (before is { Ended: null }) return At("rounds", i, "number follows a round of its arm that has not ended.");
            if (!operations.Add(round.OperationId)) return At("rounds", i, "operationId is another round's too.");
            last[round.Arm] = round;
        }
        return null;
    }

    private string? CheckVersions()
    {
        var operations = new HashSet<Guid>();
        for (var i = 0; i < Versions.Count; i++)
        {
            if (Versions[i].Version.Number != i + 1)
                return At("versions", i, $"version.number must be {i + 1}, not {Versions[i].Version.Number}.");
            if (!operations.Add(Versions[i].OperationId)) return At("versions", i, "operationId is another version's too.");
        }
        return null;
    }

    private string? CheckPolicies()
    {
        // The first are those of the dataset's creation, and are not kept; one that could not be read was discarded.
        for (var i = 0; i < Policies.Count; i++)
        {
            var before = i == 0 ? 1 : Policies[i - 1].Version;
            if (Policies[i].Version <= before) return At("policies", i, $"version must be above {before}, not {Policies[i].Version}.");
        }
        return null;
    }

    private string? CheckSchemas()
    {
        if (Schemas.Count == 1) return "schemas must have two versions or more, or none.";
        var operations = new HashSet<Guid>();
        for (var i = 0; i < Schemas.Count; i++)
        {
            var wrong = i > 0 ? Schemas[i].Version.CheckAfter(Schemas[i - 1].Version)
                : Schemas[i].Version.Number == 1 ? null : $"number must be 1, not {Schemas[i].Version.Number}.";
            if (wrong is not null) return At("schemas", i, $"version.{wrong}");
            if (i > 0 && !operations.Add(Schemas[i].OperationId)) return At("schemas", i, "operationId is another version's too.");
        }
        var newest = Schemas.Count == 0 ? 1 : Schemas.Count;
        if (MemberRules.Number("askedThrough", AskedThrough, 0, newest) is { } odd) return odd;
        for (var i = 0; i < Rounds.Count; i++)
            if (Rounds[i].Model?.Schema > newest)
                return At("rounds", i, $"model.schema must be 2 to {newest}, not {Rounds[i].Model!.Schema}.");
        return CheckServing();
    }

    /// <summary>Heads that are in use tell the classes of the newest schema apart.</summary>
    private string? CheckServing()
    {
        if (Schemas is not [.., { Version.Schema: var schema }]) return null;
        foreach (var head in Backbones.All.Select(b => b.HeadKey).Append(Learning.HeadKey))
            if (head is not null && Rounds.Find(r => r.HeadKey == head) is { Model: { } model } && !schema.Serves(model.Schema))
                return $"the head of model {model.Name} is of a label schema with other classes than the newest.";
        return null;
    }

    private static string At(string list, int place, string wrong) =>
        string.Create(CultureInfo.InvariantCulture, $"{list}[{place}].{wrong}");
}

/// <summary>The stored form of <see cref="LearningState"/>.</summary>
public sealed class LearningStateRecord
{
    /// <summary>More changes than any dataset can see.</summary>
    private const long MostChanges = 1L << 50;

    public long Sequence { get; set; }
    public string? ProjectionKey { get; set; }
    public string? HeadKey { get; set; }
    public string? ModelName { get; set; }
    public ulong AuditThreshold { get; set; }
    public int? AuditImages { get; set; }
    public bool AuditDrawn { get; set; }

    internal string? CheckWhole(IReadOnlyList<RoundEntry> rounds)
    {
        if (MemberRules.Number("sequence", Sequence, 0, MostChanges) is { } wrong) return wrong;
        if (ProjectionKey is not null && !ObjectNames.IsProjection(ProjectionKey, out _))
            return $"projectionKey {ShownText.Quote(ProjectionKey)} is none of a dataset.";
        if (!AuditDrawn && (AuditThreshold != 0 || AuditImages is not null))
            return "auditThreshold must be 0, and auditImages null, while no audit sample was drawn.";
        if (AuditImages is { } audit && MemberRules.Number("auditImages", audit, 0, 1_000_000) is { } tooMany) return tooMany;
        if (HeadKey is null) return ModelName is null ? null : "modelName names a model without a head.";
        if (ProjectionKey is null) return "projectionKey is missing where there is a head.";
        var champion = rounds.FirstOrDefault(r => r.Arm == Arms.Main && r.Promoted == true && r.Model!.Name == ModelName);
        if (champion?.Model is { } model && !ProjectionKey.EndsWith($"/{model.ProjectionSha256}", StringComparison.Ordinal))
            return $"modelName {ShownText.Quote(ModelName)} is a model of another projection.";
        return champion is null ? $"modelName {ShownText.Quote(ModelName)} is no model that was promoted."
            : champion.HeadKey == HeadKey ? null : $"headKey {ShownText.Quote(HeadKey)} is not that of its model.";
    }
}
