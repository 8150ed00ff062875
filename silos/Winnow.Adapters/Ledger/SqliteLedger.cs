using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Winnow.Abstractions.Images;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Adapters.Ledger;

/// <summary>
/// The embedded ledger: one SQLite file in WAL mode, flushed at each commit, one writer with group commit, any number of readers. A second
/// process on the same file is refused.
/// </summary>
public sealed class SqliteLedger : ILedger, IGrainStateStore, IAsyncDisposable
{
    private readonly FileStream _lock;
    private readonly SqliteWriter _writer;
    private readonly string _readOnly;

    /// <summary>Opens or creates the database and brings it to this program's schema.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="InvalidOperationException">Another process holds it, or a newer program wrote it.</exception>
    public SqliteLedger(LedgerOptions options)
    {
        if (options.Check() is { } wrong) throw new ArgumentException(wrong, nameof(options));
        var path = Path.GetFullPath(options.Path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _lock = Lock(path + ".lock");
        try
        {
            var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
            connection.Open();
            using (var command = connection.CreateCommand())
            {
                command.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536; PRAGMA busy_timeout = 5000;";
                command.ExecuteNonQuery();
            }
            SqliteMigrations.Apply(connection);
            _writer = new SqliteWriter(connection, options);
            _readOnly = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly }.ToString();
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    private static FileStream Lock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new InvalidOperationException($"Another process works on this data folder (it holds {path}). Stop it, or give this one a folder of its own.", e);
        }
    }

    public Task<bool> AddDatasetAsync(DatasetInfo dataset, CancellationToken cancellationToken) => _writer.WriteAsync(sql =>
        (true, sql.Execute("INSERT INTO dataset (name, info) VALUES ($1, $2) ON CONFLICT DO NOTHING", dataset.Name, JsonSerializer.SerializeToUtf8Bytes(dataset, ModelJson.Default.DatasetInfo)) == 1), cancellationToken);

    public Task<IReadOnlyList<DatasetInfo>> ListDatasetsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<DatasetInfo>>(Query("SELECT info FROM dataset ORDER BY name", [], ReadDataset));

    public Task<DatasetInfo?> FindDatasetAsync(string name, CancellationToken cancellationToken) =>
        Task.FromResult(Query("SELECT info FROM dataset WHERE name = $1", [name], ReadDataset).FirstOrDefault());

    private static DatasetInfo ReadDataset(SqliteDataReader row) => JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(0), ModelJson.Default.DatasetInfo)!;

    public Task<OpenedShard> OpenShardAsync(ShardKey shard, CancellationToken cancellationToken) => _writer.WriteAsync(sql =>
    {
        var dataset = sql.Dataset(shard.Dataset);
        sql.Execute("INSERT INTO shard VALUES ($1, $2, 1, 0) ON CONFLICT (dataset, shard) DO UPDATE SET epoch = epoch + 1", dataset, shard.Shard);
        using var row = sql.Read("SELECT epoch, images FROM shard WHERE dataset = $1 AND shard = $2", dataset, shard.Shard);
        row.Read();
        return (true, new OpenedShard(row.GetInt64(0), row.GetInt32(1)));
    }, cancellationToken);

    public Task<ShardCommitStatus> CommitAsync(ShardCommit commit, CancellationToken cancellationToken) =>
        _writer.WriteAsync(sql => ShardCommitJob.Apply(sql, commit), cancellationToken);

    public Task<OrdinalRange?> FindOperationAsync(ShardKey shard, Guid operationId, CancellationToken cancellationToken)
    {
        var found = Query($"SELECT first, count FROM operation WHERE {OfShard} AND operation = $3", [shard.Dataset, shard.Shard, operationId.ToByteArray()], r => new OrdinalRange(r.GetInt32(0), r.GetInt32(1)));
        return Task.FromResult<OrdinalRange?>(found.Count == 0 ? null : found[0]);
    }

    private const string OfShard = "dataset = (SELECT id FROM dataset WHERE name = $1) AND shard = $2";

    private const string ImageColumns =
        """
        SELECT i.ordinal, i.id, i.name, i.format, i.width, i.height, i.frames, i.bytes, i.partition, i.label, coalesce(i.reason, q.reason), i.received_at, i.received_by
        FROM image i LEFT JOIN quarantine q ON q.dataset = i.dataset AND q.shard = i.shard AND q.ordinal = i.ordinal
        WHERE i.dataset = (SELECT id FROM dataset WHERE name = $1) AND i.shard = $2
        """;

    public IAsyncEnumerable<ImageRow> ReadImagesAsync(ShardKey shard, int from, int max, CancellationToken cancellationToken) =>
        Stream($"{ImageColumns} AND i.ordinal >= $3 ORDER BY i.ordinal LIMIT $4", [shard.Dataset, shard.Shard, from, max], ReadImage, cancellationToken);

    public Task<IReadOnlyList<ImageRow>> ReadImagesAsync(ShardKey shard, IReadOnlyList<int> ordinals, CancellationToken cancellationToken)
    {
        using var connection = Open();
        using var command = Command(connection, $"{ImageColumns} AND i.ordinal = $3", [shard.Dataset, shard.Shard, 0]);
        var rows = new List<ImageRow>(ordinals.Count);
        foreach (var ordinal in ordinals)
        {
            command.Parameters[2].Value = ordinal;
            using var row = command.ExecuteReader();
            if (!row.Read()) throw new InvalidDataException($"Shard {shard} has no image {ordinal}.");
            rows.Add(ReadImage(row));
        }
        return Task.FromResult<IReadOnlyList<ImageRow>>(rows);
    }

    private static ImageRow ReadImage(SqliteDataReader r) => new(
        r.GetInt32(0),
        new IngestRow(ImageId.FromBytes(r.GetFieldValue<byte[]>(1)), r.GetString(2), r.GetString(3), r.GetInt32(4), r.GetInt32(5), r.GetInt32(6), r.GetInt64(7), (Partition)r.GetByte(8), r.GetInt32(9), r.IsDBNull(10) ? null : r.GetString(10)),
        DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(11)),
        r.GetString(12));

    public IAsyncEnumerable<TaskRow> ReadTasksAsync(ShardKey shard, CancellationToken cancellationToken) => Stream(
        """
        SELECT t.ordinal, t.arm, t.round, t.priority, coalesce(r.until, 0)
        FROM task t LEFT JOIN reservation r ON r.dataset = t.dataset AND r.shard = t.shard AND r.ordinal = t.ordinal
        WHERE t.dataset = (SELECT id FROM dataset WHERE name = $1) AND t.shard = $2
        """,
        [shard.Dataset, shard.Shard], r => new TaskRow(r.GetInt32(0), r.GetString(1), r.GetInt32(2), r.GetFloat(3), DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(4))), cancellationToken);

    public IAsyncEnumerable<HistoryRow> ReadShardHistoryAsync(ShardKey shard, CancellationToken cancellationToken) => Stream(
        $"SELECT image, ordinal, version, operation, x'', label, closes, stage FROM history WHERE {OfShard} ORDER BY image, version",
        [shard.Dataset, shard.Shard], ReadHistory, cancellationToken);

    public Task<IReadOnlyList<HistoryRow>> ReadHistoryAsync(ShardKey shard, ImageId image, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<HistoryRow>>(Query(
        "SELECT image, ordinal, version, operation, entry, label, closes, stage FROM history WHERE dataset = (SELECT id FROM dataset WHERE name = $1) AND image = $2 ORDER BY version",
        [shard.Dataset, image.ToBytes()], ReadHistory));

    private static HistoryRow ReadHistory(SqliteDataReader r) => new(
        ImageId.FromBytes(r.GetFieldValue<byte[]>(0)), r.GetInt32(1), r.GetInt32(2), new Guid(r.GetFieldValue<byte[]>(3)), r.GetFieldValue<byte[]>(4), r.GetInt32(5), r.GetInt32(6) != 0, (Stage)r.GetByte(7));

    public Task<IReadOnlyList<SegmentRow>> ReadSegmentsAsync(ShardKey shard, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<SegmentRow>>(Query(
        $"SELECT kind, version, first, count, object FROM segment WHERE {OfShard} ORDER BY kind, version, first", [shard.Dataset, shard.Shard],
        r => new SegmentRow(r.GetString(0), r.GetString(1), r.GetInt32(2), r.GetInt32(3), r.GetString(4))));

    public Task<byte[]> GetOrCreateSecretAsync(string name, int length, CancellationToken cancellationToken) => _writer.WriteAsync(sql =>
    {
        sql.Execute("INSERT INTO secret VALUES ($1, $2) ON CONFLICT DO NOTHING", name, RandomNumberGenerator.GetBytes(length));
        return (true, (byte[])sql.Scalar("SELECT value FROM secret WHERE name = $1", name)!);
    }, cancellationToken);

    public Task<StoredGrainState?> ReadStateAsync(string key, CancellationToken cancellationToken) =>
        Task.FromResult(Query("SELECT version, payload FROM grain_state WHERE key = $1", [key], r => new StoredGrainState(r.GetInt64(0), r.GetFieldValue<byte[]>(1))).FirstOrDefault());

    public Task<bool> WriteStateAsync(string key, long expectedVersion, byte[] payload, CancellationToken cancellationToken) => _writer.WriteAsync(sql =>
    {
        var changed = expectedVersion == 0
            ? sql.Execute("INSERT INTO grain_state VALUES ($1, 1, $2) ON CONFLICT DO NOTHING", key, payload)
            : sql.Execute("UPDATE grain_state SET version = version + 1, payload = $3 WHERE key = $1 AND version = $2", key, expectedVersion, payload);
        return (true, changed == 1);
    }, cancellationToken);

    public Task<bool> ClearStateAsync(string key, long expectedVersion, CancellationToken cancellationToken) => _writer.WriteAsync(sql =>
        (true, sql.Execute("DELETE FROM grain_state WHERE key = $1 AND version = $2", key, expectedVersion) == 1), cancellationToken);

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_readOnly);
        connection.Open();
        return connection;
    }

    private static SqliteCommand Command(SqliteConnection connection, string text, object[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        for (var i = 0; i < values.Length; i++) command.Parameters.AddWithValue($"${i + 1}", values[i]);
        return command;
    }

    private List<T> Query<T>(string text, object[] values, Func<SqliteDataReader, T> read)
    {
        using var connection = Open();
        using var command = Command(connection, text, values);
        using var row = command.ExecuteReader();
        var rows = new List<T>();
        while (row.Read()) rows.Add(read(row));
        return rows;
    }

    private async IAsyncEnumerable<T> Stream<T>(string text, object[] values, Func<SqliteDataReader, T> read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var connection = Open();
        await using var command = Command(connection, text, values);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) yield return read(row);
    }

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        using (var connection = new SqliteConnection(_readOnly)) SqliteConnection.ClearPool(connection);
        await _lock.DisposeAsync();
    }
}
