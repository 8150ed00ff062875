using Npgsql;
using NpgsqlTypes;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Grains.Ports;
using Winnow.Model.Images;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>
/// Reads a shard's rows a page at a time: a reader that dawdles must not hold a snapshot, which would keep the server from cleaning up.
/// </summary>
internal static class PostgresQueries
{
    private const string ImageColumns =
        "SELECT i.ordinal, i.id, i.name, i.format, i.width, i.height, i.frames, i.bytes, i.partition, i.label, coalesce(q.reason, "
        + "i.reason), i.received_at, i.received_by, i.orientation ";
    private const string Quarantine = "LEFT JOIN quarantine AS q ON q.dataset = i.dataset AND q.shard = i.shard AND q.ordinal = i.ordinal ";
    private const string ImagePage =
        ImageColumns + "FROM image AS i " + Quarantine
        + "WHERE i.dataset = $1 AND i.shard = $2 AND i.ordinal >= $3 ORDER BY i.ordinal LIMIT $4";
    private const string ImagesByOrdinal =
        ImageColumns + "FROM unnest($3) WITH ORDINALITY AS k (ordinal, n) JOIN image AS i ON i.dataset = $1 AND i.shard = $2 AND "
            + "i.ordinal = k.ordinal " + Quarantine + "ORDER BY k.n";
    private const string IndexPage =
        "SELECT i.id, i.partition, i.label, coalesce(q.reason, i.reason) IS NOT NULL FROM image AS i " + Quarantine
        + "WHERE i.dataset = $1 AND i.shard = $2 AND i.ordinal >= $3 ORDER BY i.ordinal LIMIT $4";
    private const string TaskPage =
        "SELECT ordinal, arm, round, priority, reserved_until FROM task WHERE dataset = $1 AND shard = $2 AND (ordinal, arm) > ($3, $4) "
        + "ORDER BY ordinal, arm LIMIT $5";
    private const string HistoryColumns = "SELECT image, ordinal, version, operation, label, closes, stage";
    private const string HistoryPage =
        HistoryColumns + " FROM history WHERE dataset = $1 AND shard = $2 AND (image, version) > ($3, $4) ORDER BY image, version LIMIT $5";
    private const string EntryPage =
        HistoryColumns + ", entry FROM history WHERE dataset = $1 AND shard = $2 AND (image, version) > ($3, $4) ORDER BY image, "
            + "version LIMIT $5";
    private const string HistoryOfImage =
        HistoryColumns + ", entry FROM history WHERE dataset = $1 AND shard = $2 AND image = $3 ORDER BY version";
    private const string HistoryOfImages =
        "SELECT h.image, h.ordinal, h.version, h.operation, h.label, h.closes, h.stage, h.entry FROM unnest($3) WITH ORDINALITY AS "
            + "k (image, n) JOIN history AS h ON h.dataset = $1 AND h.shard = $2 AND h.image = k.image ORDER BY k.n, h.version";
    private const string Segments =
        "SELECT kind, version, first, count, object FROM segment WHERE dataset = $1 AND shard = $2 ORDER BY kind, version, first";
    // Where another shard has it, its rows are none of this one's.
    private const string Operation =
        "(SELECT operation, first, count, actor, content, 0 AS far FROM operation WHERE dataset = $1 AND shard = $2 AND operation = $3) " +
        "UNION ALL (SELECT operation, 0, 0, actor, content, 1 FROM operation " +
        "WHERE dataset = $1 AND operation = $3 AND shard <> $2 AND actor IS NOT NULL LIMIT 1) ORDER BY far";
    private const string OperationPage =
        "SELECT operation, first, count, actor, content FROM operation " +
        "WHERE dataset = $1 AND shard = $2 AND ($3::uuid IS NULL OR operation > $3) ORDER BY operation LIMIT $4";
    private const string ImageCount = "SELECT images FROM shard WHERE dataset = $1 AND shard = $2";
    private const string States = "SELECT grain_type, grain_key, name, version FROM grain_state WHERE state IS NOT NULL";
    // '0' stands behind '/', and the column is compared byte by byte: the keys that begin with the owner's name and '/'.
    private const string OwnStates =
        "SELECT grain_key, version, state FROM grain_state WHERE grain_type = $1 AND grain_key > $2 || '/' AND grain_key < $2 || '0' "
        + "AND name = $1 AND state IS NOT NULL ORDER BY grain_key";
    private const string State = "SELECT version, state FROM grain_state WHERE grain_type = $1 AND grain_key = $2 AND name = $3";

    public static Task<List<ImageRow>> ImagesAsync(NpgsqlConnection connection, ShardId shard, int from, int max,
        CancellationToken cancellationToken) =>
        ListAsync<ImageRow>(Command(connection, ImagePage, shard).Add(from).Add(max), Image, cancellationToken);

    public static Task<List<ImageRow>> ImagesAsync(NpgsqlConnection connection, ShardId shard, int[] ordinals,
        CancellationToken cancellationToken) =>
        ListAsync<ImageRow>(Command(connection, ImagesByOrdinal, shard).AddArray(NpgsqlDbType.Integer, ordinals), Image, cancellationToken);

    public static Task<List<IndexRow>> IndexAsync(NpgsqlConnection connection, ShardId shard, int from, int max,
        CancellationToken cancellationToken) =>
        ListAsync<IndexRow>(Command(connection, IndexPage, shard).Add(from).Add(max),
            static (reader, _) =>
                new IndexRow(Id(reader, 0), (Partition)reader.GetInt16(1), reader.GetInt32(2), reader.GetBoolean(3)), cancellationToken);

    public static Task<List<TaskRow>> TasksAsync(NpgsqlConnection connection, ShardId shard, TaskRow? after, int max,
        CancellationToken cancellationToken) =>
        ListAsync<TaskRow>(Command(connection, TaskPage, shard).Add(after?.Ordinal ?? int.MinValue).Add(after?.Arm ?? "").Add(max),
            static (reader, previous) => new TaskRow(
            reader.GetInt32(0), Repeated(reader, 1, previous.Arm), reader.GetInt32(2), reader.GetFloat(3),
            reader.GetFieldValue<DateTimeOffset>(4)), cancellationToken);

    public static Task<List<HistoryRow>> HistoryAsync(NpgsqlConnection connection, ShardId shard, HistoryRow? after, int max,
        CancellationToken cancellationToken) =>
        // The empty string of bytes stands before every id.
        ListAsync<HistoryRow>(Command(connection, HistoryPage, shard).Add(after is { } row ? row.Image.ToBytes() : [])
            .Add(after?.Version ?? 0).Add(max),
            static (reader, _) => Entry(reader, []), cancellationToken);

    public static Task<List<HistoryRow>> EntriesAsync(NpgsqlConnection connection, ShardId shard, HistoryRow? after, int max,
        CancellationToken cancellationToken) =>
        ListAsync<HistoryRow>(Command(connection, EntryPage, shard).Add(after is { } row ? row.Image.ToBytes() : [])
            .Add(after?.Version ?? 0).Add(max),
            static (reader, _) => Entry(reader, reader.GetFieldValue<byte[]>(7)), cancellationToken);

    public static Task<List<OperationRow>> OperationsAsync(NpgsqlConnection connection, ShardId shard, OperationRow? after, int max,
        CancellationToken cancellationToken) =>
        ListAsync<OperationRow>(Command(connection, OperationPage, shard).AddNullable(after?.OperationId).Add(max),
            static (reader, _) => OperationRowOf(reader), cancellationToken);

    private static OperationRow OperationRowOf(NpgsqlDataReader reader) => new(
        reader.GetGuid(0), new OrdinalRange(reader.GetInt32(1), reader.GetInt32(2)),
        reader.IsDBNull(3) ? null : new OperationStamp(reader.GetString(3), reader.GetGuid(4)));

    public static async Task<int> CountAsync(NpgsqlConnection connection, ShardId shard, CancellationToken cancellationToken) =>
        (await ListAsync<int>(Command(connection, ImageCount, shard), static (reader, _) => reader.GetInt32(0), cancellationToken)
        .ConfigureAwait(false)).FirstOrDefault();

    public static Task<List<HistoryRow>> HistoryAsync(NpgsqlConnection connection, ShardId shard, ImageId image,
        CancellationToken cancellationToken) =>
        ListAsync<HistoryRow>(Command(connection, HistoryOfImage, shard).Add(image.ToBytes()),
            static (reader, _) => Entry(reader, reader.GetFieldValue<byte[]>(7)), cancellationToken);

    public static Task<List<HistoryRow>> HistoryAsync(NpgsqlConnection connection, ShardId shard, IReadOnlyList<ImageId> images,
        CancellationToken cancellationToken) =>
        ListAsync<HistoryRow>(
            Command(connection, HistoryOfImages, shard).AddArray(NpgsqlDbType.Bytea, images.Select(i => i.ToBytes()).ToArray()),
            static (reader, _) => Entry(reader, reader.GetFieldValue<byte[]>(7)), cancellationToken);

    public static Task<List<SegmentRow>> SegmentsAsync(NpgsqlConnection connection, ShardId shard, CancellationToken cancellationToken) =>
        ListAsync<SegmentRow>(Command(connection, Segments, shard),
            static (reader, _) =>
                new SegmentRow(reader.GetString(0), reader.GetString(1), reader.GetInt32(2), reader.GetInt32(3), reader.GetString(4)),
                cancellationToken);

    public static async Task<OperationRow?> OperationAsync(
        NpgsqlConnection connection, ShardId shard, Guid operationId, CancellationToken cancellationToken)
    {
        var found = await ListAsync<OperationRow>(
            Command(connection, Operation, shard).Add(operationId), static (reader, _) => OperationRowOf(reader), cancellationToken)
            .ConfigureAwait(false);
        return found.Count == 0 ? null : found[0];
    }

    public static async Task<StoredGrainState?> StateAsync(NpgsqlConnection connection, GrainStateKey key,
        CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(State, connection).Add(PgColumns.Key(key.GrainType)).Add(PgColumns.Key(key.GrainKey))
            .Add(PgColumns.Key(key.Name));
        var found = await ListAsync<StoredGrainState>(command,
            static (reader, _) => new StoredGrainState(reader.GetInt64(0), reader.IsDBNull(1) ? null : reader.GetFieldValue<byte[]>(1)),
                cancellationToken).ConfigureAwait(false);
        return found.Count == 0 ? null : found[0];
    }

    public static Task<List<(string GrainKey, StoredGrainState State)>> OwnStatesAsync(
        NpgsqlConnection connection, string grainType, string owner, CancellationToken cancellationToken) =>
        ListAsync<(string, StoredGrainState)>(
            new NpgsqlCommand(OwnStates, connection).Add(PgColumns.Key(grainType)).Add(PgColumns.Key(owner)),
            static (reader, _) =>
                (reader.GetString(0), new StoredGrainState(reader.GetInt64(1), reader.GetFieldValue<byte[]>(2))), cancellationToken);

    public static Task<List<(GrainStateKey Key, long Version)>> StatesAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken) =>
        ListAsync<(GrainStateKey, long)>(new NpgsqlCommand(States, connection), static (reader, _) =>
            (new GrainStateKey(reader.GetString(0), reader.GetString(1), reader.GetString(2)), reader.GetInt64(3)), cancellationToken);

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, ShardId shard) =>
        new NpgsqlCommand(sql, connection).Add(shard.Dataset).Add(shard.Shard);

    private static async Task<List<T>> ListAsync<T>(NpgsqlCommand command, Func<NpgsqlDataReader, T?, T> read,
        CancellationToken cancellationToken)
    {
        await using (command.ConfigureAwait(false))
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            var rows = new List<T>();
            T? previous = default;
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false)) rows.Add(previous = read(reader, previous));
            return rows;
        }
    }

    private static HistoryRow Entry(NpgsqlDataReader reader, byte[] json) => new(
        Id(reader, 0), reader.GetInt32(1), reader.GetInt32(2), reader.IsDBNull(3) ? Guid.Empty : reader.GetGuid(3), json,
        reader.GetInt32(4), reader.GetBoolean(5), (Stage)reader.GetInt16(6));

    private static ImageRow Image(NpgsqlDataReader reader, ImageRow previous) => new(
        reader.GetInt32(0),
        new IngestRow(Id(reader, 1), reader.GetString(2), Repeated(reader, 3, previous.Row.Format), reader.GetInt32(4), reader.GetInt32(5),
            reader.GetInt32(6), reader.GetInt64(7),
            (Partition)reader.GetInt16(8), reader.GetInt32(9), reader.IsDBNull(10) ? null : reader.GetString(10))
        {
            Orientation = (byte)reader.GetInt16(13),
        },
        reader.GetFieldValue<DateTimeOffset>(11),
        Repeated(reader, 12, previous.ReceivedBy));

    private static ImageId Id(NpgsqlDataReader reader, int column) => ImageId.FromBytes(reader.GetFieldValue<byte[]>(column));

    /// <summary>A text that is mostly the one of the row before: a million rows then share one string.</summary>
    private static string Repeated(NpgsqlDataReader reader, int column, string? previous)
    {
        var text = reader.GetString(column);
        return text == previous ? previous : text;
    }
}
