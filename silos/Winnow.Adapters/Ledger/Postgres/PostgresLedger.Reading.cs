using System.Runtime.CompilerServices;
using Npgsql;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>How the ledger reads, and how it says whether it is well.</summary>
public sealed partial class PostgresLedger
{
    private const string IdOf = $"SELECT id FROM dataset WHERE name = $1 AND info::text <> '{StoredDatasets.NameHeld}'";

    string IStorageHealth.Name => "ledger";

    async Task<string?> IStorageHealth.CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            ThrowIfClosed();
            // No repetition: the question is how things are now. Only a write shows a full disk, or a standby that was taken for the
            // primary.
            await using var connection = await _database.OpenWriterAsync(cancellationToken).ConfigureAwait(false);
            await using var touch =
                new NpgsqlCommand("INSERT INTO health (id, at) VALUES (1, now()) ON CONFLICT (id) DO UPDATE SET at = excluded.at",
                    connection);
            await touch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (ObjectDisposedException)
        {
            return "The ledger is closed: this silo is stopping.";
        }
        catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException or System.Net.Sockets.SocketException)
        {
            return $"The ledger on {_database.Server} cannot be used: {PostgresFailures.Cause(problem)}.";
        }
    }

    private delegate Task<List<T>> Page<T>(NpgsqlConnection connection, ShardId shard, T? after, int max,
        CancellationToken cancellationToken) where T : struct;

    private async IAsyncEnumerable<T> PagesAsync<T>(ShardKey shard, Page<T> query,
        [EnumeratorCancellation] CancellationToken cancellationToken) where T : struct
    {
        T? after = null;
        while (true)
        {
            var last = after;
            var page = await ReadAsync(shard, [], (connection, id, token) => query(connection, id, last, PageRows, token),
                cancellationToken).ConfigureAwait(false);
            foreach (var row in page) yield return row;
            if (page.Count < PageRows) yield break;
            after = page[^1];
        }
    }

    /// <summary>Reads rows of a shard; <paramref name="none"/> when there is no such dataset.</summary>
    private Task<T> ReadAsync<T>(ShardKey shard, T none, Func<NpgsqlConnection, ShardId, CancellationToken, Task<T>> query,
        CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        return _database.ReadAsync(async (connection, token) =>
        {
            if (!_datasets.TryGetValue(shard.Dataset, out var dataset))
            {
                if (PgColumns.Free(shard.Dataset) != shard.Dataset) return none;
                await using var find = new NpgsqlCommand(IdOf, connection).Add(shard.Dataset);
                if (await find.ExecuteScalarAsync(token).ConfigureAwait(false) is not int id) return none;
                _datasets[shard.Dataset] = dataset = id;
            }
            return await query(connection, new ShardId(dataset, shard.Shard), token).ConfigureAwait(false);
        }, cancellationToken);
    }

    private void ThrowIfClosed() => ObjectDisposedException.ThrowIf(_disposed != 0, this);
}
