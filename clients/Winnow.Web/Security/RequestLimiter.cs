using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;

namespace Winnow.Web.Security;

/// <summary>
/// Two budgets: of requests, per principal; and of refusals, per address, so that whoever tries keys soon waits. Each server counts for itself.
/// </summary>
internal sealed class RequestLimiter : IAsyncDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly PartitionedRateLimiter<string> _refusals;

    public RequestLimiter(RequestLimits limits)
    {
        _refusals = PartitionedRateLimiter.Create<string, string>(address => RateLimitPartition.GetFixedWindowLimiter(address, _ => new FixedWindowRateLimiterOptions { PermitLimit = limits.RefusalsPerMinute, Window = Minute, QueueLimit = 0 }));
        Requests = PartitionedRateLimiter.Create<HttpContext, string>(http => http.User is CallerClaims { Caller.Principal: { } principal }
            ? RateLimitPartition.GetTokenBucketLimiter(principal.ToString(), _ => new TokenBucketRateLimiterOptions { TokenLimit = limits.Burst, TokensPerPeriod = limits.PerSecond, ReplenishmentPeriod = TimeSpan.FromSeconds(1), QueueLimit = 0 })
            // Whoever is not known is refused right after, which has a budget of its own; on a server without keys everybody is the machine.
            : RateLimitPartition.GetNoLimiter(""));
    }

    /// <summary>The budget of known principals.</summary>
    public PartitionedRateLimiter<HttpContext> Requests { get; }

    /// <summary>How long an address that was refused too often must wait; null when it may go on.</summary>
    public TimeSpan? WaitOf(HttpContext http)
    {
        using var lease = _refusals.AttemptAcquire(AddressOf(http), 0);
        return lease.IsAcquired ? null : WaitOf(lease);
    }

    /// <summary>Counts a refusal.</summary>
    public void Refused(HttpContext http) => _refusals.AttemptAcquire(AddressOf(http)).Dispose();

    public static TimeSpan WaitOf(RateLimitLease lease) => lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(1);

    /// <summary>429 with the seconds to wait.</summary>
    public static Task RejectAsync(HttpContext http, TimeSpan wait, string detail)
    {
        http.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return Results.Problem(detail, statusCode: StatusCodes.Status429TooManyRequests).ExecuteAsync(http);
    }

    public async ValueTask DisposeAsync()
    {
        await _refusals.DisposeAsync();
        await Requests.DisposeAsync();
    }

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
