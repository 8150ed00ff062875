using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Ledger.Postgres;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;

namespace Winnow.Benchmarks.Facts;

/// <summary>
/// One real ledger with a dataset: it takes commits as the product makes them, and writes them as they are or as facts. Whoever writes goes
/// through the ledger's own commit, and a commit that it does not take ends the benchmark.
/// </summary>
internal sealed class LedgerSide : IAsyncDisposable
{
    private const string Dataset = "facts";
    private readonly IAsyncDisposable _ledger;
    private readonly Dictionary<int, long> _epochs = [];
    private long _step;

    private LedgerSide(IAsyncDisposable ledger, bool generic) => (_ledger, Generic) = (ledger, generic);

    /// <summary>Whether rows become facts.</summary>
    public bool Generic { get; }

    public IShardLedger Rows => (IShardLedger)_ledger;

    /// <summary>Bytes on disk of all that it holds, free pages left out where they can be told.</summary>
    public required Func<Task<long>> SizeAsync { get; init; }

    /// <summary>Lets the planner know how much there is, where there is one that asks.</summary>
    public required Func<Task> AnalyseAsync { get; init; }

    public static async Task<LedgerSide> OpenSqliteAsync(string path, bool generic, CancellationToken cancellationToken)
    {
        var ledger = SqliteLedger.Open(new LedgerOptions { Path = path }, NullLogger<SqliteLedger>.Instance);
        var side = new LedgerSide(ledger, generic)
        {
            SizeAsync = () => Task.FromResult(PagesOf(path)),
            AnalyseAsync = () => Task.CompletedTask,
        };
        await side.BeginAsync(cancellationToken);
        return side;
    }

    public static async Task<LedgerSide> OpenPostgresAsync(string connection, bool generic, CancellationToken cancellationToken)
    {
        var ledger = await PostgresLedger.OpenAsync(new PostgresOptions { ConnectionString = connection }, TimeProvider.System,
            NullLogger<PostgresLedger>.Instance, cancellationToken);
        var side = new LedgerSide(ledger, generic)
        {
            SizeAsync = async () => Convert.ToInt64(await AskAsync(connection,
                "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"),
                CultureInfo.InvariantCulture),
            // The server of tests looks once in ten minutes; one that works for people does it by itself.
            AnalyseAsync = () => AskAsync(connection, "ANALYZE"),
        };
        await side.BeginAsync(cancellationToken);
        return side;
    }

    private static async Task<object?> AskAsync(string connection, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connection);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    private static long PagesOf(string path)
    {
        using var connection = new SqliteConnection($"Data Source={path};Mode=ReadOnly;Pooling=False");
        connection.Open();
        return (Scalar("page_count") - Scalar("freelist_count")) * Scalar("page_size");

        long Scalar(string pragma)
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"PRAGMA {pragma}";
            return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
        }
    }

    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        var schema = new LabelSchema { Classes = [new LabelClass("a"), new LabelClass("b")] };
        await ((IDatasetLedger)_ledger).AddDatasetAsync(
            new DatasetInfo(Dataset, schema, new DatasetSettings { Shards = 8 }, ReviewContent.Noon, "person:ada"), cancellationToken);
        await ((IClusterLevel)_ledger).RaiseAsync(ClusterLevels.Facts, cancellationToken);
        foreach (var shard in Enum.GetValues<ContentShard>())
            _epochs[(int)shard] = (await Rows.OpenShardAsync(Key(shard), cancellationToken)).Epoch;
    }

    public static ShardKey Key(ContentShard shard) => new(Dataset, (int)shard);

    /// <summary>A commit without rows.</summary>
    public ShardCommit New(ContentShard shard) => new() { Shard = Key(shard), Epoch = _epochs[(int)shard] };

    public async Task WriteAsync(ShardCommit rows, CancellationToken cancellationToken)
    {
        var commit = Generic ? GenericForm.Of(rows, Interlocked.Increment(ref _step), ReviewContent.Image) : rows;
        var status = await Rows.CommitAsync(commit, cancellationToken);
        if (status != ShardCommitStatus.Committed) throw new InvalidOperationException($"A commit was answered with {status}.");
    }

    public ValueTask DisposeAsync() => _ledger.DisposeAsync();
}

/// <summary>Where what stands: what is read by itself, all of it together, and what is written while it is measured.</summary>
internal enum ContentShard
{
    All, History, Tasks, Quarantine, Segments, Written,
}
