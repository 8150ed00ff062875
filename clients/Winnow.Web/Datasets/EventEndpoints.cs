using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Model.Security;
using Winnow.Web.Security;

namespace Winnow.Web.Datasets;

/// <summary>
/// Where a dataset stands, as server-sent events. A stream goes on for no longer than who listens may: their key, session and role are
/// looked at again and again, and it ends by itself when the server goes. Each event is the whole state, so nobody has to be told what they
/// missed.
/// </summary>
internal static class EventEndpoints
{
    private const string MediaType = "text/event-stream";
    private const string TooManyListen =
        "As many of your requests wait for tasks or listen as may at the same time (Api:Limits:Waiting). Close some.";

    private static readonly TimeSpan Still = TimeSpan.FromSeconds(10);

    /// <summary>Between two looks at whether somebody may still listen.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    /// <summary>What no look would find, such as a proxy that keeps what nobody reads, ends so.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/datasets/{dataset}/events", ListenAsync)
            .Requires(Permission.ReadDataset)
            .WithSummary("Where a dataset stands, now and whenever that changes, as server-sent events 'status' with the whole of it. A "
                + "comment comes every ten seconds in which nothing changed. With Last-Event-ID nothing is told until there is something "
                + "new. The stream ends after 15 minutes, when you may not listen any more, and when the server stops: listen again. Who "
                + "does not accept text/event-stream is told the state once.")
            .WithTags("datasets").Produces(StatusCodes.Status200OK, contentType: MediaType);

    private static async Task<IResult> ListenAsync(string dataset, IGrainFactory grains, StatusFeed feed, RequestLimiter limiter,
        IServerEnd end, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        await grains.DatasetAsync(dataset, ct);
        var place = limiter.AttemptWait(http);
        if (!place.IsAcquired) return Problems.Answer(TooManyListen, StatusCodes.Status429TooManyRequests);
        http.Response.RegisterForDispose(place);
        http.Response.Headers.CacheControl = "no-store";
        // Proxies that gather what they pass on would keep it back for as long as little comes.
        http.Response.Headers["X-Accel-Buffering"] = "no";
        return http.Stream(async body =>
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct, end.Leaving);
            limit.CancelAfter(Longest);
            try
            {
                await WriteAsync(body, dataset, feed, time, http, limit.Token);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                // It ends in order, and whoever wants more listens again.
            }
        }, MediaType);
    }

    private static async Task WriteAsync(
        Stream body, string dataset, StatusFeed feed, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        var known = http.Request.Headers["Last-Event-ID"].ToString();
        var goesOn = http.Request.Headers.Accept.ToString() is var accepts
            && (accepts.Contains(MediaType, StringComparison.OrdinalIgnoreCase) || accepts.Contains("*/*", StringComparison.Ordinal));
        var looked = time.GetTimestamp();
        await foreach (var status in feed.ListenAsync(dataset, Still, ct))
        {
            if (time.GetElapsedTime(looked) > Look)
            {
                if (!await MayStillAsync(http, time)) return;
                looked = time.GetTimestamp();
            }
            var text = status is null || status.Id == known ? ": nothing new\n\n"u8.ToArray() : EventOf(status);
            await body.WriteAsync(text, ct);
            await body.FlushAsync(ct);
            if (!goesOn && status is not null) return;
        }
    }

    private static async Task<bool> MayStillAsync(HttpContext http, TimeProvider time) =>
        !(CallerIdentity.Admitted(http).Caller.Session?.ExpiresAt <= time.GetUtcNow())
        && await CallerIdentity.StillMayAsync(http, Permission.ReadDataset);

    private static byte[] EventOf(StatusEvent status) =>
        [.. Encoding.ASCII.GetBytes($"id: {status.Id}\nevent: status\ndata: "), .. status.Json, .. "\n\n"u8];
}
