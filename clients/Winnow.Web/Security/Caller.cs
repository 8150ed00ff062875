using System.Security.Claims;
using Winnow.Model.Security;

namespace Winnow.Web.Security;

/// <summary>Who sent a request, as far as authentication tells.</summary>
/// <param name="Principal">Who; null for everybody on a server without keys.</param>
/// <param name="Trust">Where the caller's rights come from.</param>
/// <param name="Key">The API key that was sent.</param>
/// <param name="TokenRoles">Roles that the identity provider's token carries.</param>
/// <param name="Session">The session of a browser that was sent in place of its key.</param>
internal sealed record Caller(Principal? Principal, CallerTrust Trust, ApiKeyInfo? Key = null,
    IReadOnlyList<HeldRole>? TokenRoles = null, SessionTicket? Session = null)
{
    /// <summary>Everybody, on a server that listens to its own machine and has no keys.</summary>
    public static Caller Local { get; } = new(null, CallerTrust.Local);

    /// <summary>Whoever holds the key of the configuration.</summary>
    public static Caller Operator { get; } = new(Principal.Operator, CallerTrust.Operator);
}

/// <summary>Where a caller's rights come from.</summary>
internal enum CallerTrust
{
    /// <summary>Roles, narrowed by the key's scope.</summary>
    Granted,

    /// <summary>The configuration: everything.</summary>
    Operator,

    /// <summary>The machine: everything, under whatever name is sent.</summary>
    Local,
}

/// <summary>A caller in the form that ASP.NET Core passes on.</summary>
internal sealed class CallerClaims(Caller caller) : ClaimsPrincipal(new ClaimsIdentity("winnow"))
{
    public Caller Caller => caller;
}
