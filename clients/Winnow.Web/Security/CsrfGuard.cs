using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Winnow.Model.Security;

namespace Winnow.Web.Security;

/// <summary>
/// A browser sends a cookie whoever made it ask. So what changes something under a session also shows what only the studio's own page was
/// told. It stands behind the front door, which refuses pages of other sites already: either would do, and neither is relied on alone.
/// </summary>
internal static class CsrfGuard
{
    public static void UseCsrfGuard(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (context.User is not CallerClaims { Caller.Session: not null } || IsSafe(context.Request) || Shows(context.Request))
            return next(context);
        return Problems.Answer(
            $"Under a session, what changes something is sent with the header {SessionInfo.CsrfHeader}, as GET /api/v1/session tells it. "
            + "Nothing was done.", StatusCodes.Status403Forbidden).ExecuteAsync(context);
    });

    private static bool IsSafe(HttpRequest request) => HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);

    private static bool Shows(HttpRequest request) => CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(request.Headers[SessionInfo.CsrfHeader].ToString()),
        Encoding.UTF8.GetBytes(SessionTicket.CsrfOf(SessionCookie.Of(request)!)));
}
