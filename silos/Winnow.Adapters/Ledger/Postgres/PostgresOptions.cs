using Npgsql;
using Winnow.Grains.Ports;
using Winnow.Model.Security;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>Where the shared ledger stands, and how a silo groups its commits.</summary>
public sealed class PostgresOptions
{
    private const string Section = "Postgres";

    /// <summary>
    /// Npgsql connection string of a database of Winnow's own, such as <c>Host=db;Database=winnow;Username=winnow;SSL Mode=VerifyFull</c>.
    /// Several hosts may be named with <c>Target Session Attributes=primary</c>. Required, unless <see cref="ConnectionStringFile"/> is
    /// given.
    /// </summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>A file that holds the connection string, so that its password stands in no configuration. Default none.</summary>
    public string ConnectionStringFile { get; set; } = "";

    /// <summary>Most commits that go to the server in one transaction. 1 to 100,000. Default 1,000.</summary>
    public int MaxGroup { get; set; } = 1_000;

    /// <summary>Rows after which a transaction takes no further commit. 1 to 1,000,000. Default 20,000.</summary>
    public int MaxGroupRows { get; set; } = 20_000;

    /// <summary>Commits that may wait for one writer before callers wait to hand theirs over. 1 to 1,000,000. Default 4,096.</summary>
    public int QueueCapacity { get; set; } = 4_096;

    /// <summary>Connections that write commits at the same time, each for shards of its own. 1 to 64. Default 4.</summary>
    public int Writers { get; set; } = 4;

    /// <summary>Connections that read at the same time. 1 to 500. Default 16.</summary>
    public int Readers { get; set; } = 16;

    /// <summary>Seconds that the server may take for one command. 1 to 600. Default 10.</summary>
    public int CommandSeconds { get; set; } = 10;

    /// <summary>
    /// Seconds that a call goes on trying while the server is away, before its caller is told. 0 to 300. Default 5: less than a call
    /// between silos may take.
    /// </summary>
    public int RetrySeconds { get; set; } = 5;

    /// <summary>Seconds that the start waits for a server that is not there yet. 0 to 3,600. Default 60.</summary>
    public int ConnectSeconds { get; set; } = 60;

    /// <summary>The highest level of the cluster that this silo knows; the host's to set. At a higher one nothing is committed.</summary>
    public int NewestLevel { get; set; } = ClusterLevels.Newest;

    /// <summary>Checks all settings.</summary>
    /// <exception cref="ArgumentException">A setting is missing or out of range; the message names it and holds no secret.</exception>
    public void Validate()
    {
        Check(MaxGroup, 1, 100_000, nameof(MaxGroup));
        Check(MaxGroupRows, 1, 1_000_000, nameof(MaxGroupRows));
        Check(QueueCapacity, 1, 1_000_000, nameof(QueueCapacity));
        Check(Writers, 1, 64, nameof(Writers));
        Check(Readers, 1, 500, nameof(Readers));
        Check(CommandSeconds, 1, 600, nameof(CommandSeconds));
        Check(RetrySeconds, 0, 300, nameof(RetrySeconds));
        Check(ConnectSeconds, 0, 3_600, nameof(ConnectSeconds));
        Parse();
    }

    /// <summary>
    /// The connection string for Orleans' own providers (<c>UseAdoNetClustering</c>, <c>UseAdoNetReminderService</c>): the same database,
    /// with few connections and short limits, so that a server that hangs is noticed. Holds the password: hand it on, log it nowhere.
    /// </summary>
    /// <exception cref="ArgumentException">The connection string is missing or none.</exception>
    public string ForOrleans()
    {
        var builder = Parse();
        builder.ApplicationName = "winnow-orleans";
        builder.Timeout = 5;
        builder.CommandTimeout = 5;
        builder.MaxPoolSize = 8;
        return builder.ConnectionString;
    }

    /// <summary>Reads the connection string from where it stands.</summary>
    internal NpgsqlConnectionStringBuilder Parse()
    {
        var inline = !string.IsNullOrWhiteSpace(ConnectionString);
        if (inline == !string.IsNullOrWhiteSpace(ConnectionStringFile))
            throw new ArgumentException($"Give one of {Section}:{nameof(ConnectionString)} and {Section}:{nameof(ConnectionStringFile)}.");
        var setting = inline ? nameof(ConnectionString) : nameof(ConnectionStringFile);
        var text = inline ? ConnectionString : SecretFile.Read($"{Section}:{nameof(ConnectionStringFile)}", ConnectionStringFile);
        NpgsqlConnectionStringBuilder builder;
        try
        {
            builder = new NpgsqlConnectionStringBuilder(text);
        }
        catch (Exception problem)
            when (problem is ArgumentException or FormatException or InvalidCastException or OverflowException or KeyNotFoundException)
        {
            // The parser's own message may hold half a password, where one has a semicolon in it.
            throw new ArgumentException(
                $"{Section}:{setting} does not hold an Npgsql connection string: a keyword or value is not known. Quote values that "
                + $"contain ';' or '='.");
        }
        if (string.IsNullOrWhiteSpace(builder.Host)) throw new ArgumentException($"{Section}:{setting} names no Host.");
        if (string.IsNullOrWhiteSpace(builder.Database)) throw new ArgumentException($"{Section}:{setting} names no Database.");
        return builder;
    }

    private static void Check(int value, int least, int most, string name)
    {
        if (value < least || value > most)
            throw new ArgumentException(FormattableString.Invariant($"{Section}:{name} must be {least} to {most}, not {value}."));
    }
}
