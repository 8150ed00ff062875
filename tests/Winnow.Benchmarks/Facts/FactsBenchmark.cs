using Winnow.Benchmarks.Measuring;
using Winnow.Testing;

namespace Winnow.Benchmarks.Facts;

/// <summary>
/// What each kind of row that has a table of its own would cost as a fact: written, on disk, and read when its shard opens. Both go through
/// the ledger that the product uses, to a disk that is flushed.
/// </summary>
internal sealed class FactsBenchmark : IBenchmark
{
    /// <summary>Images of a shard that is read whole.</summary>
    public const int Images = 20_000;

    public string Name => "facts";

    public string Describes => "history, tasks, reservations, quarantine and segments as facts; floor: the same rows in their own tables";

    public async Task RunAsync(BenchmarkRun run)
    {
        await using (var sqlite = new LedgerPair("sqlite",
            await LedgerSide.OpenSqliteAsync(Path.Combine(run.Folder, "own", "ledger.db"), generic: false, run.Stop),
            await LedgerSide.OpenSqliteAsync(Path.Combine(run.Folder, "facts", "ledger.db"), generic: true, run.Stop)))
            await MeasureAsync(run, sqlite);
        PostgresServer server;
        try
        {
            server = await PostgresServer.StartPrivateAsync();
        }
        catch (InvalidOperationException cannot) when (cannot.Message.StartsWith("This machine cannot run", StringComparison.Ordinal))
        {
            run.Say($"PostgreSQL is left out: {cannot.Message.TrimEnd()}");
            return;
        }
        await using (server)
        {
            await using var postgres = new LedgerPair("postgres",
                await LedgerSide.OpenPostgresAsync(await server.CreateDatabaseAsync(), generic: false, run.Stop),
                await LedgerSide.OpenPostgresAsync(await server.CreateDatabaseAsync(), generic: true, run.Stop));
            await MeasureAsync(run, postgres);
        }
    }

    private static async Task MeasureAsync(BenchmarkRun run, LedgerPair pair)
    {
        await SeedAsync(run, pair);
        await pair.Own.AnalyseAsync();
        await pair.Facts.AnalyseAsync();
        await new FactReads(run, pair).MeasureAsync();
        await new FactWrites(run, pair).MeasureAsync();
    }

    private static async Task SeedAsync(BenchmarkRun run, LedgerPair pair)
    {
        var images = run.Size(Images, 500);
        await pair.SeedAsync(run, "history-bytes", ContentShard.History, images,
            (commit, numbers) => commit with { History = Array.ConvertAll(numbers, ReviewContent.History) });
        await pair.SeedAsync(run, "task-bytes", ContentShard.Tasks, images,
            (commit, numbers) => commit with { Tasks = Array.ConvertAll(numbers, n => ReviewContent.Task(n, 1)) });
        await pair.SeedAsync(run, "reservation-bytes", ContentShard.Tasks, images / 10,
            (commit, numbers) => commit with { Reservations = Array.ConvertAll(numbers, n => ReviewContent.Reservation(n, 0)) });
        await pair.SeedAsync(run, "quarantine-bytes", ContentShard.Quarantine, images / 20,
            (commit, numbers) => commit with { Quarantined = Array.ConvertAll(numbers, ReviewContent.Quarantine) });
        await pair.SeedAsync(run, "segment-bytes", ContentShard.Segments, images / 40,
            (commit, numbers) => commit with { Segments = Array.ConvertAll(numbers, ReviewContent.Segment) });
        foreach (var shard in new[] { ContentShard.Quarantine, ContentShard.All })
            foreach (var side in new[] { pair.Own, pair.Facts })
                await side.WriteAsync(
                    side.New(shard) with { Images = [.. Enumerable.Range(0, images).Select(ReviewContent.ImageRow)] }, run.Stop);
        await SeedAllAsync(run, pair, images);
    }

    /// <summary>A shard in the middle of its work: half is decided, some is set aside, little is put aside.</summary>
    private static async Task SeedAllAsync(BenchmarkRun run, LedgerPair pair, int images)
    {
        await pair.SeedAsync(run, null, ContentShard.All, images,
            (commit, numbers) => commit with { Tasks = Array.ConvertAll(numbers, n => ReviewContent.Task(n, 1)) });
        await pair.SeedAsync(run, null, ContentShard.All, images / 2,
            (commit, numbers) => commit with { History = Array.ConvertAll(numbers, ReviewContent.History) });
        await pair.SeedAsync(run, null, ContentShard.All, images / 100, (commit, numbers) => commit with
        {
            Reservations = Array.ConvertAll(numbers, n => ReviewContent.Reservation(images - 1 - n, 0)),
            Quarantined = Array.ConvertAll(numbers, ReviewContent.Quarantine),
        });
        await pair.SeedAsync(run, null, ContentShard.All, 30,
            (commit, numbers) => commit with { Segments = Array.ConvertAll(numbers, ReviewContent.Segment) });
    }
}
