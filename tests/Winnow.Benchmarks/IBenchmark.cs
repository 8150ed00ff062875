using Winnow.Benchmarks.Measuring;

namespace Winnow.Benchmarks;

/// <summary>One row of the table of figures: a path of the product, measured beside its floor in the same process and run.</summary>
internal interface IBenchmark
{
    /// <summary>What it is called by.</summary>
    string Name { get; }

    /// <summary>What is measured against what, in a line.</summary>
    string Describes { get; }

    Task RunAsync(BenchmarkRun run);
}
