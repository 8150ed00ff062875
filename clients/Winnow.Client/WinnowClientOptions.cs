using Winnow.Model.Security;

namespace Winnow.Client;

/// <summary>How to reach a Winnow server.</summary>
public sealed record WinnowClientOptions
{
    /// <summary>
    /// The server. A path behind its host is kept, for a server that stands below one, as behind a reverse proxy; a slash at the end
    /// changes nothing. What listens on this machine itself (localhost) is never asked through a proxy of the environment. Default
    /// <c>http://127.0.0.1:5080</c>.
    /// </summary>
    public Uri Address { get; init; } = new("http://127.0.0.1:5080");

    /// <summary>
    /// Further servers of the same cluster, at most 100: a request that one does not answer is repeated at the next. Default none; a load
    /// balancer makes them needless.
    /// </summary>
    public IReadOnlyList<Uri> FurtherAddresses { get; init; } = [];

    /// <summary>
    /// The API key, or a token of the server's identity provider: printable ASCII without blanks. Line ends and blanks around it are left
    /// out. Needed wherever the server does not listen on loopback alone. Default none.
    /// </summary>
    public string? Key { get; init; }

    /// <summary>
    /// In whose name to act, 1 to 100 printable characters of any script. History records it as it is on a server without keys; with a key
    /// that may act for others as <c>PRINCIPAL for ACTOR</c>; any other is refused with 403 where something is asked of a
    /// dataset or the cluster. Default none.
    /// </summary>
    public string? Actor { get; init; }

    /// <summary>
    /// Longest time for one attempt of one request. Exports, backups and what else is read or sent as it comes may take longer, but may not
    /// stand still for longer. 1 s to 1 h. Default 100 s.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>
    /// Longest time for the server to put a restored dataset in place once it has all of the backup. 1 s to 24 h. Default 1 h.
    /// </summary>
    public TimeSpan RestoreTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How often a request is repeated that met a lost connection, a timeout or a busy server. 0 to 100. Default 8.</summary>
    public int RetryAttempts { get; init; } = 8;

    /// <summary>First pause before a repetition; it doubles each time, with jitter, up to 30 s. Default 200 ms.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Told of each repetition before its pause, on whichever thread met the need for it. What it throws ends the request. Default none:
    /// nothing is told.
    /// </summary>
    public Action<RetryNotice>? OnRetry { get; init; }

    /// <summary>The clock. Default the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal string? Check()
    {
        if (ServerAddress.Check(Address) is { } address) return $"Address {address}";
        if (FurtherAddresses.Count > 100) return $"FurtherAddresses has at most 100 addresses, not {FurtherAddresses.Count}.";
        if (FurtherAddresses.Select(ServerAddress.Check).FirstOrDefault(w => w is not null) is { } further)
            return $"One of FurtherAddresses {further}";
        if (SecretText.Trim(Key) is { } key && SecretText.Check(nameof(Key), key) is { } wrong) return wrong;
        if (Actor is not null && !ActingName.IsValid(Actor)) return $"Actor {ActingName.Rule}.";
        if (Timeout < TimeSpan.FromSeconds(1) || Timeout > TimeSpan.FromHours(1)) return $"Timeout must be 1 s to 1 h, not {Timeout}.";
        if (RestoreTimeout < TimeSpan.FromSeconds(1) || RestoreTimeout > TimeSpan.FromHours(24))
            return $"RestoreTimeout must be 1 s to 24 h, not {RestoreTimeout}.";
        if (RetryAttempts is < 0 or > 100) return $"RetryAttempts must be 0 to 100, not {RetryAttempts}.";
        if (RetryDelay <= TimeSpan.Zero || RetryDelay > TimeSpan.FromSeconds(30))
            return $"RetryDelay must be above 0 and at most 30 s, not {RetryDelay}.";
        return null;
    }
}
