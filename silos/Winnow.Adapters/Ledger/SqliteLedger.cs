using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;
using Winnow.Abstractions.Health;
using Winnow.Adapters.Disk;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Adapters.Ledger;

/// <summary>
/// The embedded ledger: one SQLite file with a write-ahead log, one writer that groups commits, and pooled readers. One process at a time.
/// </summary>
public sealed partial class SqliteLedger : IDatasetLedger, IShardLedger, ISecretLedger, IDeletions, IErasures, IActLedger,
    IClusterLevel, IGrainStateStore, IStorageHealth, IAsyncDisposable
{
    /// <summary>What stands beside the database: SQLite's log and its index, and the lock.</summary>
    private static readonly string[] Beside = ["-wal", "-shm", ".lock"];

    private const int PageRows = 4_096;

    /// <summary>A page of them stays off the heap of large objects, which is collected last.</summary>
    private const int IndexPageRows = 1_536;

    private readonly LedgerLock _lock;
    private readonly LedgerWriter _writer;
    private readonly LedgerReaders _readers;
    // A number stays true until the name is taken from its dataset.
    private readonly ConcurrentDictionary<string, long> _datasets = new(StringComparer.Ordinal);
    private int _deletions;
    private readonly StateSurvey _survey;
    private readonly int _newestLevel;
    private int _disposed;

    private SqliteLedger(LedgerLock held, LedgerWriter writer, LedgerReaders readers, int newestLevel)
    {
        _newestLevel = newestLevel;
        _survey = new StateSurvey(this);
        _lock = held;
        _writer = writer;
        _readers = readers;
    }

    /// <summary>Opens a ledger, makes it when it is not there, and brings it to the layout of this program.</summary>
    /// <exception cref="ArgumentException">A setting is missing or out of range.</exception>
    /// <exception cref="LedgerUnavailableException">Another process has it open, a newer program wrote it, or the file is something
    /// else.</exception>
    public static SqliteLedger Open(LedgerOptions options, ILogger<SqliteLedger> logger)
    {
        options.Validate();
        var path = Path.GetFullPath(options.Path);
        OwnersOnly.MakeSharedFolder(Path.GetDirectoryName(path)!);
        var held = LedgerLock.Take(path);
        SqliteSession? session = null;
        try
        {
            // SQLite gives the files of its log the mode of the database.
            OwnersOnly.MakeFile(path);
            foreach (var beside in Beside) OwnersOnly.Close(path + beside);
            session = SqliteSession.OpenWriter(path, options.CacheMebibytes);
            if (session.IsReadOnly) throw new LedgerUnavailableException($"The ledger '{path}' cannot be opened: {NotWritable}.");
            LedgerMigrations.Apply(session, path);
            return new SqliteLedger(held, new LedgerWriter(session, options, logger), new LedgerReaders(path, options.Readers),
                options.NewestLevel);
        }
        catch (Exception problem)
        {
            session?.Dispose();
            held.Dispose();
            if (problem is Microsoft.Data.Sqlite.SqliteException refusal)
                throw new LedgerUnavailableException($"The ledger '{path}' cannot be opened: {ReasonOf(refusal, path)}.", refusal);
            throw;
        }
    }

    private static string NotWritable =>
        $"the user {Environment.UserName} may not write it or the files beside it. Give it the right, or mount the disk for writing";

    private static string ReasonOf(SqliteException refusal, string path) => refusal.SqliteErrorCode switch
    {
        raw.SQLITE_NOTADB => "it is no SQLite database. Name another file, or restore a backup",
        raw.SQLITE_CORRUPT => "it is damaged. Restore a backup",
        raw.SQLITE_FULL => "its disk is full. Free some space there",
        raw.SQLITE_IOERR or raw.SQLITE_CANTOPEN when FullDisk.At(path) => "its disk is full. Free some space there",
        raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_PERM => NotWritable,
        _ => refusal.Message.TrimEnd('.'),
    };

    /// <inheritdoc/>
    public Task<bool> AddDatasetAsync(DatasetInfo dataset, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(dataset, ModelJson.Default.DatasetInfo);
        return _writer.WriteAsync(1, session =>
            new Written<bool>(session.Prepare(Add).Bind(1, dataset.Name).BindText(2, json).Run() > 0, true), cancellationToken);
    }

    /// <inheritdoc/>
    /// <exception cref="KeyNotFoundException">The ledger has no such dataset.</exception>
    public Task<OpenedShard> OpenShardAsync(ShardKey shard, CancellationToken cancellationToken) =>
        _writer.WriteAsync(1, session =>
        {
            var query = session.Prepare(
                $"INSERT INTO shard SELECT id, ?2, 1, 0 FROM dataset WHERE name = ?1 AND info <> '{StoredDatasets.NameHeld}' " +
                "ON CONFLICT (dataset, shard) DO UPDATE SET epoch = " + ShardEpochs.Next("epoch") +
                " RETURNING epoch, images").Bind(1, shard.Dataset).Bind(2, shard.Shard);
            if (!query.Step()) throw new KeyNotFoundException(
                $"The ledger has no dataset '{shard.Dataset}'. Create it before its shards are used.");
            var opened = new OpenedShard(query.Long(0), query.Int(1));
            query.Reset();
            return new Written<OpenedShard>(opened, true);
        }, cancellationToken);

    /// <inheritdoc/>
    public Task<ShardCommitStatus> CommitAsync(ShardCommit commit, CancellationToken cancellationToken) =>
        _writer.WriteAsync(ShardCommits.RowsOf(commit), session => ShardCommits.Apply(session, commit, _newestLevel), cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ImageRow> ReadImagesAsync(ShardKey shard, int from, int max,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var left = max; left > 0;)
        {
            var (start, take) = (from, Math.Min(left, PageRows));
            var page = await ReadAsync(shard, [], (session, dataset) => ShardQueries.Images(session, dataset, shard.Shard, start, take),
                cancellationToken).ConfigureAwait(false);
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
        for (var from = 0; ; from += IndexPageRows)
        {
            var start = from;
            var page = await ReadAsync(shard, [], (session, dataset) =>
                ShardQueries.Index(session, dataset, shard.Shard, start, IndexPageRows), cancellationToken).ConfigureAwait(false);
            if (page.Count > 0) yield return page;
            if (page.Count < IndexPageRows) yield break;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="KeyNotFoundException">The shard has no row of one of these ordinals.</exception>
    public async Task<IReadOnlyList<ImageRow>> ReadImagesAsync(ShardKey shard, IReadOnlyList<int> ordinals,
        CancellationToken cancellationToken)
    {
        if (ordinals.Count == 0) return [];
        var rows = await ReadAsync(shard, null, (session, dataset) => ShardQueries.Images(session, dataset, shard, ordinals),
            cancellationToken).ConfigureAwait(false);
        return rows ?? throw ShardQueries.Missing(shard, ordinals[0]);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<TaskRow> ReadTasksAsync(ShardKey shard, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = new TaskRow(int.MinValue, "", 0, 0, default);
        while (true)
        {
            var last = after;
            var page = await ReadAsync(shard, [], (session, dataset) => ShardQueries.Tasks(session, dataset, shard.Shard, last, PageRows),
                cancellationToken).ConfigureAwait(false);
            foreach (var row in page) yield return row;
            if (page.Count < PageRows) yield break;
            after = page[^1];
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<HistoryRow> ReadShardHistoryAsync(ShardKey shard, CancellationToken cancellationToken) =>
        HistoryAsync(shard, entries: false, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<HistoryRow>> ReadHistoryAsync(ShardKey shard, ImageId image, CancellationToken cancellationToken) =>
        await ReadAsync(shard, [], (session, dataset) => ShardQueries.History(session, dataset, shard.Shard, image), cancellationToken)
        .ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<HistoryRow>> ReadHistoryAsync(
        ShardKey shard, IReadOnlyList<ImageId> images, CancellationToken cancellationToken) =>
        images.Count == 0 ? [] : await ReadAsync(shard, [], (session, dataset) =>
            images.SelectMany(i => ShardQueries.History(session, dataset, shard.Shard, i)).ToList(), cancellationToken)
        .ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SegmentRow>> ReadSegmentsAsync(ShardKey shard, CancellationToken cancellationToken) =>
        await ReadAsync(shard, [], (session, dataset) => ShardQueries.SegmentsOf(session, dataset, shard.Shard), cancellationToken)
        .ConfigureAwait(false);

    /// <inheritdoc/>
    /// <exception cref="SetAsideException">The secret is there with another length.</exception>
    public async Task<byte[]> GetOrCreateSecretAsync(string name, int length, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        // One that is there is had without a write.
        var secret = await _readers.ReadAsync(session => SecretOf(session, name), cancellationToken).ConfigureAwait(false)
            ?? await _writer.WriteAsync(1, session =>
        {
            session.Prepare("INSERT INTO secret VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING").Bind(1, name)
                .BindBlob(2, RandomNumberGenerator.GetBytes(length)).Run();
            return new Written<byte[]>(SecretOf(session, name)!, true);
        }, cancellationToken).ConfigureAwait(false);
        return secret.Length == length ? secret : throw StoredSecrets.OtherLength(name, secret.Length, length);
    }

    /// <inheritdoc/>
    public Task<bool> DiscardSecretAsync(string name, int length, CancellationToken cancellationToken) =>
        _writer.WriteAsync(1, session =>
        {
            var remove = session.Prepare("DELETE FROM secret WHERE name = ?1 AND length(value) <> ?2").Bind(1, name).Bind(2, length);
            return new Written<bool>(remove.Run() > 0, true);
        }, cancellationToken);

    private static byte[]? SecretOf(SqliteSession session, string name)
    {
        var query = session.Prepare("SELECT value FROM secret WHERE name = ?1").Bind(1, name);
        if (!query.Step()) return null;
        var value = query.Bytes(0).ToArray();
        query.Reset();
        return value;
    }

    Task<StoredGrainState?> IGrainStateStore.ReadAsync(GrainStateKey key, CancellationToken cancellationToken) =>
        _readers.ReadAsync(session => GrainStateQueries.Read(session, key), cancellationToken);

    async Task<IReadOnlyList<(string GrainKey, StoredGrainState State)>> IGrainStateStore.ReadAllAsync(
        string grainType, string owner, CancellationToken cancellationToken) =>
        await _readers.ReadAsync(session => GrainStateQueries.ReadAll(session, grainType, owner), cancellationToken).ConfigureAwait(false);

    Task<long?> IGrainStateStore.WriteAsync(GrainStateKey key, long? expected, ReadOnlyMemory<byte>? state,
        CancellationToken cancellationToken) =>
        _writer.WriteAsync(1, session => GrainStateQueries.Write(session, key, expected, state), cancellationToken);

    string IStorageHealth.Name => "ledger";

    async Task<string?> IStorageHealth.CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Only a write shows a full disk: the number of the layout is written again, which may be that of a newer program.
            return await _writer.WriteAsync(1, static session =>
            {
                session.Execute(string.Create(CultureInfo.InvariantCulture,
                    $"PRAGMA user_version = {session.Scalar("PRAGMA user_version")}"));
                return new Written<string?>(null, true);
            }, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is LedgerWriteException or StorageFullException)
        {
            return problem.Message;
        }
        catch (ObjectDisposedException)
        {
            return "The ledger is closed: this silo is stopping.";
        }
    }

    /// <summary>Writes what was handed over, then closes the file and lets another process have it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        // Readers first: the last connection to close, the writer's, folds the log into the database file.
        _readers.Dispose();
        await _writer.DisposeAsync().ConfigureAwait(false);
        _lock.Dispose();
    }

    /// <summary>Reads rows of a shard; <paramref name="none"/> when there is no such dataset.</summary>
    private Task<T> ReadAsync<T>(ShardKey shard, T none, Func<SqliteSession, long, T> query, CancellationToken cancellationToken) =>
        _readers.ReadAsync(session =>
        {
            if (!_datasets.TryGetValue(shard.Dataset, out var dataset))
            {
                var deletions = Volatile.Read(ref _deletions);
                var find = session.Prepare("SELECT id FROM dataset WHERE name = ?1").Bind(1, shard.Dataset);
                if (!find.Step()) return none;
                dataset = find.Long(0);
                find.Reset();
                _datasets[shard.Dataset] = dataset;
                // Somebody took the name from it while it was looked up.
                if (deletions != Volatile.Read(ref _deletions)) _datasets.TryRemove(shard.Dataset, out _);
            }
            return query(session, dataset);
        }, cancellationToken);
}
