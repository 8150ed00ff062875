using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Winnow.Benchmarks.Measuring;

/// <summary>One figure of a benchmark.</summary>
/// <param name="Name">What was measured, as <c>benchmark/case</c>.</param>
/// <param name="Value">The product's median.</param>
/// <param name="Unit">Of value and floor.</param>
/// <param name="Floor">The floor's median, from the same run.</param>
/// <param name="Ratio">Product to floor: the median of the ratios of the repeats.</param>
/// <param name="Spread">Of the ratio over the repeats: least and greatest.</param>
/// <param name="Reach">What is to be reached, in words.</param>
internal sealed record Figure(string Name, double Value, string Unit, double Floor, double Ratio, double[] Spread, string? Reach);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Figure))]
internal sealed partial class FigureJson : JsonSerializerContext;

/// <summary>What a benchmark runs in: its size, a folder of its own, and where its figures go.</summary>
internal sealed class BenchmarkRun(bool json, bool quick, CancellationToken stop) : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-benchmark-");

    /// <summary>Whether only to see that it runs.</summary>
    public bool Quick => quick;

    public CancellationToken Stop => stop;

    /// <summary>A folder that is removed at the end.</summary>
    public string Folder => _folder.FullName;

    /// <summary>A hundredth of <paramref name="size"/> in a quick run, and at least <paramref name="least"/>.</summary>
    public int Size(int size, int least = 1) => quick ? Math.Max(least, size / 100) : size;

    /// <summary>Repeats of a measurement, of which the median counts.</summary>
    public int Repeats(int repeats) => quick ? 1 : repeats;

    /// <summary>How it goes; to the error stream, so that figures can be piped.</summary>
    public void Say(FormattableString line) => Say(line.ToString(CultureInfo.InvariantCulture));

    public void Say(string line) => Console.Error.WriteLine(line);

    /// <summary>Reports what pairs of product and floor gave.</summary>
    public Figure Report(string name, string unit, PairedSamples samples, string? reach = null)
    {
        var ratios = samples.Pairs.Select(p => p.Product / p.Floor).Order().ToArray();
        var figure = new Figure(name, PairedSamples.Median(samples.Pairs.Select(p => p.Product)), unit,
            PairedSamples.Median(samples.Pairs.Select(p => p.Floor)), PairedSamples.Median(ratios), [ratios[0], ratios[^1]], reach);
        Print(figure);
        return figure;
    }

    private void Print(Figure f)
    {
        if (json) Console.WriteLine(JsonSerializer.Serialize(f, FigureJson.Default.Figure));
        else Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture,
                $"{f.Name,-36} {Number(f.Value),12} {f.Unit,-12} floor {Number(f.Floor),12}   ratio {f.Ratio:F2} ({f.Spread[0]:F2} to "
                + $"{f.Spread[1]:F2}){(f.Reach is null ? "" : $"   to reach: {f.Reach}")}"));
    }

    private static string Number(double value) => value.ToString(Math.Abs(value) >= 100 ? "N0" : "G3", CultureInfo.InvariantCulture);

    public void Dispose() => _folder.Delete(recursive: true);
}
