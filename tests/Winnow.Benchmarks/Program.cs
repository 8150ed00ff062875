using Winnow.Benchmarks;
using Winnow.Benchmarks.Datasets;
using Winnow.Benchmarks.Facts;
using Winnow.Benchmarks.Images;
using Winnow.Benchmarks.Measuring;
using Winnow.Benchmarks.Peers;
using Winnow.Benchmarks.Review;
using Winnow.Benchmarks.Scoring;
using Winnow.Benchmarks.Selection;
using Winnow.Benchmarks.Training;

// One line per benchmark: its name, and what runs it.
IBenchmark[] benchmarks =
[
    new ScoringBenchmark(),
    new BatchingBenchmark(),
    new DecodeBenchmark(),
    new RescoreBenchmark(),
    new HeadsBenchmark(),
    new SelectBenchmark(),
    new IngestBenchmark(),
    new FactsBenchmark(),
    new NextTaskBenchmark(),
    new NextTaskBenchmark(mixed: true),
    new ActsBenchmark(),
    new ActsBenchmark(byTheLot: true),
    new MemoryBenchmark(),
    new RestartBenchmark(),
    new ScaleBenchmark(),
    new SplitBenchmark(),
    new TlsBenchmark(),
];

if (args is ["--help"] or ["-h"] or [])
{
    Console.WriteLine("dotnet run -c Release --project tests/Winnow.Benchmarks -- NAME [--json] [--quick]\n");
    foreach (var one in benchmarks) Console.WriteLine($"  {one.Name,-15} {one.Describes}");
    Console.WriteLine("\n  all          every one of them, in turn\n\n--json   one line per figure: {name, value, unit, floor, "
        + "ratio}\n--quick  a hundredth of the size: to see that it runs, not to be quoted");
    return args is [] ? 2 : 0;
}
var wanted = args.Where(a => !a.StartsWith("--", StringComparison.Ordinal)).ToArray();
var unknown = args.FirstOrDefault(a => a.StartsWith("--", StringComparison.Ordinal) && a is not ("--json" or "--quick"))
    ?? wanted.FirstOrDefault(w => w != "all" && benchmarks.All(b => b.Name != w));
if (unknown is not null || wanted.Length == 0)
{
    Console.Error.WriteLine(
        $"There is no benchmark '{unknown}'. Those there are: {string.Join(", ", benchmarks.Select(b => b.Name))}, all.");
    return 2;
}
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
var failed = 0;
foreach (var benchmark in benchmarks.Where(b => wanted.Contains("all") || wanted.Contains(b.Name)))
{
    using var run = new BenchmarkRun(json: args.Contains("--json"), quick: args.Contains("--quick"), stop.Token);
    run.Say($"== {benchmark.Name}: {benchmark.Describes}");
    try
    {
        await benchmark.RunAsync(run);
    }
    catch (Exception e) when (e is not OperationCanceledException)
    {
        Console.Error.WriteLine($"{benchmark.Name} failed: {e}");
        failed++;
    }
}
return failed == 0 ? 0 : 1;
