using Microsoft.Data.Sqlite;
using Npgsql;
using NpgsqlTypes;
using Winnow.Abstractions.Images;
using Winnow.Model.Images;

namespace Winnow.Benchmarks.Images;

/// <summary>A table that the rows of images are inserted into by nothing but inserts, durable at each lot.</summary>
internal interface IRowFloor : IAsyncDisposable
{
    Task InsertAsync(int shard, IngestLot lot);
}

/// <summary>SQLite, write-ahead log, flushed at each commit.</summary>
internal sealed class SqliteFloor : IRowFloor
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _insert;
    private readonly Lock _gate = new();
    private long _row;

    public SqliteFloor(string path)
    {
        _connection = new SqliteConnection($"Data Source={path}");
        _connection.Open();
        Run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536");
        Run("CREATE TABLE image (shard INTEGER, ordinal INTEGER, id BLOB, name TEXT, format TEXT, width INTEGER, height INTEGER, frames "
            + "INTEGER, bytes INTEGER, part INTEGER, label INTEGER, reason TEXT, at INTEGER, actor TEXT, PRIMARY KEY (shard, ordinal)) "
            + "WITHOUT ROWID");
        _insert = _connection.CreateCommand();
        _insert.CommandText = "INSERT INTO image VALUES ($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
        for (var i = 0; i < 14; i++) _insert.Parameters.Add(new SqliteParameter($"${i}", null));
        _insert.Prepare();
    }

    public Task InsertAsync(int shard, IngestLot lot) => Task.Run(() =>
    {
        // SQLite has one writer, whoever waits.
        lock (_gate)
        {
            using var transaction = _connection.BeginTransaction();
            _insert.Transaction = transaction;
            foreach (var row in lot.Rows)
            {
                var id = new byte[ImageId.Size];
                row.Id.CopyTo(id);
                object[] values = [shard, _row++, id, row.Name, row.Format, row.Width, row.Height, row.Frames, row.Bytes,
                    (int)row.Partition, row.Label, DBNull.Value, 0L, lot.Actor];
                for (var i = 0; i < values.Length; i++) _insert.Parameters[i].Value = values[i];
                _insert.ExecuteNonQuery();
            }
            transaction.Commit();
        }
    });

    private void Run(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public async ValueTask DisposeAsync()
    {
        await _insert.DisposeAsync();
        await _connection.DisposeAsync();
    }
}

/// <summary>PostgreSQL, one array per column and one statement per lot, each its own transaction.</summary>
internal sealed class PostgresFloor : IRowFloor
{
    private readonly NpgsqlDataSource _source;
    private int _row;

    private PostgresFloor(NpgsqlDataSource source) => _source = source;

    public static async Task<PostgresFloor> CreateAsync(string connection, CancellationToken cancellationToken)
    {
        var floor = new PostgresFloor(NpgsqlDataSource.Create(connection));
        await using var create = floor._source.CreateCommand(
            "CREATE TABLE image (bytes bigint, at timestamptz, shard int, ordinal int, width int, height int, frames int, label int, part "
            + "smallint, id bytea, name text, format text, actor text, reason text, PRIMARY KEY (shard, ordinal))");
        await create.ExecuteNonQueryAsync(cancellationToken);
        return floor;
    }

    public async Task InsertAsync(int shard, IngestLot lot)
    {
        var rows = lot.Rows;
        var first = Interlocked.Add(ref _row, rows.Length) - rows.Length;
        await using var insert = _source.CreateCommand(
            "INSERT INTO image (bytes, at, shard, ordinal, width, height, frames, label, part, id, name, format, actor) SELECT b, now(), "
            + "$1, o, w, h, f, l, p, i, n, m, $2 FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12) AS k (b, o, w, h, f, "
            + "l, p, i, n, m)");
        insert.Parameters.AddWithValue(shard);
        insert.Parameters.AddWithValue(lot.Actor);
        Add(NpgsqlDbType.Bigint, rows.Select(r => r.Bytes).ToArray());
        Add(NpgsqlDbType.Integer, Enumerable.Range(first, rows.Length).ToArray());
        Add(NpgsqlDbType.Integer, rows.Select(r => r.Width).ToArray());
        Add(NpgsqlDbType.Integer, rows.Select(r => r.Height).ToArray());
        Add(NpgsqlDbType.Integer, rows.Select(r => r.Frames).ToArray());
        Add(NpgsqlDbType.Integer, rows.Select(r => r.Label).ToArray());
        Add(NpgsqlDbType.Smallint, rows.Select(r => (short)r.Partition).ToArray());
        Add(NpgsqlDbType.Bytea, rows.Select(Bytes).ToArray());
        Add(NpgsqlDbType.Text, rows.Select(r => r.Name).ToArray());
        Add(NpgsqlDbType.Text, rows.Select(r => r.Format).ToArray());
        await insert.ExecuteNonQueryAsync();

        void Add<T>(NpgsqlDbType type, T[] column) =>
            insert.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | type, Value = column });
    }

    private static byte[] Bytes(IngestRow row)
    {
        var id = new byte[ImageId.Size];
        row.Id.CopyTo(id);
        return id;
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
