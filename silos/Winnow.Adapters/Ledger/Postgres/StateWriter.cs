using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>One write of a grain's state.</summary>
internal readonly record struct StateWrite(GrainStateKey Key, long? Expected, ReadOnlyMemory<byte>? State)
{
    /// <summary>A state is never empty JSON: a null array that became memory on its way is a cleared state too.</summary>
    public byte[]? Json => State is { IsEmpty: false } json ? json.ToArray() : null;
}

/// <summary>Writes states of grains: one round trip per group.</summary>
/// <remarks>
/// A write names the version that it replaces, so it cannot be done twice. After an error that leaves the outcome open it is simply made
/// again; that it finds its own version and its own bytes in place then means that it was done. Another writer with the same bytes would be
/// told the same: what is stored is what either meant.
/// </remarks>
internal sealed class StateWriter(IWriterDatabase database, PostgresOptions options, ILogger logger)
    : GroupWriter<StateWrite, long?>(database, options, logger)
{
    private const string Insert =
        "INSERT INTO grain_state AS s (grain_type, grain_key, name, version, state) SELECT k.grain_type, k.grain_key, k.name, 1, k.state " +
        "FROM unnest($1, $2, $3, $4) AS k (grain_type, grain_key, name, state) ON CONFLICT DO NOTHING RETURNING s.grain_type, "
        + "s.grain_key, s.name, s.version";
    // Whatever the version that stands may be: see GrainStateQueries.
    private const string Next = "CASE WHEN s.version BETWEEN 0 AND 1000000000000000000 THEN s.version + 1 ELSE 1 END";
    private const string NextOfExpected = "CASE WHEN k.expected BETWEEN 0 AND 1000000000000000000 THEN k.expected + 1 ELSE 1 END";
    private const string Update =
        "UPDATE grain_state AS s SET version = " + Next + ", state = k.state " +
        "FROM unnest($1, $2, $3, $4, $5) AS k (grain_type, grain_key, name, state, expected) " +
        "WHERE s.grain_type = k.grain_type AND s.grain_key = k.grain_key AND s.name = k.name AND s.version = k.expected RETURNING "
        + "s.grain_type, s.grain_key, s.name, s.version";
    private const string Done =
        "SELECT s.grain_type, s.grain_key, s.name, s.version FROM grain_state AS s JOIN unnest($1, $2, $3, $4, $5) AS k (grain_type, "
        + "grain_key, name, state, expected) " +
        "ON s.grain_type = k.grain_type AND s.grain_key = k.grain_key AND s.name = k.name AND s.version = " + NextOfExpected +
        " AND s.state IS NOT DISTINCT FROM k.state";

    protected override Attempt Begin(IReadOnlyList<StateWrite> inputs, bool repeated) => new StateAttempt(inputs, repeated);

    private sealed class StateAttempt(IReadOnlyList<StateWrite> writes, bool repeated) : Attempt
    {
        private readonly long?[] _answers = new long?[writes.Count];

        public override IReadOnlyList<long?> Answers => _answers;

        public override async Task StoreAsync(NpgsqlConnection connection)
        {
            await using var batch = new NpgsqlBatch(connection);
            var turns = Turns();
            // Without BEGIN the statements of a batch are one transaction all the same, which ends with the batch.
            foreach (var turn in turns) batch.BatchCommands.Add(Statement(turn));
            if (repeated) batch.BatchCommands.Add(Statement(Done, [.. Enumerable.Range(0, writes.Count)]));
            await using var reader = await batch.ExecuteReaderAsync().ConfigureAwait(false);
            foreach (var turn in turns)
            {
                await ReadAnswersAsync(reader, turn).ConfigureAwait(false);
                await reader.NextResultAsync().ConfigureAwait(false);
            }
            if (repeated) await ReadAnswersAsync(reader, [.. Enumerable.Range(0, writes.Count)]).ConfigureAwait(false);
        }

        /// <summary>Versions fence every repetition.</summary>
        public override Task<GroupOutcome> ResolveAsync(Deadline deadline) => Task.FromResult(GroupOutcome.Repeatable);

        /// <summary>
        /// Statements of which none touches a state twice, in the order of the writes: first writes and later ones apart.
        /// </summary>
        private List<List<int>> Turns()
        {
            var turns = new List<List<int>>();
            var next = new Dictionary<GrainStateKey, int>();
            for (var i = 0; i < writes.Count; i++)
            {
                var turn = next.GetValueOrDefault(writes[i].Key);
                while (turn < turns.Count && writes[turns[turn][0]].Expected.HasValue != writes[i].Expected.HasValue) turn++;
                if (turn == turns.Count) turns.Add([]);
                turns[turn].Add(i);
                next[writes[i].Key] = turn + 1;
            }
            return turns;
        }

        private NpgsqlBatchCommand Statement(List<int> turn) => Statement(writes[turn[0]].Expected is null ? Insert : Update, turn);

        private NpgsqlBatchCommand Statement(string sql, List<int> turn)
        {
            var command = new NpgsqlBatchCommand(sql)
                .Add(NpgsqlDbType.Text, turn.ConvertAll(i => PgColumns.Key(writes[i].Key.GrainType)).ToArray())
                .Add(NpgsqlDbType.Text, turn.ConvertAll(i => PgColumns.Key(writes[i].Key.GrainKey)).ToArray())
                .Add(NpgsqlDbType.Text, turn.ConvertAll(i => PgColumns.Key(writes[i].Key.Name)).ToArray())
                .Add(NpgsqlDbType.Bytea, turn.ConvertAll(i => writes[i].Json).ToArray());
            return sql == Insert ? command : command.Add(NpgsqlDbType.Bigint, turn.ConvertAll(i => writes[i].Expected ?? 0).ToArray());
        }

        private async Task ReadAnswersAsync(NpgsqlDataReader reader, List<int> turn)
        {
            var places = turn.ToLookup(i => writes[i].Key);
            while (await reader.ReadAsync().ConfigureAwait(false))
            {
                var version = reader.GetInt64(3);
                foreach (var place in places[new GrainStateKey(reader.GetString(0), reader.GetString(1), reader.GetString(2))])
                    if (GrainStateQueries.NextOf(writes[place].Expected) == version) _answers[place] = version;
            }
        }
    }
}
