using Microsoft.Extensions.Logging;
using Npgsql;
using Winnow.Abstractions.Health;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>The pools of connections to one database, and how a call goes on while the server is away.</summary>
internal sealed partial class PostgresDatabase : IWriterDatabase, IAsyncDisposable
{
    /// <summary>What callers are told is full.</summary>
    public const string Disk = "The disk of the ledger's server";

    /// <summary>By this name the server lists the connections that hold shards.</summary>
    private const string WriterName = "winnow-writer";

    /// <summary>
    /// Ends transactions of writers whose process has said nothing for a second: it hangs, or was cut off, and the server would keep its
    /// locks. The server undoes what they had not committed, so whoever comes back finds its epoch taken and nothing stored.
    /// </summary>
    private const string EndHanging =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user AND "
        + "application_name = '" + WriterName + "' " +
        "AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND state_change < clock_timestamp() - interval '1 second' " +
        "AND (state LIKE 'idle in transaction%' OR (state = 'active' AND wait_event_type = 'Client'))";

    // Plans are made for the tables as they are: one that was made while a table was empty would read the whole of it ever after.
    // An operator's default of synchronous_commit = off must not turn acknowledgements into hopes.
    private const string ReaderSettings = "-c plan_cache_mode=force_custom_plan -c synchronous_commit=on";
    private const string WriterSettings = ReaderSettings + " -c lock_timeout=1s -c idle_in_transaction_session_timeout=5s";

    private readonly NpgsqlDataSource _writers;
    private readonly NpgsqlDataSource _readers;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TimeSpan _retryFor;

    public PostgresDatabase(PostgresOptions options, TimeProvider time, ILogger logger)
    {
        var given = options.Parse();
        // A few more than the writers of commits: states, and the calls that open shards.
        _writers = Pool(given, options, WriterName, WriterSettings, options.Writers + 6);
        _readers = Pool(given, options, "winnow", ReaderSettings, options.Readers);
        Server = $"{given.Host}:{given.Port}/{given.Database}";
        (_time, _logger, _retryFor) = (time, logger, TimeSpan.FromSeconds(options.RetrySeconds));
    }

    /// <inheritdoc/>
    public string Server { get; }

    public TimeProvider Time => _time;

    /// <inheritdoc/>
    public Deadline NewDeadline() => new(_time, _retryFor);

    /// <inheritdoc/>
    public ValueTask<NpgsqlConnection> OpenWriterAsync(CancellationToken cancellationToken) =>
        _writers.OpenConnectionAsync(cancellationToken);

    public ValueTask<NpgsqlConnection> OpenReaderAsync(CancellationToken cancellationToken) =>
        _readers.OpenConnectionAsync(cancellationToken);

    /// <summary>Reads, again and again while the server is away.</summary>
    public Task<T> ReadAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> query, CancellationToken cancellationToken) =>
        RunAsync(_readers, (connection, _, token) => query(connection, token), cancellationToken);

    /// <summary>Makes one small change that may be made twice: the action is told when an earlier try may have been done.</summary>
    public Task<T> WriteAsync<T>(Func<NpgsqlConnection, bool, CancellationToken, Task<T>> change, CancellationToken cancellationToken) =>
        RunAsync(_writers, change, cancellationToken);

    private async Task<T> RunAsync<T>(NpgsqlDataSource pool, Func<NpgsqlConnection, bool, CancellationToken, Task<T>> action,
        CancellationToken cancellationToken)
    {
        var deadline = NewDeadline();
        var repeated = false;
        for (var pause = Pauses.First; ; pause = Pauses.After(pause))
        {
            try
            {
                await using var connection = await pool.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
                return await action(connection, repeated, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception problem) when (PostgresFailures.IsTransient(problem) && !cancellationToken.IsCancellationRequested)
            {
                if (!await RecoverAsync(problem, deadline, pause, cancellationToken).ConfigureAwait(false))
                    throw new LedgerUnavailableException(
                        $"The ledger on {Server} cannot be used: {PostgresFailures.Cause(problem)}. It goes on by itself when the server "
                        + $"is back; repeat the call.", problem);
                repeated |= !PostgresFailures.IsCertain(problem);
            }
            catch (PostgresException problem) when (PostgresFailures.IsFull(problem))
            {
                throw StorageFullException.Of(Disk, problem);
            }
        }
    }

    /// <inheritdoc/>
    public async Task<bool> RecoverAsync(Exception? problem, Deadline deadline, TimeSpan pause, CancellationToken cancellationToken)
    {
        if (deadline.Passed) return false;
        if (problem is null || PostgresFailures.IsLocked(problem)) await EndHangingAsync(cancellationToken).ConfigureAwait(false);
        else if (!PostgresFailures.IsCertain(problem)) Forget();
        await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Lets go of idle connections: those to a server that has gone would each have to fail once.</summary>
    private void Forget()
    {
        _writers.Clear();
        _readers.Clear();
    }

    private async Task EndHangingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await _readers.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            await using var command = new NpgsqlCommand(EndHanging, connection);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            var ended = 0;
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false)) ended++;
            if (ended > 0) LogEnded(ended);
        }
        catch (Exception problem) when (problem is NpgsqlException or IOException)
        {
            // The caller tries again, and meets whatever is wrong itself.
            LogNotEnded(problem);
        }
    }

    private static NpgsqlDataSource Pool(NpgsqlConnectionStringBuilder given, PostgresOptions options, string name, string settings,
        int size)
    {
        var own = new NpgsqlConnectionStringBuilder(given.ConnectionString)
        {
            ApplicationName = name,
            MaxPoolSize = size,
            MinPoolSize = 0,
            Timeout = Math.Min(given.Timeout, 5),
            CommandTimeout = options.CommandSeconds,
            CancellationTimeout = 2_000,
            MaxAutoPrepare = 64,
            AutoPrepareMinUsages = 2,
            // A connection that a firewall has dropped must not hang for hours.
            TcpKeepAlive = true,
            TcpKeepAliveTime = 10,
            TcpKeepAliveInterval = 5,
            // Details of errors hold rows.
            IncludeErrorDetail = false,
            PersistSecurityInfo = false,
            // No session changes its settings for longer than a transaction.
            NoResetOnClose = true,
            Options = string.IsNullOrEmpty(given.Options) ? settings : $"{given.Options} {settings}",
        };
        return new NpgsqlDataSourceBuilder(own.ConnectionString).Build();
    }

    public async ValueTask DisposeAsync()
    {
        await _writers.DisposeAsync().ConfigureAwait(false);
        await _readers.DisposeAsync().ConfigureAwait(false);
    }

    [LoggerMessage(1, LogLevel.Warning,
        "Ended {Count} transactions of silos that hang and held rows of the ledger; they find their shards taken when they come back.")]
    private partial void LogEnded(int count);

    [LoggerMessage(2, LogLevel.Warning, "Transactions that hold rows of the ledger could not be looked for.")]
    private partial void LogNotEnded(Exception problem);
}

/// <summary>A moment after which a call stops trying.</summary>
internal readonly struct Deadline(TimeProvider time, TimeSpan span)
{
    private readonly long _start = time.GetTimestamp();

    public bool Passed => time.GetElapsedTime(_start) >= span;
}
