using Npgsql;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>What a writer asks of its database: connections, and how to go on after a failure.</summary>
internal interface IWriterDatabase
{
    /// <summary>Which server and database, for messages.</summary>
    string Server { get; }

    /// <summary>When a call that starts now stops trying.</summary>
    Deadline NewDeadline();

    /// <summary>A connection that may hold rows of shards.</summary>
    ValueTask<NpgsqlConnection> OpenWriterAsync(CancellationToken cancellationToken);

    /// <summary>After a failure: clears what stands in the way and waits a little; false when the time is up.</summary>
    /// <param name="problem">What failed; null: nothing did, but somebody's transaction does not end.</param>
    /// <param name="deadline">When it is up.</param>
    /// <param name="pause">How long to wait.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<bool> RecoverAsync(Exception? problem, Deadline deadline, TimeSpan pause, CancellationToken cancellationToken);
}
