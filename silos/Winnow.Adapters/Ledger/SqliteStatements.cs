using Microsoft.Data.Sqlite;

namespace Winnow.Adapters.Ledger;

/// <summary>Prepared statements of the writer's connection, by their text: each is parsed once.</summary>
internal sealed class SqliteStatements(SqliteConnection connection) : IDisposable
{
    private readonly Dictionary<string, SqliteCommand> _commands = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _datasets = new(StringComparer.Ordinal);

    /// <summary>Runs a statement with parameters $1, $2, …; returns the rows changed.</summary>
    public int Execute(string sql, params ReadOnlySpan<object?> values) => Bind(sql, values).ExecuteNonQuery();

    /// <summary>The first column of the first row; null when there is none.</summary>
    public object? Scalar(string sql, params ReadOnlySpan<object?> values) => Bind(sql, values).ExecuteScalar() is { } found and not DBNull ? found : null;

    /// <summary>Reads rows.</summary>
    public SqliteDataReader Read(string sql, params ReadOnlySpan<object?> values) => Bind(sql, values).ExecuteReader();

    /// <summary>The number of a dataset.</summary>
    /// <exception cref="InvalidOperationException">There is none of that name.</exception>
    public int Dataset(string name)
    {
        if (_datasets.TryGetValue(name, out var known)) return known;
        var found = Scalar("SELECT id FROM dataset WHERE name = $1", name) ?? throw new InvalidOperationException($"The ledger has no dataset '{name}'.");
        return _datasets[name] = (int)(long)found;
    }

    private SqliteCommand Bind(string sql, ReadOnlySpan<object?> values)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 0; i < values.Length; i++) command.Parameters.Add(new SqliteParameter { ParameterName = $"${i + 1}" });
            _commands[sql] = command;
        }
        for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return command;
    }

    public void Dispose()
    {
        foreach (var command in _commands.Values) command.Dispose();
    }
}
