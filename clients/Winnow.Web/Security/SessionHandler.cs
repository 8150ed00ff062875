using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Winnow.Web.Security;

/// <summary>
/// Knows callers by the session of a browser. Each request asks for the key that began it, as if that had been sent: a session ends with
/// its key, at once.
/// </summary>
internal sealed class SessionHandler(IOptionsMonitor<AuthenticationSchemeOptions> schemes, ILoggerFactory loggers, UrlEncoder encoder,
    ISessionSecret secret, KeyChecks keys, TimeProvider time)
    : AuthenticationHandler<AuthenticationSchemeOptions>(schemes, loggers, encoder)
{
    public const string SchemeName = "session";

    /// <summary>Whether a request comes under a session and shows no key or token, which would say more.</summary>
    public static bool IsSent(HttpContext context) =>
        context.Request.Headers.Authorization.Count == 0
        && (SessionCookie.Of(context.Request) is not null || SessionCookie.IsTwice(context.Request));

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (SessionCookie.IsTwice(Request))
            return Ended("session-twice", $"The request has two cookies '{SessionCookie.NameOf(Request)}', and one of them was put there "
                + "by another page. Remove the cookies of this site in your browser, and sign in again.");
        var cookie = SessionCookie.Of(Request)!;
        var ticket = SessionTicket.Open(cookie, await secret.GetAsync(Context.RequestAborted));
        if (ticket is null) return Ended("session", "There is no such session. Sign in again.");
        if (ticket.ExpiresAt <= time.GetUtcNow()) return Ended("session-expired", "Your session has ended. Sign in again.");
        var (caller, wrong) = await keys.CheckAsync(ticket.KeyId, ticket.Proof, Context.RequestAborted);
        return caller is null
            ? AuthenticateResult.Fail(wrong!)
            : AuthenticateResult.Success(
                new AuthenticationTicket(new CallerClaims(caller with { Session = ticket }), Scheme.Name));
    }

    private static AuthenticateResult Ended(string kind, string says) => AuthenticateResult.Fail(new CredentialException(kind, says));
}
