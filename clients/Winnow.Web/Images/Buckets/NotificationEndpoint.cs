using System.Buffers;
using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images.Buckets;
using Winnow.Web.Security;

namespace Winnow.Web.Images.Buckets;

/// <summary>
/// Where buckets say what is new. They send no key: the path holds a secret of the source's instead, and what they say is a hint that makes
/// the source look. A wrong secret, an unknown source and an unknown dataset are answered alike.
/// </summary>
internal static partial class NotificationEndpoint
{
    /// <summary>Where the paths of notifications begin.</summary>
    public const string Path = "/api/v1/notifications";

    private const int MaxBytes = 1 << 20;

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/notifications/{token}", TakeAsync)
            .RequiresNothing("The path holds a secret of the source's, and what is sent makes it look and no more.")
            .LeavesNothing("A bucket tells what is new, and nobody acts; the images that come of it name their source.")
            .WithSummary("What is new in a bucket, as its server tells it. The path is the one that was told when the source was added.")
            .WithTags("sources").Produces(StatusCodes.Status204NoContent);

    private static async Task<IResult> TakeAsync(string token, HttpContext http, IGrainFactory grains, RequestLimiter limiter,
        ILoggerFactory loggers)
    {
        // The path is a secret, so no trace may hold it.
        Activity.Current?.SetTag("url.path", $"{Path}/…");
        var ct = http.RequestAborted;
        try
        {
            if (token.Split('.') is not [var dataset, var source, { Length: > 0 and <= 100 } secret]) throw NotHere();
            // A length that says too much is refused before anything is read.
            if (http.Request.ContentLength > MaxBytes) return TooLarge();
            await FindAsync(grains, dataset, ct);
            // The secret is asked first: nobody without it makes this server read and parse.
            var sources = grains.GetGrain<IBucketSourcesGrain>(dataset);
            if (!await sources.NotifyAsync(source, secret, [], ct)) throw NotHere();
            if (await ReadAsync(http.Request.Body, ct) is not { } body) return TooLarge();
            if (NotificationReader.Read(body) is not { } objects)
                return Problems.Answer("This is not a notification of a bucket as S3 servers send it.", StatusCodes.Status400BadRequest);
            if (objects.Length > 0) await sources.NotifyAsync(source, secret, objects, ct);
            return Results.NoContent();
        }
        catch (Exception e) when (e is NotFoundException or SetAsideException)
        {
            // Whoever tries secrets soon waits. A right one is never refused for others of the same address.
            if (limiter.Refused(http, shown: true) is not { } wait) throw NotHere();
            await RequestLimiter.RejectAsync(http, wait, "Too many notifications came from your address to no source.");
            return Results.Empty;
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or IOException)
        {
            // Handled here, because the common log writes the path. Whoever sends it repeats it, and the next listing finds what it named.
            NotTaken(loggers.CreateLogger(typeof(NotificationEndpoint)), e);
            return Problems.Answer("The cluster could not answer in time. Send it again.", StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static async Task FindAsync(IGrainFactory grains, string dataset, CancellationToken cancellationToken)
    {
        try
        {
            await grains.DatasetAsync(dataset, cancellationToken);
        }
        catch (NotFoundException)
        {
            throw NotHere();
        }
    }

    private static NotFoundException NotHere() => new("There is no source that is notified here.");

    private static IResult TooLarge() =>
        Problems.Answer($"A notification has at most {MaxBytes >> 20} MiB.", StatusCodes.Status413PayloadTooLarge);

    /// <summary>All of the body; null when it is too long.</summary>
    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        var kept = new ArrayBufferWriter<byte>(4096);
        while (true)
        {
            var read = await body.ReadAsync(kept.GetMemory(4096), cancellationToken);
            if (read == 0) return kept.WrittenMemory;
            kept.Advance(read);
            if (kept.WrittenCount > MaxBytes) return null;
        }
    }

    [LoggerMessage(110, LogLevel.Warning, "A notification could not be taken")]
    private static partial void NotTaken(ILogger logger, Exception exception);
}
