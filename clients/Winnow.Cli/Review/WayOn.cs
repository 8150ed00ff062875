using Winnow.Model.Overview;

namespace Winnow.Cli.Review;

/// <summary>How to go on with tasks that are open and come no more to whoever skipped them.</summary>
internal static class WayOn
{
    /// <summary>The sentences.</summary>
    /// <param name="status">How the dataset stands: whether a round waits for the tasks.</param>
    public static string Of(DatasetStatus status) =>
        "Nobody is asked again what they skipped; what was given back comes again when nothing else is left, "
        + "and what was handed out before a server was lost when its lease is over. "
        + "Go on in one of these ways: somebody else answers them (another key, or --actor NAME without keys); "
        + (status.ActiveRounds.Count == 0 ? "" : $"'winnow rounds end {status.Name}' has the round go on without them; ")
        + "or whoever may correct decisions sends one without a lease (POST …/decisions with expectedVersion).";
}
