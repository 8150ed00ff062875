using System.Text.Json.Serialization;

namespace Winnow.Model.Review;

/// <summary>What a review task asks of a person. At any time an image is asked about in one way, or not at all.</summary>
[JsonConverter(typeof(KebabEnumConverter<TaskKind>))]
public enum TaskKind : byte
{
    /// <summary>What does it show?</summary>
    Label = 0,
    /// <summary>Is what stands right? Asked of somebody who has not answered before.</summary>
    Verify = 1,
    /// <summary>People disagree: what does it show? Asked of somebody who has not answered before; their word stands.</summary>
    Arbitrate = 2,
    /// <summary>What does it show? Asked of an image of which that is known, to see how well people do: it looks like any other.</summary>
    Qualify = 3,
}

/// <summary>
/// The terms on which a task was given, which its lease bears and its answer keeps: policies may change, and what an answer came to is told
/// by the history alone.
/// </summary>
/// <param name="Kind">What was asked.</param>
/// <param name="Labels">How many people label the image, each without knowing of the others, before a label stands.</param>
/// <param name="Verify">Whether somebody else is asked whether the label is right.</param>
/// <param name="VerifierSettles">Whether the word of a verifier who differs stands; otherwise an arbitrator is asked.</param>
/// <param name="Of">
/// In a verifier's answer: which entry of the history it is about. Where another stands it says nothing. Null in leases.
/// </param>
public sealed record TaskTerms(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] TaskKind Kind = TaskKind.Label,
    int Labels = 1,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Verify = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool VerifierSettles = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Of = null)
{
    /// <summary>Most people who label one image.</summary>
    public const int MostLabels = 9;

    /// <summary>One person says what the image shows, and that is that.</summary>
    public static TaskTerms Plain { get; } = new();

    /// <summary>The first thing that is wrong, as a sentence; null when all is sound.</summary>
    public string? Check() => MemberRules.Word("kind", Kind) ?? MemberRules.Number("labels", Labels, 1, MostLabels)
        ?? (Of is { } of ? MemberRules.Number("of", of, 0, int.MaxValue) : null);
}

/// <summary>What one of the people asked before said of an image, without their name.</summary>
/// <param name="Kind"><see cref="DecisionKind.Label"/> or <see cref="DecisionKind.Reject"/>.</param>
/// <param name="Annotations">What they said that it shows.</param>
public sealed record Opinion(DecisionKind Kind, IReadOnlyList<Labels.Annotation> Annotations);
