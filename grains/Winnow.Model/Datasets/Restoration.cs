using Winnow.Model.Names;

namespace Winnow.Model.Datasets;

/// <summary>
/// That a dataset came from a backup. Whatever it holds of before that is as the backup told it, who acted included: this server has seen
/// none of it. Where a dataset was restored more than once, all but the last of these were told by a backup themselves.
/// </summary>
/// <param name="At">When it was restored.</param>
/// <param name="By">Who restored it.</param>
/// <param name="Sha256">The hash at the backup's end, lower-case hex.</param>
/// <param name="Backup">The backup's id.</param>
/// <param name="Origin">The name that the dataset bore where the backup was made.</param>
/// <param name="StartedAt">When the backup was begun, as it says.</param>
/// <param name="StartedBy">By whom, as it says.</param>
public sealed record Restoration(
    DateTimeOffset At, string By, string Sha256, Guid Backup, string Origin, DateTimeOffset StartedAt, string StartedBy)
{
    /// <summary>Restorations that a dataset remembers, at most.</summary>
    public const int Most = 1_000;

    /// <summary>The first thing that is wrong, as a sentence with the member's name; null when all is sound.</summary>
    /// <param name="latest">The latest moment that there can be.</param>
    public string? Check(DateTimeOffset latest) =>
        MemberRules.Date("at", At, latest) ?? ActorName.Check("by", By) ?? MemberRules.Sha256("sha256", Sha256)
            ?? MemberRules.Id("backup", Backup)
        ?? DatasetName.Check("origin", Origin) ?? MemberRules.Date("startedAt", StartedAt, latest)
            ?? ActorName.Check("startedBy", StartedBy);
}
