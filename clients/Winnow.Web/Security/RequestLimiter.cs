using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;

namespace Winnow.Web.Security;

/// <summary>
/// Budgets: of requests, of those that wait and of sessions, per principal; of wrong keys, and of requests without any, per address.
/// Failures alone count against an address: people who share one do not pay for each other. Each server counts for itself.
/// </summary>
internal sealed class RequestLimiter : IAsyncDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly PartitionedRateLimiter<string> _refusals;
    private readonly PartitionedRateLimiter<string> _anonymous;
    private readonly PartitionedRateLimiter<string> _waiting;
    private readonly PartitionedRateLimiter<string> _sessions;

    public RequestLimiter(RequestLimits limits)
    {
        _refusals = PerMinute(limits.RefusalsPerMinute);
        _anonymous = PerMinute(limits.AnonymousPerMinute);
        _sessions = PerMinute(limits.SessionsPerMinute);
        _waiting = PartitionedRateLimiter.Create<string, string>(principal =>
            RateLimitPartition.GetConcurrencyLimiter(principal,
            _ => new ConcurrencyLimiterOptions { PermitLimit = limits.Waiting, QueueLimit = 0 }));
        TokenBucketRateLimiterOptions Bucket() => new()
        {
            TokenLimit = limits.Burst,
            TokensPerPeriod = limits.PerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        };
        Requests = PartitionedRateLimiter.Create<HttpContext, string>(http => http.User is CallerClaims { Caller.Principal: { } principal }
            ? RateLimitPartition.GetTokenBucketLimiter(principal.ToString(), _ => Bucket())
            // Whoever is not known is refused right after, which has a budget of its own; on a server without keys everybody is the
            // machine.
            : RateLimitPartition.GetNoLimiter(""));
    }

    /// <summary>The budget of known principals.</summary>
    public PartitionedRateLimiter<HttpContext> Requests { get; }

    /// <summary>Lets a principal wait for tasks, or listen; the lease says whether it may, and is given back when it has waited.</summary>
    public RateLimitLease AttemptWait(HttpContext http) =>
        _waiting.AttemptAcquire(PrincipalOf(http));

    /// <summary>Lets a principal begin or end a session; how long it must wait when it did so too often, null when not.</summary>
    public TimeSpan? Session(HttpContext http)
    {
        using var lease = _sessions.AttemptAcquire(PrincipalOf(http));
        return lease.IsAcquired ? null : WaitOf(lease);
    }

    /// <summary>
    /// Counts a request that is not let in; how long its address must wait when it has sent too many of the kind, null when not.
    /// </summary>
    /// <param name="http">The request.</param>
    /// <param name="shown">Whether it showed a key or token, which was wrong.</param>
    public TimeSpan? Refused(HttpContext http, bool shown)
    {
        using var lease = (shown ? _refusals : _anonymous).AttemptAcquire(AddressOf(http));
        return lease.IsAcquired ? null : WaitOf(lease);
    }

    public static TimeSpan WaitOf(RateLimitLease lease) =>
        lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(1);

    /// <summary>429 with the seconds to wait.</summary>
    public static Task RejectAsync(HttpContext http, TimeSpan wait, string detail) => Rejection(http, wait, detail).ExecuteAsync(http);

    /// <summary>The same as what a handler answers.</summary>
    public static IResult Rejection(HttpContext http, TimeSpan wait, string detail)
    {
        http.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return Problems.Answer(detail, StatusCodes.Status429TooManyRequests);
    }

    public async ValueTask DisposeAsync()
    {
        await _refusals.DisposeAsync();
        await _anonymous.DisposeAsync();
        await _waiting.DisposeAsync();
        await _sessions.DisposeAsync();
        await Requests.DisposeAsync();
    }

    private static PartitionedRateLimiter<string> PerMinute(int permits) => PartitionedRateLimiter.Create<string, string>(address =>
        RateLimitPartition.GetFixedWindowLimiter(address,
        _ => new FixedWindowRateLimiterOptions { PermitLimit = permits, Window = Minute, QueueLimit = 0 }));

    private static string PrincipalOf(HttpContext http) => (http.User as CallerClaims)?.Caller.Principal?.ToString() ?? "";

    private static string AddressOf(HttpContext http)
    {
        if (http.Connection.RemoteIpAddress is not { } address) return "unknown";
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address.ToString();
        // One customer holds 2⁶⁴ addresses: the network counts.
        var network = address.GetAddressBytes();
        network.AsSpan(8).Clear();
        return new IPAddress(network).ToString();
    }
}
