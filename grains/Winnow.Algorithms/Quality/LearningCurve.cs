namespace Winnow.Algorithms.Quality;

/// <summary>Reads a learning curve.</summary>
public static class LearningCurve
{
    /// <summary>The labels at which accuracy first reaches a target, interpolated linearly between budgets; null when it never does.</summary>
    /// <param name="budgets">Label counts, ascending.</param>
    /// <param name="accuracies">Accuracy at each.</param>
    /// <param name="target">The accuracy to reach.</param>
    public static double? LabelsToReach(ReadOnlySpan<int> budgets, ReadOnlySpan<double> accuracies, double target)
    {
        if (budgets.Length != accuracies.Length) throw new ArgumentException($"{accuracies.Length} accuracies for {budgets.Length} budgets.", nameof(accuracies));
        for (var i = 0; i < budgets.Length; i++)
        {
            if (accuracies[i] < target) continue;
            if (i == 0) return budgets[0];
            var (a, b) = (accuracies[i - 1], accuracies[i]);
            return budgets[i - 1] + (target - a) / (b - a) * (budgets[i] - budgets[i - 1]);
        }
        return null;
    }
}
