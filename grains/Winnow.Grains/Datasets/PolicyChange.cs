using System.Globalization;
using Winnow.Abstractions.Datasets;
using Winnow.Algorithms.Evaluation;
using Winnow.Algorithms.Selection;
using Winnow.Algorithms.Training;
using Winnow.Model.Policies;

namespace Winnow.Grains.Datasets;

/// <summary>What policies may become. Whatever they name is settled here: a round that follows them later could only fail. Pure.</summary>
internal static class PolicyChange
{
    /// <summary>The policies that come next; the same object where nothing changes.</summary>
    /// <param name="current">Those that hold.</param>
    /// <param name="change">What is to change of them.</param>
    /// <param name="actor">Who changes them.</param>
    /// <param name="now">When.</param>
    /// <exception cref="RefusedException">
    /// A value is out of range, a name is borne by nothing, or others hold by now than the change is about.
    /// </exception>
    public static DatasetPolicies Next(DatasetPolicies current, ChangePolicies change, string actor, DateTimeOffset now)
    {
        var changed = change.Of(current);
        // A change that is repeated after a lost answer finds what it made.
        if (changed == current) return current;
        if (change.Version is { } known && known != current.Version)
            throw new RefusedException(string.Create(
                CultureInfo.InvariantCulture,
                $"version: the policies have version {current.Version} by now, and version {known} was to be changed. Look "
                + $"at them again."));
        if (changed.CheckValues() is { } wrong) throw new RefusedException(wrong);
        RoundCommand.Find(QueryStrategies.All, changed.Strategy, "strategy");
        RoundCommand.FindColdStart(changed.ColdStart);
        RoundCommand.Find(Trainers.All, changed.Trainer, "trainer");
        RoundCommand.Find(PromotionRules.All, changed.Promotion, "promotion");
        return changed with { Version = current.Version + 1, ChangedBy = actor, ChangedAt = now, Told = null };
    }
}
