using System.Net.Sockets;
using Npgsql;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>What an error of the server or of the way to it means.</summary>
internal static class PostgresFailures
{
    /// <summary>
    /// Whether the server itself said that the statement failed, and goes on: the transaction is undone for certain. After an error that
    /// ends the session, or none at all, the last statement may have been done.
    /// </summary>
    public static bool IsCertain(Exception problem) => problem is PostgresException { InvariantSeverity: "ERROR" };

    /// <summary>Whether the same call may succeed a little later.</summary>
    public static bool IsTransient(Exception problem) => problem switch
    {
        _ when IsFull(problem) => false,
        PostgresException server => server.IsTransient || server.SqlState is
            PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow
            or PostgresErrorCodes.QueryCanceled or
            PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.ReadOnlySqlTransaction or "25P03" or "57P05",
        // Everything else that the driver says is about the connection.
        NpgsqlException or IOException or SocketException or TimeoutException => true,
        _ => false,
    };

    /// <summary>Whether the rows are at fault, not the server: no repetition helps, and the commits beside it must not suffer.</summary>
    public static bool IsOfTheRows(Exception problem) => problem switch
    {
        PostgresException { SqlState: { Length: 5 } state } => state.StartsWith("22", StringComparison.Ordinal)
            || state.StartsWith("23", StringComparison.Ordinal) || state.StartsWith("54", StringComparison.Ordinal),
        NpgsqlException or IOException or SocketException or TimeoutException or OperationCanceledException or ObjectDisposedException =>
            false,
        _ => true,
    };

    /// <summary>Whether the server has no room: only a person can make some.</summary>
    public static bool IsFull(Exception problem) => problem is PostgresException { SqlState: PostgresErrorCodes.DiskFull };

    /// <summary>Whether a lock was not given in time: somebody holds a shard.</summary>
    public static bool IsLocked(Exception problem) => problem is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable };

    /// <summary>What is wrong and what to do, in words that hold neither rows nor secrets.</summary>
    public static string Cause(Exception problem) => problem switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => "the server's disk is full; free some space",
        PostgresException { SqlState: PostgresErrorCodes.TooManyConnections } =>
            "the server takes no further connection; raise its max_connections, or lower Writers and Readers",
        PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction } =>
            "the server is a standby that only reads; name the primary, or several hosts with Target Session Attributes=primary",
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } =>
            "the server refuses the user or the password; look at the connection string",
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } =>
            "the server has no such database; create it, with ENCODING 'UTF8'",
        PostgresException
        {
            SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
            or PostgresErrorCodes.CannotConnectNow
        } => "the server is stopping or starting",
        PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable } => "another silo holds the rows",
        PostgresException server => $"the server says {server.SqlState}: {server.MessageText}",
        NpgsqlException { InnerException: TimeoutException } or TimeoutException => "the server did not answer in time",
        NpgsqlException { InnerException: SocketException or IOException } => "the server cannot be reached",
        _ => problem.Message,
    };
}
