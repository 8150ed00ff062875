namespace Winnow.Algorithms.Quality;

/// <summary>Reads a learning curve.</summary>
public static class LearningCurve
{
    /// <summary>
    /// The labels at which accuracy first reaches a target, interpolated linearly between budgets; null when it never does.
    /// </summary>
    /// <param name="budgets">Label counts, ascending.</param>
    /// <param name="accuracies">Accuracy at each.</param>
    /// <param name="target">The accuracy to reach.</param>
    public static double? LabelsToReach(ReadOnlySpan<int> budgets, ReadOnlySpan<double> accuracies, double target)
    {
        if (budgets.Length != accuracies.Length)
            throw new ArgumentException($"{accuracies.Length} accuracies for {budgets.Length} budgets.", nameof(accuracies));
        for (var i = 0; i < budgets.Length; i++)
        {
            if (accuracies[i] < target) continue;
            if (i == 0) return budgets[0];
            var (a, b) = (accuracies[i - 1], accuracies[i]);
            return budgets[i - 1] + (target - a) / (b - a) * (budgets[i] - budgets[i - 1]);
        }
        return null;
    }

    /// <summary>
    /// The share of the control's labels that the first curve needed less to reach what the control has at its end: 0.4 where 60 labels did
    /// the work of 100. Negative where it needed more; null when it never got there, or either curve is empty.
    /// </summary>
    public static double? Saved(ReadOnlySpan<int> budgets, ReadOnlySpan<double> accuracies, ReadOnlySpan<int> controlBudgets,
        ReadOnlySpan<double> controlAccuracies)
    {
        if (budgets.IsEmpty || controlBudgets.IsEmpty || controlBudgets[^1] <= 0) return null;
        return 1 - LabelsToReach(budgets, accuracies, controlAccuracies[^1]) / controlBudgets[^1];
    }
}
