using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Winnow.Web.Security;

/// <summary>
/// Knows callers by their key: the operator's, or one of the API keys. On a server without keys everybody is the machine.
/// </summary>
internal sealed class KeyHandler(IOptionsMonitor<AuthenticationSchemeOptions> schemes, ILoggerFactory loggers, UrlEncoder encoder,
    DoorKey door, KeyChecks keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(schemes, loggers, encoder)
{
    public const string SchemeName = "key";

    private const string Bearer = "Bearer ";

    /// <summary>What was sent as a bearer token; empty when nothing was.</summary>
    public static string SentBy(HttpContext context)
    {
        var sent = context.Request.Headers.Authorization.ToString();
        return sent.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? sent[Bearer.Length..].Trim() : "";
    }

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var sent = SentBy(Context);
        if (sent.StartsWith(KeyText.Prefix, StringComparison.Ordinal)) return await CheckAsync(sent);
        if (door.Keyless) return Known(Caller.Local);
        if (sent.Length == 0) return AuthenticateResult.NoResult();
        return door.Opens(sent) ? Known(Caller.Operator) : AuthenticateResult.Fail(new CredentialException("key", "The key is not known."));
    }

    private async Task<AuthenticateResult> CheckAsync(string sent)
    {
        if (!KeyText.TryRead(sent, out var id))
            return AuthenticateResult.Fail(
                new CredentialException("malformed", "The key is incomplete or mistyped: its checksum does not match."));
        var (caller, wrong) = await keys.CheckAsync(id, KeyText.ProofOf(sent), Context.RequestAborted);
        return caller is null ? AuthenticateResult.Fail(wrong!) : Known(caller);
    }

    private AuthenticateResult Known(Caller caller) =>
        AuthenticateResult.Success(new AuthenticationTicket(new CallerClaims(caller), Scheme.Name));
}

/// <summary>Why a key or token was not accepted, in words that its sender may read.</summary>
/// <param name="kind">One word, to count by.</param>
/// <param name="message">The sentence.</param>
internal sealed class CredentialException(string kind, string message) : Exception(message)
{
    public string Kind => kind;
}
