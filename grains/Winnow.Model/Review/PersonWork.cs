namespace Winnow.Model.Review;

/// <summary>What a person did in a dataset, and how far others agree. What was taken back does not count.</summary>
/// <param name="Person">Who.</param>
/// <param name="Answers">Labels and rejections that answered a task.</param>
/// <param name="Skips">Tasks that they could not tell.</param>
/// <param name="Verified">Labels of others that they looked at.</param>
/// <param name="Settled">Disputes that they settled.</param>
/// <param name="Compared">Answers of theirs that others judged: verifiers, those who labelled the same image, an arbitrator.</param>
/// <param name="Agreed">Those that these agreed with.</param>
/// <param name="Gold">Images whose label is known that they were asked about.</param>
/// <param name="GoldRight">Those that they got right.</param>
/// <param name="Corrected">Labels and rejections of theirs that nobody had asked them for.</param>
public sealed record PersonWork(
    string Person, long Answers = 0, long Skips = 0, long Verified = 0, long Settled = 0, long Compared = 0, long Agreed = 0, long Gold = 0,
    long GoldRight = 0, long Corrected = 0)
{
    /// <summary>The sum of two counts of one person.</summary>
    public PersonWork With(PersonWork other) => this with
    {
        Answers = Answers + other.Answers,
        Skips = Skips + other.Skips,
        Verified = Verified + other.Verified,
        Settled = Settled + other.Settled,
        Compared = Compared + other.Compared,
        Agreed = Agreed + other.Agreed,
        Corrected = Corrected + other.Corrected,
        Gold = Gold + other.Gold,
        GoldRight = GoldRight + other.GoldRight,
    };
}
