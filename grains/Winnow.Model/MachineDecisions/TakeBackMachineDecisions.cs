using Winnow.Model.Images;
using Winnow.Model.Names;

namespace Winnow.Model.MachineDecisions;

/// <summary>
/// Takes machine decisions back: those of a run, those about an image, or the one of a run about an image. They stay in the records, with
/// who took them back, when and why; a run does not decide again about an image for which that was done.
/// </summary>
/// <param name="Reason">Why; 1 to 2,000 characters.</param>
/// <param name="Run">The run; null for all that decided about the image.</param>
/// <param name="Image">The image; null for all of the run.</param>
public sealed record TakeBackMachineDecisions(
    [property: Text(TextKind.Free, TakeBackMachineDecisions.MaxReason)] string Reason, string? Run = null, ImageId? Image = null)
    : IFreeText
{
    /// <summary>Most characters of a reason.</summary>
    public const int MaxReason = 2_000;

    IFreeText IFreeText.Cleaned() => this with { Reason = ShownText.Clean(Reason) };

    /// <summary>The first thing that is wrong, as a sentence; null when all is sound.</summary>
    public string? Check() =>
        Run is null && Image is null ? "Taking back needs a run, an image, or both."
        : MemberRules.Text("reason", Reason, MaxReason, least: 1)
            ?? (Run is null ? null : MemberRules.Text("run", Run, ImageMachineDecision.MaxName, least: 1));
}

/// <summary>What became of taking back: all of it is on disk.</summary>
/// <param name="TakenBack">How many decisions were taken back now.</param>
/// <param name="Before">How many of those that were meant had been before.</param>
public sealed record TakenBackMachineDecisions(long TakenBack, long Before);

/// <summary>
/// A machine decision as it is kept, or that it was taken back: one of the two is there. The first entry of a run about an image is a
/// decision, the second takes it back, and there is no third.
/// </summary>
/// <param name="At">When it was recorded.</param>
/// <param name="Decision">What was decided.</param>
/// <param name="TakenBack">Why it was taken back.</param>
public sealed record MachineEntry(DateTimeOffset At, ImageMachineDecision? Decision, string? TakenBack);
