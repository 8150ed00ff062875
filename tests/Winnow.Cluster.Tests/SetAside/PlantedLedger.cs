using Microsoft.Data.Sqlite;
using Winnow.Testing;

namespace Winnow.Cluster.Tests.SetAside;

/// <summary>A ledger whose rows are written past the product, as a crash, a hand or a newer release may leave them.</summary>
internal abstract class PlantedLedger
{
    // Every table of rows of a dataset, with its columns but the dataset's own.
    private static readonly (string Table, string Columns)[] Tables =
    [
        ("shard", "shard, epoch, images"),
        ("image", "shard, ordinal, id, name, format, width, height, frames, bytes, partition, label, reason, received_at, received_by"),
        ("history", "shard, image, version, ordinal, operation, label, closes, stage, entry"),
        ("operation", "shard, operation, first, count"),
    ];

    /// <summary>Runs statements while no server has the ledger open.</summary>
    public abstract Task ExecuteAsync(string sql);

    /// <summary>The text of a grain's state, in SQL.</summary>
    public abstract string StateText { get; }

    /// <summary>What stores a text as a grain's state, in SQL.</summary>
    public abstract string ToState(string text);

    /// <summary>The text of a dataset's row, in SQL.</summary>
    public abstract string InfoText { get; }

    /// <summary>What stores a text as a dataset's row, in SQL.</summary>
    public abstract string ToInfo(string text);

    /// <summary>A literal of bytes.</summary>
    public abstract string Bytes(string hex);

    /// <summary>A moment in a far future, as the ledger writes it.</summary>
    public abstract string FarFuture { get; }

    /// <summary>A priority that is no number, where the ledger can hold one; else one that no float holds.</summary>
    public abstract string NoNumber { get; }

    /// <summary>Whether a dataset's row may hold what is no JSON.</summary>
    public abstract bool HoldsAnyText { get; }

    /// <summary>The number of a dataset, in SQL.</summary>
    public static string IdOf(string dataset) => $"(SELECT id FROM dataset WHERE name = '{dataset}')";

    /// <summary>Another dataset with the rows and the states of one.</summary>
    public async Task CopyAsync(string from, string to)
    {
        var info = ToInfo($"replace({InfoText}, '\"name\":\"{from}\"', '\"name\":\"{to}\"')");
        await ExecuteAsync($"INSERT INTO dataset (name, info) SELECT '{to}', {info} FROM dataset WHERE name = '{from}'");
        foreach (var (table, columns) in Tables)
            await ExecuteAsync(
                $"INSERT INTO {table} (dataset, {columns}) SELECT {IdOf(to)}, {columns} FROM {table} WHERE dataset = {IdOf(from)}");
        var state = ToState($"replace({StateText}, 'datasets/{from}/', 'datasets/{to}/')");
        await ExecuteAsync(
            $"INSERT INTO grain_state (grain_type, grain_key, name, version, state) "
            + $"SELECT grain_type, replace(grain_key, '{from}', '{to}'), name, version, "
            + $"{state} FROM grain_state WHERE grain_key = '{from}' OR grain_key LIKE '{from}/%'");
    }

    /// <summary>Writes a state, whether there is one or not.</summary>
    public async Task PutStateAsync(string type, string key, string text)
    {
        await ExecuteAsync($"DELETE FROM grain_state WHERE grain_type = '{type}' AND grain_key = '{key}'");
        await ExecuteAsync("INSERT INTO grain_state (grain_type, grain_key, name, version, state) "
            + $"VALUES ('{type}', '{key}', '{type}', 3, {ToState(text)})");
    }

    internal sealed class Sqlite(string folder) : PlantedLedger
    {
        public override string StateText => "state";
        public override string InfoText => "info";
        public override string FarFuture => "9200000000000000000";
        public override string NoNumber => "1e999";
        public override bool HoldsAnyText => true;

        public override string ToState(string text) => text;
        public override string ToInfo(string text) => text;
        public override string Bytes(string hex) => $"x'{hex}'";

        public override async Task ExecuteAsync(string sql)
        {
            await using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "ledger.db")};Pooling=False");
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync();
        }
    }

    internal sealed class Postgres(PostgresServer server, string connection) : PlantedLedger
    {
        public override string StateText => "convert_from(state, 'UTF8')";
        public override string InfoText => "info::text";
        public override string FarFuture => "'9000-01-01T00:00:00Z'";
        public override string NoNumber => "'NaN'";
        public override bool HoldsAnyText => false;

        public override string ToState(string text) => $"convert_to({text}, 'UTF8')";
        public override string ToInfo(string text) => $"({text})::json";
        public override string Bytes(string hex) => $"'\\x{hex}'";

        public override Task ExecuteAsync(string sql) => server.ExecuteAsync(sql, connection);
    }
}
