using Winnow.Web.Security;

namespace Winnow.Silo.Operator;

/// <summary>
/// The listener for machines that watch. What comes in on its port is answered here and goes no further: it has no key, so nothing of the
/// API is behind it, and whoever is not on this machine may look but not touch.
/// </summary>
internal static class OperatorListener
{
    public static void MapOperatorListener(this WebApplication app, int? port)
    {
        if (port is null) return;
        app.MapWhen(context => context.Connection.LocalPort == port, branch =>
        {
            branch.Use(async (context, next) =>
            {
                if (context.Request.Path.StartsWithSegments("/operator")
                    && !(OperatorEndpoints.IsLocal(context) && IsDirect(context.Request)))
                {
                    await Results.Problem(
                        "The operator's questions are answered on this machine alone: run the command within the silo's own container.",
                        statusCode: StatusCodes.Status403Forbidden).ExecuteAsync(context);
                    return;
                }
                await next(context);
            });
            branch.UseRouting();
            branch.UseEndpoints(endpoints =>
            {
                Web.WinnowApi.MapHealth(endpoints);
                OperatorEndpoints.Map(endpoints);
            });
        });
    }

    /// <summary>
    /// A page in a browser on this machine reaches loopback too, and so does whatever a proxy on it passes on. The one says where it is
    /// from, or calls this server by a name of its own; the other leaves its header.
    /// </summary>
    private static bool IsDirect(HttpRequest request) =>
        request.Headers.Origin.Count == 0 && !ApiSafety.IsOfAnotherSite(request) && ApiSafety.ProxyHeaderOf(request) is null
        && ApiSafety.IsLoopback($"http://{request.Host.Host}");
}
