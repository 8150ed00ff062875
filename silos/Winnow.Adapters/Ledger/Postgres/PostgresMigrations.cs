using System.Globalization;
using Npgsql;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>
/// Brings a database to the layout of this program: numbered files, in order, each in a transaction of its own under one lock, so that
/// silos that start together apply each once.
/// </summary>
internal static class PostgresMigrations
{
    private const string Prefix = "postgres-migrations/";

    /// <summary>"WNNW": the number of the lock.</summary>
    private const long Lock = 0x574E4E57;
    private const int OldestServer = 130000;

    private static readonly string[] Names = FindNames();

    /// <summary>Number of the newest layout.</summary>
    public static int Newest => Names.Length;

    /// <summary>Applies what is missing.</summary>
    /// <exception cref="LedgerUnavailableException">The database is newer than this program, or cannot hold a ledger.</exception>
    public static async Task ApplyAsync(PostgresDatabase database, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenReaderAsync(cancellationToken).ConfigureAwait(false);
        var server = database.Server;
        await CheckServerAsync(connection, server, cancellationToken).ConfigureAwait(false);
        // Most starts find everything done, and wait for nobody.
        if (await FindTableAsync(connection, cancellationToken).ConfigureAwait(false)
            && await VersionAsync(connection, server, cancellationToken).ConfigureAwait(false) >= Newest) return;
        while (await ApplyNextAsync(connection, server, cancellationToken).ConfigureAwait(false)) { }
    }

    private static async Task<bool> ApplyNextAsync(NpgsqlConnection connection, string server, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        // Whoever waits here waits for a migration, however long it takes; its session, and with it the lock, ends with its process.
        await ExecuteAsync(connection, "SET LOCAL lock_timeout = 0", cancellationToken).ConfigureAwait(false);
        await ExecuteAsync(connection, FormattableString.Invariant($"SELECT pg_advisory_xact_lock({Lock})"), cancellationToken)
            .ConfigureAwait(false);
        await ExecuteAsync(connection,
            "CREATE TABLE IF NOT EXISTS winnow_layout (version integer PRIMARY KEY, file text NOT NULL, applied_at timestamptz NOT NULL "
            + "DEFAULT now())", cancellationToken).ConfigureAwait(false);
        var version = await VersionAsync(connection, server, cancellationToken).ConfigureAwait(false);
        if (version >= Newest) return false;
        var name = Names[version];
        try
        {
            await ExecuteAsync(connection, Read(name), cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException problem) when (!PostgresFailures.IsTransient(problem))
        {
            throw new LedgerUnavailableException(
                $"The ledger on {server} could not be brought to the layout of '{name[Prefix.Length..]}': {problem.SqlState}: "
                + $"{problem.MessageText}. Give Winnow a database of its own, whose owner it is; nothing was changed.", problem);
        }
        await using (var insert = new NpgsqlCommand("INSERT INTO winnow_layout (version, file) VALUES ($1, $2)", connection)
        {
            Parameters = { new NpgsqlParameter<int> { TypedValue = version + 1 },
                new NpgsqlParameter<string> { TypedValue = name[Prefix.Length..] } },
        })
        {
            await insert.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    private static async Task CheckServerAsync(NpgsqlConnection connection, string server, CancellationToken cancellationToken)
    {
        await using var command =
            new NpgsqlCommand("SELECT current_setting('server_version_num')::int, current_setting('server_encoding')", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        var (version, encoding) = (reader.GetInt32(0), reader.GetString(1));
        if (version < OldestServer)
            throw new LedgerUnavailableException(
                FormattableString.Invariant(
                    $"The server of {server} is PostgreSQL {version / 10000}; the ledger needs {OldestServer / 10000} or newer."));
        if (encoding != "UTF8")
            throw new LedgerUnavailableException($"The database {server} is encoded as {encoding}; create one with ENCODING 'UTF8'.");
    }

    private static async Task<bool> FindTableAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT to_regclass('winnow_layout') IS NOT NULL", connection);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    private static async Task<int> VersionAsync(NpgsqlConnection connection, string server, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT coalesce(max(version), 0) FROM winnow_layout", connection);
        var version = (int)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        if (version <= Newest) return version;
        // What a newer program has migrated is opened where it says that this one can live with it.
        await using var opens = new NpgsqlCommand("SELECT opens_from FROM cluster", connection);
        if (await opens.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is int from && from <= Newest) return version;
        throw new LedgerUnavailableException(string.Create(CultureInfo.InvariantCulture,
            $"The ledger on {server} has layout {version}; this program knows layouts up to {Newest}. Run the newer program that wrote "
            + $"it, or restore a backup from before the upgrade."));
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private static string[] FindNames()
    {
        var names = typeof(PostgresMigrations).Assembly.GetManifestResourceNames()
            .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();
        for (var i = 0; i < names.Length; i++)
            if (!names[i].StartsWith(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{i + 1:D4}-"), StringComparison.Ordinal))
                throw new InvalidOperationException(
                    $"The migrations are not numbered without a gap: '{names[i]}' stands at place {i + 1}.");
        return names;
    }

    private static string Read(string name)
    {
        using var reader = new StreamReader(typeof(PostgresMigrations).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
