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

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
