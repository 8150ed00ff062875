namespace Winnow.Algorithms.Quality;

/// <summary>How far the predictions of new images have moved from those of the pool that the model was promoted on.</summary>
/// <remarks>
/// Predicted classes stand in for true ones: a shift of the classes shows, and so does much of a shift of the pictures, but a model that is
/// wrong in a new way with the same shares does not. Chance alone moves both: the distance of n new images over K even classes is about
/// √(K / 2πn) without any drift, so compare it with that; the statistic per degree of freedom is near 1.
/// </remarks>
/// <param name="TotalVariation">Half the sum of the absolute differences of the class shares, 0 to 1.</param>
/// <param name="ChiSquarePerDegree">Pearson's χ² of the two-row table, by its degrees of freedom; 0 where one class holds
/// everything.</param>
/// <param name="ReferenceMargin">Mean uncertainty by margin of the reference.</param>
/// <param name="RecentMargin">Mean uncertainty by margin of the newest images.</param>
public readonly record struct PredictionDrift(double TotalVariation, double ChiSquarePerDegree, double ReferenceMargin, double RecentMargin)
{
    /// <summary>Compares counts per predicted class; null when either side is empty.</summary>
    /// <param name="reference">Images per class of the reference.</param>
    /// <param name="recent">Images per class of the newest images.</param>
    /// <param name="referenceMargin">Sum of the uncertainty by margin over the reference.</param>
    /// <param name="recentMargin">The same over the newest images.</param>
    /// <exception cref="ArgumentException">The two sides do not have the same classes.</exception>
    public static PredictionDrift? Between(ReadOnlySpan<long> reference, ReadOnlySpan<long> recent, double referenceMargin,
        double recentMargin)
    {
        if (reference.Length != recent.Length)
            throw new ArgumentException($"{recent.Length} classes against {reference.Length}.", nameof(recent));
        long n = 0, m = 0;
        for (var c = 0; c < reference.Length; c++) (n, m) = (n + reference[c], m + recent[c]);
        if (n == 0 || m == 0) return null;
        double distance = 0, chi = 0;
        var present = 0;
        for (var c = 0; c < reference.Length; c++)
        {
            var both = reference[c] + recent[c];
            if (both == 0) continue;
            present++;
            double p = (double)reference[c] / n, q = (double)recent[c] / m;
            distance += Math.Abs(p - q) / 2;
            // Σ (observed − expected)² / expected over both rows of a column, in one term.
            chi += (p - q) * (p - q) * n * m / both;
        }
        return new PredictionDrift(distance, present < 2 ? 0 : chi / (present - 1), referenceMargin / n, recentMargin / m);
    }
}
