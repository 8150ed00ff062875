namespace Winnow.Benchmarks.Measuring;

/// <summary>
/// Pairs of measurements, product beside floor. The two take turns, and change who goes first, so that what else the machine does falls on
/// both alike; only their ratio is to be quoted.
/// </summary>
internal sealed class PairedSamples
{
    private readonly List<(double Product, double Floor)> _pairs = [];

    public IReadOnlyList<(double Product, double Floor)> Pairs => _pairs;

    public void Add(double product, double floor) => _pairs.Add((product, floor));

    public void Add(PairedSamples others) => _pairs.AddRange(others.Pairs);

    /// <summary>Measures in turn: each function gives one figure, in the unit that is reported.</summary>
    public static async Task<PairedSamples> TakeAsync(int repeats, Func<Task<double>> product, Func<Task<double>> floor,
        CancellationToken stop)
    {
        var samples = new PairedSamples();
        for (var i = 0; i < repeats; i++)
        {
            stop.ThrowIfCancellationRequested();
            if (i % 2 == 0)
            {
                var first = await floor();
                samples.Add(await product(), first);
            }
            else
            {
                var first = await product();
                samples.Add(first, await floor());
            }
        }
        return samples;
    }

    /// <summary>
    /// Between which ratios the true median lies, with 95 %: as many of the least and of the greatest are left out as a fair coin seldom
    /// shows so few heads. It assumes nothing of how ratios are spread; of fewer than six pairs it is all of them.
    /// </summary>
    public (double Least, double Greatest) MedianInterval()
    {
        double[] ratios = [.. _pairs.Select(p => p.Product / p.Floor).Order()];
        var (left, term, below) = (0, Math.Pow(0.5, ratios.Length), 0d);
        while (left < ratios.Length / 2 && (below += term) <= 0.025)
        {
            term *= (ratios.Length - left) / (left + 1.0);
            left++;
        }
        left = Math.Max(left - 1, 0);
        return (ratios[left], ratios[^(left + 1)]);
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
