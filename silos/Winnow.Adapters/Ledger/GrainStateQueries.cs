using Winnow.Grains;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Ledger;

/// <summary>States of grains in SQLite.</summary>
internal static class GrainStateQueries
{
    private const string Select = "SELECT version, state FROM grain_state WHERE grain_type = ?1 AND grain_key = ?2 AND name = ?3";
    private const string Insert = "INSERT INTO grain_state VALUES (?1, ?2, ?3, 1, ?4) ON CONFLICT DO NOTHING";
    private const string All = "SELECT grain_type, grain_key, name, version FROM grain_state WHERE state IS NOT NULL";

    // '0' stands behind '/', so these are the keys that begin with the owner's name and '/'.
    private const string Own =
        "SELECT grain_key, version, state FROM grain_state WHERE grain_type = ?1 AND grain_key > ?2 || '/' AND grain_key < ?2 || '0' "
        + "AND name = ?1 AND state IS NOT NULL ORDER BY grain_key";

    /// <summary>The next version of a row, whatever the one that stands may be.</summary>
    public const string NextVersion = "CASE WHEN version BETWEEN 0 AND 1000000000000000000 THEN version + 1 ELSE 1 END";

    /// <summary>What <see cref="NextVersion"/> makes of a version; 1 where there is none yet.</summary>
    public static long NextOf(long? version) => version is >= 0 and <= StoredStates.MostWrites ? version.Value + 1 : 1;

    private const string InsertOrFill =
        "INSERT INTO grain_state VALUES (?1, ?2, ?3, 1, ?4) ON CONFLICT (grain_type, grain_key, name) "
        + $"DO UPDATE SET version = {NextVersion}, state = excluded.state WHERE grain_state.state IS NULL";
    private const string Update =
        $"UPDATE grain_state SET version = {NextVersion}, state = ?4 "
        + "WHERE grain_type = ?1 AND grain_key = ?2 AND name = ?3 AND version = ?5";

    public static StoredGrainState? Read(SqliteSession session, GrainStateKey key)
    {
        var query = Bind(session.Prepare(Select), key);
        if (!query.Step()) return null;
        var state = new StoredGrainState(query.Long(0), query.IsNull(1) ? null : query.Bytes(1).ToArray());
        query.Reset();
        return state;
    }

    public static List<(string GrainKey, StoredGrainState State)> ReadAll(SqliteSession session, string grainType, string owner)
    {
        var query = session.Prepare(Own).Bind(1, grainType).Bind(2, owner);
        var states = new List<(string, StoredGrainState)>();
        while (query.Step()) states.Add((query.Text(0), new StoredGrainState(query.Long(1), query.Bytes(2).ToArray())));
        return states;
    }

    public static List<(GrainStateKey Key, long Version)> List(SqliteSession session)
    {
        var query = session.Prepare(All);
        var states = new List<(GrainStateKey, long)>();
        while (query.Step()) states.Add((new GrainStateKey(query.Text(0), query.Text(1), query.Text(2)), query.Long(3)));
        return states;
    }

    public static Written<long?> Write(SqliteSession session, GrainStateKey key, long? expected, ReadOnlyMemory<byte>? state)
    {
        var write = Bind(session.Prepare(expected is null ? Insert : Update), key);
        // A state is never empty JSON: a null array that became memory on its way is a cleared state too.
        if (state is { IsEmpty: false } json) write.BindText(4, json.Span);
        else write.BindNull(4);
        if (expected is { } version) write.Bind(5, version);
        return write.Run() > 0 ? new(NextOf(expected), true) : new(null, false);
    }

    /// <summary>Stores the state of a grain that has none; false where it has one.</summary>
    public static bool Place(SqliteSession session, GrainStateKey key, ReadOnlySpan<byte> state) => Bind(session.Prepare(InsertOrFill), key)
        .BindText(4, state).Run() > 0;

    private static SqliteStatement Bind(SqliteStatement statement, GrainStateKey key) =>
        statement.Bind(1, key.GrainType).Bind(2, key.GrainKey).Bind(3, key.Name);
}
