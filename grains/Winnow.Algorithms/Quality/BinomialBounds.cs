namespace Winnow.Algorithms.Quality;

/// <summary>Exact bounds on a proportion (Clopper, Pearson 1934), by the inverse of the regularised incomplete beta function.</summary>
public static class BinomialBounds
{
    /// <summary>
    /// The two-sided interval for <paramref name="successes"/> of <paramref name="trials"/>; each side misses with (1 − confidence) / 2 at
    /// most.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Counts or confidence out of range.</exception>
    public static (double Lower, double Upper) ClopperPearson(int successes, int trials, double confidence)
    {
        var tail = (1 - confidence) / 2;
        return (Lower(successes, trials, tail), Upper(successes, trials, tail));
    }

    /// <summary>The one-sided lower bound that misses with probability <paramref name="delta"/> at most.</summary>
    public static double Lower(int successes, int trials, double delta)
    {
        Check(successes, trials, delta);
        return successes == 0 ? 0 : InverseBeta(delta, successes, trials - successes + 1);
    }

    /// <summary>The one-sided upper bound that misses with probability <paramref name="delta"/> at most.</summary>
    public static double Upper(int successes, int trials, double delta)
    {
        Check(successes, trials, delta);
        return successes == trials ? 1 : InverseBeta(1 - delta, successes + 1, trials - successes);
    }

    private static void Check(int successes, int trials, double delta)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(trials);
        ArgumentOutOfRangeException.ThrowIfNegative(successes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(successes, trials);
        if (!(delta is > 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(delta), delta, "The probability of a miss lies between 0 and 1.");
    }

    /// <summary>x with I_x(a, b) = p. The function rises with x, so halving finds it to the last bit.</summary>
    internal static double InverseBeta(double p, double a, double b)
    {
        double low = 0, high = 1;
        for (var i = 0; i < 200 && high - low > 1e-16 * high; i++)
        {
            var middle = (low + high) / 2;
            if (RegularisedBeta(middle, a, b) < p) low = middle;
            else high = middle;
        }
        return (low + high) / 2;
    }

    /// <summary>I_x(a, b), by its continued fraction (Lentz's method; DLMF 8.17.22).</summary>
    internal static double RegularisedBeta(double x, double a, double b)
    {
        if (x <= 0) return 0;
        if (x >= 1) return 1;
        // The fraction converges quickly on one side of the mean; the symmetry of I gives the other.
        if (x > (a + 1) / (a + b + 2)) return 1 - RegularisedBeta(1 - x, b, a);
        var front = Math.Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + a * Math.Log(x) + b * Math.Log(1 - x)) / a;
        const double Tiny = 1e-300;
        double c = 1, d = 1 - (a + b) * x / (a + 1);
        d = 1 / (Math.Abs(d) < Tiny ? Tiny : d);
        var f = d;
        for (var m = 1; m <= 10_000; m++)
        {
            var even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            var odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            foreach (var term in (ReadOnlySpan<double>)[even, odd])
            {
                d = 1 + term * d;
                d = 1 / (Math.Abs(d) < Tiny ? Tiny : d);
                c = 1 + term / c;
                if (Math.Abs(c) < Tiny) c = Tiny;
                f *= c * d;
            }
            if (Math.Abs(c * d - 1) < 1e-15) break;
        }
        return front * f;
    }

    /// <summary>ln Γ(x) for x &gt; 0: Stirling's series after shifting x upwards (DLMF 5.11.1).</summary>
    internal static double LogGamma(double x)
    {
        double shift = 0;
        for (; x < 15; x++) shift -= Math.Log(x);
        var i = 1 / (x * x);
        var series = (1.0 / 12 + i * (-1.0 / 360 + i * (1.0 / 1260 + i * (-1.0 / 1680 + i * (1.0 / 1188 - i * 691.0 / 360360))))) / x;
        return shift + (x - 0.5) * Math.Log(x) - x + 0.5 * Math.Log(2 * Math.PI) + series;
    }
}

/// <summary>Compares two classifiers on the same images (McNemar 1947), exactly.</summary>
public static class McNemar
{
    /// <summary>
    /// The probability of at least <paramref name="onlyFirst"/> of all discordant images falling to the first when neither is better: small
    /// where the first is significantly better.
    /// </summary>
    /// <param name="onlyFirst">Images that only the first classifier has right.</param>
    /// <param name="onlySecond">Images that only the second has right.</param>
    public static double OneSidedP(int onlyFirst, int onlySecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(onlyFirst);
        ArgumentOutOfRangeException.ThrowIfNegative(onlySecond);
        // P(X ≥ k) for X ~ Binomial(n, 1/2) is a value of the incomplete beta function.
        return onlyFirst == 0 ? 1 : BinomialBounds.RegularisedBeta(0.5, onlyFirst, onlySecond + 1);
    }
}
