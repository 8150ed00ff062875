using System.Globalization;
using Winnow.Abstractions.Training;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Names;
using Winnow.Model.Training;

namespace Winnow.Grains.Datasets;

/// <summary>One round as its dataset remembers it.</summary>
public sealed class RoundEntry
{
    public required string Arm { get; set; }
    public required int Number { get; set; }
    public required Guid OperationId { get; set; }
    public required StartRound Command { get; set; }

    /// <summary>Who; where a restoration told it, as <see cref="ActorName"/> writes that.</summary>
    public string? StartedBy { get; set; }

    /// <summary>What was asked for, before its defaults were filled in; null of a round of an early release.</summary>
    public Guid? Content { get; set; }

    /// <summary>The candidate and the decision about it; written once.</summary>
    public ModelVersion? Model { get; set; }
    public string? HeadKey { get; set; }
    public bool? Promoted { get; set; }

    /// <summary>How it ended; null while it runs.</summary>
    public RoundInfo? Ended { get; set; }

    internal string? Check() => Arms.Check("arm", Arm) ?? MemberRules.Number("number", Number, 1, Arms.MaxRounds)
        ?? (Command is null ? "command is missing." : null);

    /// <summary>The first thing that is wrong with an entry that came from elsewhere. Its head is named without the dataset.</summary>
    internal string? CheckWhole(DateTimeOffset latest) =>
        Check()
        ?? MemberRules.Id("operationId", OperationId)
        ?? MemberRules.Within("command", Command.Check())
        ?? (Command.Arm == Arm ? null : $"command.arm must be '{Arm}', not {ShownText.Quote(Command.Arm)}.")
        ?? (StartedBy is null ? null : ActorName.Check("startedBy", StartedBy))
        ?? (Content is { } content ? MemberRules.Id("content", content) : null)
        ?? CheckModel(latest)
        ?? MemberRules.Within("ended", Ended?.Check(latest))
        ?? (Ended is null || (Ended.Arm == Arm && Ended.Number == Number) ? null : "ended is about another round.")
        ?? (Ended is null or { Step: >= RoundStep.Done } ? null : "ended has a step at which no round ends.");

    private string? CheckModel(DateTimeOffset latest)
    {
        if (Model is null) return HeadKey is null && Promoted is null ? null : "model is missing, and is spoken of.";
        if (MemberRules.Within("model", Model.Check(latest)) is { } wrong) return wrong;
        if (Model.Arm != Arm || Model.Round != Number) return "model is another round's.";
        if (Promoted is null) return "promoted is missing where there is a model.";
        return ObjectNames.IsHead(HeadKey, Arm, Number, out var sha256) && sha256 == Model.HeadSha256
            ? null : $"headKey {ShownText.Quote(HeadKey)} is none of a dataset, or another model's.";
    }
}

/// <summary>A version with the operation that made it.</summary>
public sealed class VersionEntry
{
    public required Guid OperationId { get; set; }
    public required DatasetVersion Version { get; set; }
    public required string ManifestKey { get; set; }

    internal string? Check() => Version is null ? "version is missing." : null;

    /// <summary>The first thing that is wrong with an entry that came from elsewhere. Its manifest is named without the dataset.</summary>
    internal string? CheckWhole(DateTimeOffset latest) =>
        MemberRules.Id("operationId", OperationId)
        ?? Check()
        ?? MemberRules.Within("version", Version.Check(latest))
        ?? (ObjectNames.IsManifest(ManifestKey, Version.Number) ? null
            : $"manifestKey {ShownText.Quote(ManifestKey)} is none of a dataset, or another version's.");
}

/// <summary>The control state of a dataset: small, and changed a few times per round.</summary>
public sealed class DatasetState : IStoredState
{
    public LearningStateRecord Learning { get; set; } = new();
    public List<RoundEntry> Rounds { get; set; } = [];
    public List<VersionEntry> Versions { get; set; } = [];

    /// <summary>The backbones, once there is more than the one that the dataset was created with.</summary>
    public BackboneBook Backbones { get; set; } = new();

    public LearningState ToLearning() => new(
        Learning.Sequence, Learning.ProjectionKey, Learning.HeadKey, Learning.ModelName, Learning.AuditThreshold, Learning.AuditImages,
        Backbones.Serving, Backbones.Others());

    /// <summary>The latest promoted round of an arm in the space that serves: a model of another has nothing to say in it.</summary>
    public RoundEntry? ChampionOf(string arm) => Rounds.LastOrDefault(r => r.Arm == arm && r.Promoted == true && Serves(r.Model));

    /// <summary>Whether a model works on the vectors that serve.</summary>
    public bool Serves(ModelVersion? model) =>
        model is not null && Learning.ProjectionKey is { } key && key.EndsWith($"/{model.ProjectionSha256}", StringComparison.Ordinal);

    public string? Check() =>
        (Learning is null ? "learning is missing." : null) ?? MemberRules.Each("rounds", Rounds, r => r.Check())
            ?? MemberRules.Each("versions", Versions, v => v.Check())
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
        ?? CheckRounds()
        ?? CheckVersions()
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
