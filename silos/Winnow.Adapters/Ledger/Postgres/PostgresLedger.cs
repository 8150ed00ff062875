using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Npgsql;
using Winnow.Abstractions.Health;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>
/// The ledger that several silos share: a PostgreSQL database. Each silo has a few writers that group its commits, always the same one for
/// a shard, and pooled readers. It goes on by itself after the server was away.
/// </summary>
public sealed partial class PostgresLedger : IDatasetLedger, IShardLedger, ISecretLedger, IDeletions, IErasures, IActLedger,
    IClusterLevel, IGrainStateStore, IStorageHealth, IAsyncDisposable
{
    private const int PageRows = 4_096;

    private readonly PostgresDatabase _database;
    private readonly CommitWriter[] _writers;
    private readonly StateWriter _states;
    // A number stays true until the name is taken from its dataset, which another silo may do. Whoever opens a shard, or asks what its
    // dataset is, reads it anew; every silo asks that once a
    // second for the datasets that it works with.
    private readonly ConcurrentDictionary<string, int> _datasets = new(StringComparer.Ordinal);
    private readonly StateSurvey _survey;
    private readonly int _newestLevel;
    private int _disposed;

    private PostgresLedger(PostgresDatabase database, PostgresOptions options, ILogger logger)
    {
        _database = database;
        _newestLevel = options.NewestLevel;
        _survey = new StateSurvey(this);
        _writers = [.. Enumerable.Range(0, options.Writers).Select(_ => new CommitWriter(database, options, _datasets, logger))];
        _states = new StateWriter(database, options, logger);
    }

    /// <summary>Waits for the server, brings the database to the layout of this program and opens the ledger.</summary>
    /// <exception cref="ArgumentException">A setting is missing or out of range.</exception>
    /// <exception cref="LedgerUnavailableException">The server stayed away, a newer program wrote the ledger, or the database cannot hold
    /// one.</exception>
    public static async Task<PostgresLedger> OpenAsync(PostgresOptions options, TimeProvider time, ILogger<PostgresLedger> logger,
        CancellationToken cancellationToken)
    {
        options.Validate();
        var database = new PostgresDatabase(options, time, logger);
        try
        {
            var deadline = new Deadline(time, TimeSpan.FromSeconds(options.ConnectSeconds));
            for (var pause = Pauses.First; ; pause = Pauses.After(pause))
            {
                try
                {
                    await PostgresMigrations.ApplyAsync(database, cancellationToken).ConfigureAwait(false);
                    return new PostgresLedger(database, options, logger);
                }
                catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
                {
                    if (!PostgresFailures.IsTransient(problem)
                        || !await database.RecoverAsync(problem, deadline, pause, cancellationToken).ConfigureAwait(false))
                        throw new LedgerUnavailableException(
                        $"The ledger on {database.Server} cannot be opened: {PostgresFailures.Cause(problem)}.", problem);
                    if (pause == Pauses.First) LogWaiting(logger, database.Server, PostgresFailures.Cause(problem));
                }
            }
        }
        catch
        {
            await database.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<bool> AddDatasetAsync(DatasetInfo dataset, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        var json = JsonSerializer.Serialize(dataset, ModelJson.Default.DatasetInfo);
        return _database.WriteAsync(async (connection, repeated, token) =>
        {
            await using var insert =
                new NpgsqlCommand("INSERT INTO dataset (name, info) VALUES ($1, $2::json) ON CONFLICT (name) DO NOTHING", connection)
                .Add(PgColumns.Key(dataset.Name)).Add(json);
            if (await insert.ExecuteNonQueryAsync(token).ConfigureAwait(false) > 0) return true;
            if (!repeated) return false;
            // An earlier try may have added it: then it is there as this one would have it, to the instant of its making.
            await using var find = new NpgsqlCommand("SELECT EXISTS (SELECT FROM dataset WHERE name = $1 AND info::text = $2)", connection)
                .Add(dataset.Name).Add(json);
            return (bool)(await find.ExecuteScalarAsync(token).ConfigureAwait(false))!;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    /// <exception cref="KeyNotFoundException">The ledger has no such dataset.</exception>
    public Task<OpenedShard> OpenShardAsync(ShardKey shard, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        // A repetition takes one more epoch; the one whose answer was lost is held by nobody.
        return _database.WriteAsync(async (connection, _, token) =>
        {
            await using var open = new NpgsqlCommand(
                "INSERT INTO shard (dataset, shard, epoch, images) SELECT id, $2, 1, 0 FROM dataset WHERE name = $1 " +
                $"AND info::text <> '{StoredDatasets.NameHeld}' " +
                "ON CONFLICT (dataset, shard) DO UPDATE SET epoch = " +
                ShardEpochs.Next("shard.epoch") + " RETURNING epoch, images, dataset", connection)
                    .Add(PgColumns.Key(shard.Dataset)).Add(shard.Shard);
            await using var reader = await open.ExecuteReaderAsync(token).ConfigureAwait(false);
            if (!await reader.ReadAsync(token).ConfigureAwait(false))
                throw new KeyNotFoundException($"The ledger has no dataset '{shard.Dataset}'. Create it before its shards are used.");
            _datasets[shard.Dataset] = reader.GetInt32(2);
            return new OpenedShard(reader.GetInt64(0), reader.GetInt32(1));
        }, cancellationToken);
    }

    /// <inheritdoc/>
    /// <exception cref="LedgerWriteException">The commit could not be written; the message says whether that is certain.</exception>
    public Task<ShardCommitStatus> CommitAsync(ShardCommit commit, CancellationToken cancellationToken) =>
        // One writer per shard: its commits keep their order.
        _writers[(uint)commit.Shard.GetHashCode() % (uint)_writers.Length].WriteAsync(commit, ShardCommits.RowsOf(commit),
            cancellationToken);

    /// <inheritdoc/>
    public Task<OperationRow?> FindOperationAsync(ShardKey shard, Guid operationId, CancellationToken cancellationToken) =>
        ReadAsync(
            shard, (OperationRow?)null, (connection, id, token) => PostgresQueries.OperationAsync(connection, id, operationId, token),
            cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ImageRow> ReadImagesAsync(ShardKey shard, int from, int max,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var left = max; left > 0;)
        {
            var (start, take) = (from, Math.Min(left, PageRows));
            var page = await ReadAsync(shard, [], (connection, id, token) =>
                PostgresQueries.ImagesAsync(connection, id, start, take, token), cancellationToken).ConfigureAwait(false);
            foreach (var row in page) yield return row;
            if (page.Count < take) yield break;
            from = page[^1].Ordinal + 1;
            left -= page.Count;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<IReadOnlyList<IndexRow>> ReadIndexAsync(ShardKey shard,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var from = 0; ; from += PageRows)
        {
            var start = from;
            var page = await ReadAsync(shard, [], (connection, id, token) =>
                PostgresQueries.IndexAsync(connection, id, start, PageRows, token), cancellationToken).ConfigureAwait(false);
            if (page.Count > 0) yield return page;
            if (page.Count < PageRows) yield break;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="KeyNotFoundException">The shard has no row of one of these ordinals.</exception>
    public async Task<IReadOnlyList<ImageRow>> ReadImagesAsync(ShardKey shard, IReadOnlyList<int> ordinals,
        CancellationToken cancellationToken)
    {
        if (ordinals.Count == 0) return [];
        var rows = await ReadAsync(shard, [], (connection, id, token) => PostgresQueries.ImagesAsync(connection, id, [.. ordinals], token),
            cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < ordinals.Count; i++)
            if (i >= rows.Count || rows[i].Ordinal != ordinals[i]) throw ShardQueries.Missing(shard, ordinals[i]);
        return rows;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<TaskRow> ReadTasksAsync(ShardKey shard, CancellationToken cancellationToken) =>
        PagesAsync<TaskRow>(shard, PostgresQueries.TasksAsync, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<HistoryRow> ReadShardHistoryAsync(ShardKey shard, CancellationToken cancellationToken) =>
        PagesAsync<HistoryRow>(shard, PostgresQueries.HistoryAsync, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<HistoryRow>> ReadHistoryAsync(ShardKey shard, ImageId image, CancellationToken cancellationToken) =>
        await ReadAsync(shard, [], (connection, id, token) => PostgresQueries.HistoryAsync(connection, id, image, token), cancellationToken)
        .ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<HistoryRow>> ReadHistoryAsync(
        ShardKey shard, IReadOnlyList<ImageId> images, CancellationToken cancellationToken) =>
        images.Count == 0 ? [] : await ReadAsync(
            shard, [], (connection, id, token) => PostgresQueries.HistoryAsync(connection, id, images, token), cancellationToken)
        .ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SegmentRow>> ReadSegmentsAsync(ShardKey shard, CancellationToken cancellationToken) =>
        await ReadAsync(shard, [], PostgresQueries.SegmentsAsync, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    /// <exception cref="SetAsideException">The secret is there with another length.</exception>
    public async Task<byte[]> GetOrCreateSecretAsync(string name, int length, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ThrowIfClosed();
        // One that is there is had without a write.
        var secret = await _database.ReadAsync((connection, token) => SecretOfAsync(connection, name, token), cancellationToken)
            .ConfigureAwait(false) ?? await _database.WriteAsync(async (connection, _, token) =>
        {
            await using var insert =
                new NpgsqlCommand("INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", connection)
                .Add(PgColumns.Key(name)).Add(RandomNumberGenerator.GetBytes(length));
            await insert.ExecuteNonQueryAsync(token).ConfigureAwait(false);
            return (await SecretOfAsync(connection, name, token).ConfigureAwait(false))!;
        }, cancellationToken).ConfigureAwait(false);
        return secret.Length == length ? secret : throw StoredSecrets.OtherLength(name, secret.Length, length);
    }

    /// <inheritdoc/>
    public Task<bool> DiscardSecretAsync(string name, int length, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        return _database.WriteAsync(async (connection, repeated, token) =>
        {
            await using var remove = new NpgsqlCommand("DELETE FROM secret WHERE name = $1 AND octet_length(value) <> $2", connection)
                .Add(PgColumns.Key(name)).Add(length);
            // An earlier try may have removed it.
            return await remove.ExecuteNonQueryAsync(token).ConfigureAwait(false) > 0 || repeated;
        }, cancellationToken);
    }

    private static async Task<byte[]?> SecretOfAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlCommand("SELECT value FROM secret WHERE name = $1", connection).Add(name);
        return (byte[]?)await find.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
    }

    Task<StoredGrainState?> IGrainStateStore.ReadAsync(GrainStateKey key, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        return _database.ReadAsync((connection, token) => PostgresQueries.StateAsync(connection, key, token), cancellationToken);
    }

    async Task<IReadOnlyList<(string GrainKey, StoredGrainState State)>> IGrainStateStore.ReadAllAsync(
        string grainType, string owner, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        return await _database.ReadAsync((connection, token) => PostgresQueries.OwnStatesAsync(connection, grainType, owner, token),
            cancellationToken)
            .ConfigureAwait(false);
    }

    Task<long?> IGrainStateStore.WriteAsync(GrainStateKey key, long? expected, ReadOnlyMemory<byte>? state,
        CancellationToken cancellationToken) =>
        _states.WriteAsync(new StateWrite(key, expected, state), 1, cancellationToken);

    [LoggerMessage(4, LogLevel.Warning, "The start waits for the ledger on {Server}: {Reason}.")]
    private static partial void LogWaiting(ILogger logger, string server, string reason);

    /// <summary>Writes what was handed over, then closes all connections.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await Task.WhenAll(_writers.Select(w => w.DisposeAsync().AsTask()).Append(_states.DisposeAsync().AsTask())).ConfigureAwait(false);
        await _database.DisposeAsync().ConfigureAwait(false);
    }
}
