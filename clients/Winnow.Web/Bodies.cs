using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Winnow.Http;

namespace Winnow.Web;

/// <summary>
/// Bodies end, one way or the other. The web server itself asks for a least rate over all of a body, so one that brought a gigabyte may
/// stand still for weeks; here each piece must come, or be taken, within <see cref="ApiOptions.BodyTimeout"/>.
/// </summary>
internal static partial class Bodies
{
    /// <summary>Requests whose bodies stand still end with 408.</summary>
    public static void UseBodyTimeout(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<ApiOptions>();
        var time = app.Services.GetRequiredService<TimeProvider>();
        app.Use((context, next) =>
        {
            if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != false)
            {
                var patience = options.BodyTimeout;
                context.Request.Body = new PatientStream(
                    context.Request.Body, patience, time, (bytes, cause) => cause ?? TooLate(bytes, patience));
            }
            return next(context);
        });
    }

    /// <summary>An answer that is written as it is made, and given up when the caller takes nothing of it for too long.</summary>
    public static IResult Stream(this HttpContext http, Func<Stream, Task> write, string contentType, string? fileName = null) =>
        Results.Stream(async body =>
    {
        var patience = http.RequestServices.GetRequiredService<ApiOptions>().BodyTimeout;
        var stalled = false;
        var patient = new PatientStream(body, patience, http.RequestServices.GetRequiredService<TimeProvider>(), (bytes, cause) =>
        {
            stalled = cause is null;
            return cause ?? new TimeoutException(string.Create(CultureInfo.InvariantCulture,
                $"The caller took nothing for {patience}, after {bytes} bytes of {http.Request.Path}."));
        });
        try
        {
            await write(patient);
        }
        catch (Exception e) when (stalled)
        {
            GivenUp(http.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(Bodies)), e.Message);
            http.Abort();
        }
    }, contentType, fileName);

    [LoggerMessage(110, LogLevel.Warning, "{Reason} It was given up.")]
    private static partial void GivenUp(ILogger logger, string reason);

    private static NotTakenException TooLate(long bytes, TimeSpan patience) => new(StatusCodes.Status408RequestTimeout,
        string.Create(CultureInfo.InvariantCulture,
            $"Nothing of the request's body came for {patience.TotalSeconds:0.#} s, after {bytes} bytes. Send it again."));
}
