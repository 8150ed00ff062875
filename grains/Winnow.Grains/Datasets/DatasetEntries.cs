using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Names;
using Winnow.Model.Training;

namespace Winnow.Grains.Datasets;

/// <summary>One round as its dataset remembers it.</summary>
public sealed class RoundEntry : IStoredState
{
    public required string Arm { get; set; }
    public required int Number { get; set; }
    public required Guid OperationId { get; set; }
    public required StartRound Command { get; set; }

    /// <summary>Where it stands among all rounds of the dataset, in the order in which they were started.</summary>
    public int Place { get; set; }

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

    public string? Check() => Arms.Check("arm", Arm) ?? MemberRules.Number("number", Number, 1, Arms.MaxRounds)
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

/// <summary>
/// A version of the label schema with the operation that made it. The newest is the truth: the dataset's row follows it, after a crash too.
/// </summary>
public sealed class SchemaEntry : IStoredState
{
    /// <summary>The operation; zero for the version of the dataset's creation.</summary>
    public Guid OperationId { get; set; }

    /// <summary>What was asked for.</summary>
    public Guid Content { get; set; }

    public required SchemaVersion Version { get; set; }

    public string? Check() => Version?.Schema is null ? "version is missing, or its schema." : null;

    /// <summary>The first thing that is wrong with an entry that came from elsewhere.</summary>
    internal string? CheckWhole(DateTimeOffset latest) =>
        Check()
        ?? MemberRules.Within("version", Version.Check(latest))
        ?? (Version.Number == 1 ? null : MemberRules.Id("operationId", OperationId) ?? MemberRules.Id("content", Content));
}

/// <summary>A version with the operation that made it.</summary>
public sealed class VersionEntry : IStoredState
{
    public required Guid OperationId { get; set; }
    public required DatasetVersion Version { get; set; }
    public required string ManifestKey { get; set; }

    public string? Check() => Version is null ? "version is missing." : null;

    /// <summary>The first thing that is wrong with an entry that came from elsewhere. Its manifest is named without the dataset.</summary>
    internal string? CheckWhole(DateTimeOffset latest) =>
        MemberRules.Id("operationId", OperationId)
        ?? Check()
        ?? MemberRules.Within("version", Version.Check(latest))
        ?? (ObjectNames.IsManifest(ManifestKey, Version.Number) ? null
            : $"manifestKey {ShownText.Quote(ManifestKey)} is none of a dataset, or another version's.");
}
