namespace Winnow.Adapters.Ledger;

/// <summary>States of grains in SQLite.</summary>
internal static class GrainStateQueries
{
    private const string Select = "SELECT version, state FROM grain_state WHERE grain_type = ?1 AND grain_key = ?2 AND name = ?3";
    private const string Insert = "INSERT INTO grain_state VALUES (?1, ?2, ?3, 1, ?4) ON CONFLICT DO NOTHING";
    private const string InsertOrFill =
        "INSERT INTO grain_state VALUES (?1, ?2, ?3, 1, ?4) ON CONFLICT (grain_type, grain_key, name) "
        + "DO UPDATE SET version = version + 1, state = excluded.state WHERE grain_state.state IS NULL";
    private const string Update = "UPDATE grain_state SET version = version + 1, state = ?4 WHERE grain_type = ?1 AND grain_key = ?2 AND name = ?3 AND version = ?5";

    public static StoredGrainState? Read(SqliteSession session, GrainStateKey key)
    {
        var query = Bind(session.Prepare(Select), key);
        if (!query.Step()) return null;
        var state = new StoredGrainState(query.Long(0), query.IsNull(1) ? null : query.Bytes(1).ToArray());
        query.Reset();
        return state;
    }

    public static Written<long?> Write(SqliteSession session, GrainStateKey key, long? expected, ReadOnlyMemory<byte>? state)
    {
        var write = Bind(session.Prepare(expected is null ? Insert : Update), key);
        // A state is never empty JSON: a null array that became memory on its way is a cleared state too.
        if (state is { IsEmpty: false } json) write.BindText(4, json.Span);
        else write.BindNull(4);
        if (expected is { } version) write.Bind(5, version);
        return write.Run() > 0 ? new(expected is null ? 1 : expected.Value + 1, true) : new(null, false);
    }

    /// <summary>Stores the state of a grain that has none; false where it has one.</summary>
    public static bool Place(SqliteSession session, GrainStateKey key, ReadOnlySpan<byte> state) => Bind(session.Prepare(InsertOrFill), key)
        .BindText(4, state).Run() > 0;

    private static SqliteStatement Bind(SqliteStatement statement, GrainStateKey key) =>
        statement.Bind(1, key.GrainType).Bind(2, key.GrainKey).Bind(3, key.Name);
}
