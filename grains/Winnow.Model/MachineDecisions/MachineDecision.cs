using System.Text.Json.Serialization;
using Winnow.Model.Images;
using Winnow.Model.Labels;

namespace Winnow.Model.MachineDecisions;

/// <summary>A machine's decision about an image as it is known: apart from all that people said.</summary>
/// <param name="Kind">What it is worth.</param>
/// <param name="Run">The run that it belongs to.</param>
/// <param name="Source">The model or tool that decided.</param>
/// <param name="Annotations">What it decided, in the names of the newest label schema.</param>
public sealed record MachineDecision(MachineKind Kind, string Run, string Source, IReadOnlyList<Annotation> Annotations)
{
    /// <summary>Which state of the source it was; null where it says nothing of it.</summary>
    public string? Version { get; init; }

    /// <summary>The source's confidence in the whole of it, in [0, 1].</summary>
    public double? Confidence { get; init; }

    /// <summary>When it was made, as the source says.</summary>
    public DateTimeOffset MadeAt { get; init; }

    /// <summary>When it was recorded here.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Who had it recorded.</summary>
    public string By { get; init; } = "";

    /// <summary>That it was taken back; null while it was not.</summary>
    public TakenBackDecision? TakenBack { get; init; }

    /// <summary>
    /// Whether nobody knows what it counts as under the newest label schema: it is of a class that was split, or retired to be asked about.
    /// Then it does not stand.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Outdated { get; init; }

    /// <summary>Whether it stands: of those of an image at most one does, and none where people have said what holds.</summary>
    public bool Stands { get; init; }
}

/// <summary>That a decision was taken back.</summary>
/// <param name="By">Who did.</param>
/// <param name="At">When; null where what was written of it was erased.</param>
/// <param name="Reason">Why; null where what was written of it was erased.</param>
public sealed record TakenBackDecision(string By, DateTimeOffset? At, string? Reason);

/// <summary>What there is of one run, by what decided.</summary>
/// <param name="Run">Its name.</param>
/// <param name="Kind">What its decisions are worth.</param>
/// <param name="Source">The model or tool that decided.</param>
/// <param name="Version">Which state of it.</param>
/// <param name="Decisions">How many images it decided about.</param>
/// <param name="TakenBack">For how many of these that was taken back.</param>
/// <param name="From">When the first of them was recorded.</param>
/// <param name="To">When the last of them was recorded.</param>
public sealed record MachineRun(
    string Run, MachineKind Kind, string Source, string? Version, long Decisions, long TakenBack, DateTimeOffset From, DateTimeOffset To);
