using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Security;
using Winnow.Model.Names;
using Winnow.Web.Requests;

namespace Winnow.Web;

/// <summary>Turns what went wrong into problem details (RFC 9457): a sentence for the caller, the rest for the log.</summary>
internal sealed partial class Problems(ILogger<Problems> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        // Nobody is there any more to be told, and nothing is wrong here.
        if (exception is OperationCanceledException && context.RequestAborted.IsCancellationRequested) return true;
        if (exception is ConnectionResetException or ConnectionAbortedException) return true;
        var full = StorageFullException.Beneath(exception);
        var aside = SetAsideException.Beneath(exception);
        var (status, detail) = exception switch
        {
            _ when full is not null => (StatusCodes.Status507InsufficientStorage, full.Message),
            _ when aside is not null => (StatusCodes.Status409Conflict, aside.Message),
            RefusedException { Code: not null } e => (StatusCodes.Status409Conflict, e.Message),
            RefusedException e => (StatusCodes.Status400BadRequest, e.Message),
            ForbiddenException e => (StatusCodes.Status403Forbidden, e.Message),
            NotFoundException e => (StatusCodes.Status404NotFound, e.Message),
            LostException e => (StatusCodes.Status410Gone, e.Message),
            NotTakenException e => (e.Status, e.Message),
            BadHttpRequestException e => (e.StatusCode, BadRequests.Describe(context, e.StatusCode)),
            InvalidDataException e => (StatusCodes.Status400BadRequest, e.Message),
            BusyException e => (StatusCodes.Status503ServiceUnavailable, e.Message),
            TimeoutException or OrleansException or IOException or OperationCanceledException or UnavailableException =>
                (StatusCodes.Status503ServiceUnavailable,
                    "The cluster could not answer in time or is moving its parts. Nothing that was not acknowledged counts; repeat the "
                    + "request with the same Idempotency-Key."),
            _ => (StatusCodes.Status500InternalServerError, "The server failed on this request. Its log has the details."),
        };
        if (status == StatusCodes.Status503ServiceUnavailable) context.Response.Headers.RetryAfter = "1";
        if (full is not null) Full(logger, context.Request.Method, context.Request.Path, (full.InnerException ?? full).Message);
        else if (status >= 500) Failed(logger, exception, context.Request.Method, context.Request.Path, status);
        if (context.Response.HasStarted) return false;
        Dictionary<string, object?>? more = exception is RefusedException { Code: { } code } ? new() { ["code"] = code } : null;
        await Answer(detail, status, more).ExecuteAsync(context);
        return true;
    }

    /// <summary>Gives an answer that is a bare status its sentence.</summary>
    public static Task SayAsync(HttpContext context) =>
        Answer(BadRequests.Describe(context, context.Response.StatusCode), context.Response.StatusCode).ExecuteAsync(context);

    /// <summary>
    /// A problem document, the only way in which one is answered: its sentence may quote whoever asked, and servers that were asked.
    /// </summary>
    public static IResult Answer(string detail, int status, IDictionary<string, object?>? more = null) =>
        Results.Problem(ShownText.Told(detail), statusCode: status, extensions: more);

    [LoggerMessage(100, LogLevel.Error, "{Method} {Path} failed with {Status}")]
    private static partial void Failed(ILogger logger, Exception exception, string method, string path, int status);

    [LoggerMessage(101, LogLevel.Error, "{Method} {Path} failed with 507, for want of space: {Reason}")]
    private static partial void Full(ILogger logger, string method, string path, string reason);
}

/// <summary>What was asked for is not there.</summary>
internal sealed class NotFoundException(string message) : Exception(message);

/// <summary>What was asked for is known, and the store has lost it: nobody is helped by asking again.</summary>
internal sealed class LostException(string message) : Exception(message);

/// <summary>The request itself is at fault: its form, its size or its encoding.</summary>
internal sealed class NotTakenException(int status, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The HTTP status that says so.</summary>
    public int Status => status;
}
