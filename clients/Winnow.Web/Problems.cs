using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;

namespace Winnow.Web;

/// <summary>Turns what went wrong into problem details (RFC 9457): a sentence for the caller, the rest for the log.</summary>
internal sealed partial class Problems(ILogger<Problems> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && context.RequestAborted.IsCancellationRequested) return true;
        var (status, detail) = exception switch
        {
            RefusedException e => (StatusCodes.Status400BadRequest, e.Message),
            ForbiddenException e => (StatusCodes.Status403Forbidden, e.Message),
            NotFoundException e => (StatusCodes.Status404NotFound, e.Message),
            BadHttpRequestException e => (e.StatusCode, e.Message),
            InvalidDataException e => (StatusCodes.Status400BadRequest, e.Message),
            SetAsideException e => (StatusCodes.Status409Conflict, e.Message),
            BusyException e => (StatusCodes.Status503ServiceUnavailable, e.Message),
            TimeoutException or OrleansException or IOException or OperationCanceledException or UnavailableException => (StatusCodes.Status503ServiceUnavailable, "The cluster could not answer in time or is moving its parts. Nothing that was not acknowledged counts; repeat the request with the same Idempotency-Key."),
            _ => (StatusCodes.Status500InternalServerError, "The server failed on this request. Its log has the details."),
        };
        if (status == StatusCodes.Status503ServiceUnavailable) context.Response.Headers.RetryAfter = "1";
        if (status >= 500) Failed(logger, exception, context.Request.Method, context.Request.Path, status);
        if (context.Response.HasStarted) return false;
        await Results.Problem(detail, statusCode: status).ExecuteAsync(context);
        return true;
    }

    [LoggerMessage(100, LogLevel.Error, "{Method} {Path} failed with {Status}")]
    private static partial void Failed(ILogger logger, Exception exception, string method, string path, int status);
}

/// <summary>The caller is known and may not do this.</summary>
internal sealed class ForbiddenException(string message) : Exception(message);

/// <summary>What was asked for is not there.</summary>
internal sealed class NotFoundException(string message) : Exception(message);
