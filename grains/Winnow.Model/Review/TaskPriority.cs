using Winnow.Model.Images;

namespace Winnow.Model.Review;

/// <summary>How much asking about an image is worth: of tasks of a kind the higher come first.</summary>
/// <param name="Image">The image.</param>
/// <param name="Priority">A finite number; rounds give 0 to 1, the audit sample 2.</param>
public sealed record TaskPriority(ImageId Image, double Priority)
{
    /// <summary>Most that are changed at once.</summary>
    public const int MostAtOnce = 1_000;

    /// <summary>The first thing that is wrong, as a sentence; null when all is sound.</summary>
    public string? Check() => MemberRules.Number("priority", Priority, -1e9, 1e9);
}
