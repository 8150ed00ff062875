using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>Writes commits of shards: two round trips and one transaction per group.</summary>
/// <remarks>
/// Between its two halves a group holds the rows of its shards locked, so what the plan decided stays true until the commit. After an error
/// that leaves the outcome open (a connection that broke while the server committed), the server is asked what became of the transaction,
/// by its number; until it has answered nothing is repeated. That makes a repetition safe for commits with and without an operation id. The
/// number means something only on the same line of history: after a failover to a standby that may have missed the end, the outcome stays
/// open. After a crash it may be another's, so what counts as stored bears the group's mark besides.
/// </remarks>
internal sealed class CommitWriter(IWriterDatabase database, PostgresOptions options, ConcurrentDictionary<string, int> datasets,
    ILogger logger)
    : GroupWriter<ShardCommit, ShardCommitStatus>(database, options, logger)
{
    // The first eight digits of a log file's name are the timeline; it changes when a standby takes over.
    private const string Timeline =
        "SELECT CASE WHEN pg_is_in_recovery() THEN NULL ELSE left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) END";
    private const string Status = "SELECT pg_xact_status($1::text::xid8)";
    private const string Mark = "SELECT mark FROM shard WHERE dataset = $1 AND shard = $2";
    private const string Datasets = $"SELECT name, id FROM dataset WHERE name = ANY ($1) AND info::text <> '{StoredDatasets.NameHeld}'";

    private readonly int _newestLevel = options.NewestLevel;
    private (NpgsqlConnection? Of, string? Name) _timeline;

    protected override Attempt Begin(IReadOnlyList<ShardCommit> inputs, bool repeated) => new CommitAttempt(this, inputs);

    private static async Task<string?> TimelineAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Timeline, connection);
        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) as string;
    }

    private async Task<int?[]> FindDatasetsAsync(NpgsqlConnection connection, IReadOnlyList<ShardCommit> commits)
    {
        var unknown = commits.Select(c => c.Shard.Dataset).Where(d => !datasets.ContainsKey(d) && PgColumns.Free(d) == d).Distinct()
            .ToArray();
        if (unknown.Length > 0)
        {
            await using var command = new NpgsqlCommand(Datasets, connection).AddArray(NpgsqlDbType.Text, unknown);
            await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
            while (await reader.ReadAsync().ConfigureAwait(false)) datasets[reader.GetString(0)] = reader.GetInt32(1);
        }
        return [.. commits.Select(c => datasets.TryGetValue(c.Shard.Dataset, out var id) ? id : (int?)null)];
    }

    private sealed class CommitAttempt(CommitWriter writer, IReadOnlyList<ShardCommit> commits) : Attempt
    {
        private CommitPlan? _plan;
        private ulong _transaction;
        private string? _line;
        private bool _sent;

        public override IReadOnlyList<ShardCommitStatus> Answers => _plan!.Statuses;

        public override async Task StoreAsync(NpgsqlConnection connection)
        {
            if (writer._timeline.Of != connection)
                writer._timeline = (connection, await TimelineAsync(connection, CancellationToken.None).ConfigureAwait(false));
            _line = writer._timeline.Name;
            _plan = new CommitPlan(commits, await writer.FindDatasetsAsync(connection, commits).ConfigureAwait(false), writer._newestLevel);
            _transaction = await CommitFacts.ReadAsync(connection, _plan).ConfigureAwait(false);
            _plan.Decide();
            if (_plan.Changed.Count == 0)
            {
                await using var rollback = new NpgsqlCommand("ROLLBACK", connection);
                await rollback.ExecuteNonQueryAsync().ConfigureAwait(false);
                return;
            }
            await using var batch = CommitRows.Build(connection, _plan);
            _sent = true;
            await batch.ExecuteNonQueryAsync().ConfigureAwait(false);
            Abstractions.Telemetry.WinnowTelemetry.LedgerGroupSize.Record(_plan.Changed.Count);
        }

        public override async Task<GroupOutcome> ResolveAsync(Deadline deadline)
        {
            // The commit was not on its way yet: the server undoes the rest.
            if (!_sent) return GroupOutcome.NotStored;
            for (var pause = Pauses.First; ; pause = Pauses.After(pause))
            {
                try
                {
                    await using var connection = await writer.Database.OpenWriterAsync(CancellationToken.None).ConfigureAwait(false);
                    if (_line is null || await TimelineAsync(connection, CancellationToken.None).ConfigureAwait(false) != _line)
                        return GroupOutcome.Open;
                    switch (await StatusAsync(connection).ConfigureAwait(false))
                    {
                        case "committed":
                            // Or the number was given again after a crash, and it is another's transaction that was.
                            return await IsMarkedAsync(connection).ConfigureAwait(false) ? GroupOutcome.Stored : GroupOutcome.Open;
                        case "aborted": return GroupOutcome.NotStored;
                        case null: return GroupOutcome.Open;
                    }
                    // In progress: the server has not noticed yet that nobody is there, or its disk is slow.
                    if (!await writer.Database.RecoverAsync(null, deadline, pause, CancellationToken.None).ConfigureAwait(false))
                        return GroupOutcome.Open;
                }
                catch (PostgresException problem) when (problem.SqlState == PostgresErrorCodes.InvalidParameterValue)
                {
                    // A number that was not given yet: the server crashed, and has nothing of the transaction that once had it.
                    return GroupOutcome.NotStored;
                }
                catch (Exception problem) when (PostgresFailures.IsTransient(problem))
                {
                    if (!await writer.Database.RecoverAsync(problem, deadline, pause, CancellationToken.None).ConfigureAwait(false))
                        return GroupOutcome.Open;
                }
            }
        }

        private async Task<string?> StatusAsync(NpgsqlConnection connection)
        {
            await using var command = new NpgsqlCommand(Status, connection);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = _transaction.ToString(CultureInfo.InvariantCulture) });
            return await command.ExecuteScalarAsync().ConfigureAwait(false) as string;
        }

        /// <summary>Whether a shard that the group changes bears its mark. Another mark may have come since: then nobody can say.</summary>
        private async Task<bool> IsMarkedAsync(NpgsqlConnection connection)
        {
            var (dataset, shard) = _plan!.Changed.Keys.First();
            await using var command = new NpgsqlCommand(Mark, connection);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = dataset });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = shard });
            return await command.ExecuteScalarAsync().ConfigureAwait(false) is Guid mark && mark == _plan.Mark;
        }
    }
}
